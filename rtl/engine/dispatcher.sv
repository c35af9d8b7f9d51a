// SPDX-License-Identifier: Apache-2.0
// Dispatcher: reads the program from weight memory and hands its instructions out through four queues.
//
// Mathematics: instructions are taken in order from weight word 0 on; 4 * Lanes / 32 stand in a word.
//   LAYER is kept and goes with every MULTIPLY that follows. TABLE, MULTIPLY, load (LOAD_WEIGHTS,
//   LOAD_INPUT) and STORE instructions wait in a queue each. A TABLE is loaded ahead of the MULTIPLYs in
//   front of it, into a bank that none of them uses (table_banks), but not before the frames that they wait
//   for. END begins the program again for the next input; after the last one it waits until nothing is
//   under way.
//   Inputs of a start: what the program says of one input (waits, addresses) becomes what the units
//   need here, by adding what the inputs before it have counted (contract.toml, "Several inputs of one
//   start"). Loads that are not for this input are dropped here. An address that 28 bits do not hold is an
//   error: it would come back at the start of the buffer.
// Timing: one instruction a cycle out of a word, two cycles to get the next word; a full queue stalls.
//   LOAD_INPUT and STORE take a cycle more, for the product of their sizes.
// Contract: run_i only when idle (assertion RunWhenIdle). done_o is a pulse; error_o stands from an
//   unknown opcode, a mode, turn or number system that this core does not have, or an address too large, to
//   the next run_i or clear_i, and then there is no done_o.
// Test: tests/rtl/engine (each instruction, unknown opcodes and values, full queues).
`include "assert.svh"

module dispatcher
  import keyway_contract_pkg::*;
  import keyway_pkg::*;
#(
    parameter int unsigned Lanes = 16,
    parameter array_kind_e ArrayKind = ArrayKindMultiplier
) (
    input logic clk_i,
    input logic rst_ni,
    input logic clear_i,
    input logic run_i,
    input counter_t inputs_i,  // of this run, with run_i; 0 counts as 1
    input transfer_unit_t input_stride_i,  // in 16 bytes, stable while it runs
    input transfer_unit_t output_stride_i,
    output logic running_o,
    output logic done_o,
    output logic error_o,
    // Weight memory
    output logic fetch_request_o,
    output weight_address_t fetch_address_o,
    input logic fetch_grant_i,
    input logic [32*Lanes-1:0] fetch_data_i,
    // Decode tables: heads of their queue; a bank has been read; a bank is complete
    output logic table_valid_o,
    input logic table_ready_i,
    output table_item_t table_item_o,
    input table_events_t table_events_i,
    output logic [TableBanks-1:0] table_loading_o,
    // Heads of the other queues
    output logic array_valid_o,
    input logic array_ready_i,
    output array_item_t array_item_o,
    output logic load_valid_o,
    input logic load_ready_i,
    output transfer_item_t load_item_o,
    output logic store_valid_o,
    input logic store_ready_i,
    output transfer_item_t store_item_o,
    // Everything handed over is finished
    input logic all_idle_i
);

  localparam int unsigned WordInstructions = 4 * Lanes / InstructionBytes;
  localparam int unsigned CountBits = $clog2(WordInstructions + 1);

  // A request for the memory is one bit of the state: the others there wait for what it says.
  typedef enum logic [2:0] {
    StIdle = 3'b000,
    StFetch = 3'b100,
    StTake = 3'b001,
    StDispatch = 3'b010,
    StDrain = 3'b011  // then done, or the next input
  } state_e;

  state_e state_q;
  weight_address_t address_q;
  logic [32*Lanes-1:0] word_q;
  logic [CountBits-1:0] left_q;
  logic stood_q;  // the instruction has stood in word_q for a cycle, so area_q is its
  logic [23:0] area_q;
  layer_t layer_q;
  logic error_q;

  logic [3:0] opcode;
  logic dispatch, accepted, known, is_end, drop, drained;

  logic [255:0] instruction;
  array_item_t array_item;
  transfer_item_t load_item, store_item;
  table_item_t table_item;
  logic array_push, array_room, load_push, load_room, store_push, store_room;
  logic table_push, table_room, table_free, table_taken;

  assign instruction = word_q[255:0];
  assign opcode = word_q[3:0];
  assign dispatch = state_q == StDispatch;

  assign drained = all_idle_i && table_loading_o == '0;

  assign array_push = dispatch && opcode == OpMultiply;
  assign table_push = dispatch && opcode == OpTable && table_free;
  assign table_taken = table_push && table_room;
  assign load_push = dispatch && known && !drop &&
                     (opcode == OpLoadWeights || (opcode == OpLoadInput && stood_q));
  assign store_push = dispatch && known && opcode == OpStore && stood_q;

  // ------------------------------------------------------------------ inputs
  logic next_input;
  counter_t inputs_left_q;  // after this one
  logic last_input_q;  // none
  logic first_input_q;
  counter_t products_q, products_before_q;  // of all inputs before this one, before the one before
  counter_t rows_q;
  counter_t stores_q, stores_before_q, stores_pushed_q;
  // Bit 28 says that an address is too large, and stays.
  logic [28:0] source_q, next_source_q, destination_q;
  end_t end_fields;

  assign end_fields = instruction;
  assign next_input = !last_input_q && (state_q == StDrain ? drained
                                              : dispatch && is_end && end_fields.overlap);

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i || run_i) begin
      inputs_left_q     <= (run_i && inputs_i != '0) ? inputs_i - 16'd1 : '0;
      last_input_q      <= !run_i || inputs_i <= 16'd1;
      first_input_q     <= 1'b1;
      products_q        <= '0;
      products_before_q <= '0;
      rows_q            <= '0;
      stores_q          <= '0;
      stores_before_q   <= '0;
      stores_pushed_q   <= '0;
      source_q          <= '0;
      next_source_q     <= {1'b0, input_stride_i};
      destination_q     <= '0;
    end else begin
      if (store_push && store_room) stores_pushed_q <= stores_pushed_q + 16'd1;
      if (next_input) begin
        inputs_left_q     <= inputs_left_q - 16'd1;
        last_input_q      <= inputs_left_q == 16'd1;
        first_input_q     <= 1'b0;
        products_q        <= products_q + 16'(end_fields.products);
        products_before_q <= products_q;
        rows_q            <= rows_q + 16'(end_fields.rows);
        stores_q          <= stores_pushed_q;
        stores_before_q   <= stores_q;
        source_q          <= next_source_q;
        next_source_q     <= further(next_source_q, input_stride_i);
        destination_q     <= further(destination_q, output_stride_i);
      end
    end
  end

  function automatic logic [28:0] further(logic [28:0] address, transfer_unit_t by);
    logic [28:0] sum;
    sum = {1'b0, address[27:0]} + {1'b0, by};
    return {address[28] || sum[28], sum[27:0]};
  endfunction

  // A wait of 0 is one for what is long past.
  function automatic counter_t from_here(counter_t wanted);
    return wanted == '0 ? products_before_q : products_q + wanted;
  endfunction

  layer_t layer;
  multiply_t multiply;
  table_t load_table;
  load_weights_t load_weights;
  load_input_t load_input, moved_input;
  store_t store, moved_store;

  assign layer = instruction;
  assign multiply = instruction;
  assign load_table = instruction;
  assign load_weights = instruction;
  assign load_input = instruction;
  assign store = instruction;

  logic input_too_far, store_too_far;

  always_comb begin
    moved_input = load_input;
    {input_too_far, moved_input.source} =
        further(load_input.turn == TurnNext ? next_source_q : source_q, load_input.source);
    moved_store = store;
    {store_too_far, moved_store.destination} = further(destination_q, store.destination);
    drop = 1'b0;
    if (opcode == OpLoadWeights) drop = load_weights.resident && !first_input_q;
    if (opcode == OpLoadInput) begin
      drop = (load_input.turn == TurnFirst && !first_input_q) ||
             (load_input.turn == TurnNext && last_input_q) || load_input.turn > TurnNext;
    end
  end

  // ------------------------------------------------------------------ decode tables
  table_bank_t table_bank, multiply_bank;
  counter_t frames_q;  // the most that a MULTIPLY has waited for

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i || run_i) frames_q <= '0;
    else if (array_push && multiply.wait_frames > frames_q) frames_q <= multiply.wait_frames;
  end

  table_banks u_table_banks (
      .clk_i,
      .rst_ni,
      .clear_i,
      .table_slot_i(load_table.slot),
      .table_bank_o(table_bank),
      .table_free_o(table_free),
      .table_taken_i(table_taken),
      .reader_slot_i(layer_q.table_slot),
      .reader_bank_o(multiply_bank),
      .reader_taken_i(array_push && array_room && has_table(
          layer_q.number_system
      ) && !needs_no_weights(
          layer_q.ones, layer_q.mode
      )),
      .read_valid_i(table_events_i.read_valid),
      .read_bank_i(table_events_i.read_bank),
      .loaded_valid_i(table_events_i.loaded_valid),
      .loaded_bank_i(table_events_i.loaded_bank),
      .loading_o(table_loading_o)
  );

  assign table_item = '{
          bank: table_push ? table_bank : '0,  // zeros for the queue's clearing
          is_short: load_table.short_table,
          address: load_table.table_address,
          wait_frames: frames_q
      };

  // ------------------------------------------------------------------ entries of the queues
  assign array_item = '{
          waits: '{
              rows: rows_q + 16'(multiply.wait_rows),
              products: from_here(multiply.wait_products),
              stores: multiply.wait_stores ? stores_q : stores_before_q
          },
          layer: layer_q,
          table_bank: multiply_bank,
          multiply: multiply
      };
  assign load_item = '{
          wait_products:
          from_here
          (
              opcode == OpLoadWeights ? load_weights.wait_products : load_input.wait_products
          ),
          area: area_q,
          instruction: opcode == OpLoadInput ? moved_input : instruction
      };
  assign store_item = '{
          wait_products: from_here(store.wait_products),
          area: area_q,
          instruction: moved_store
      };

  // ------------------------------------------------------------------ instructions
  always_ff @(posedge clk_i) begin
    stood_q <= dispatch && !accepted;
    area_q  <= 24'(opcode == OpStore ? store.rows : load_input.rows) *
               24'(opcode == OpStore ? store.blocks : load_input.blocks);
  end

  always_comb begin
    known    = 1'b1;
    is_end   = 1'b0;
    accepted = 1'b0;
    case (opcode)
      OpLayer: begin
        accepted = 1'b1;
        known = layer.mode <= ModeMaximum && (needs_no_weights(layer.ones, layer.mode) ||
                                              runs_number_system(ArrayKind, layer.number_system));
      end
      OpMultiply: accepted = array_room;
      OpTable: accepted = table_room && table_free;
      OpLoadWeights: accepted = load_room || drop;
      OpLoadInput: begin
        accepted = (load_room && stood_q) || drop;
        known = load_input.turn <= TurnNext && (drop || !input_too_far);
      end
      OpStore: begin
        accepted = store_room && stood_q;
        known = !store_too_far;
      end
      OpEnd: is_end = 1'b1;
      default: known = 1'b0;
    endcase
  end

  always_ff @(posedge clk_i) begin
    done_o <= 1'b0;
    if (!rst_ni || clear_i) begin
      state_q   <= StIdle;
      address_q <= '0;
      word_q    <= '0;
      left_q    <= '0;
      layer_q   <= '0;
      error_q   <= 1'b0;
    end else begin
      unique case (state_q)
        StIdle:
        if (run_i) begin
          state_q   <= StFetch;
          address_q <= '0;
          error_q   <= 1'b0;
        end
        StFetch:
        if (fetch_grant_i) begin
          state_q   <= StTake;
          address_q <= address_q + 20'd1;
        end
        StTake: begin
          word_q  <= fetch_data_i;
          left_q  <= CountBits'(WordInstructions);
          state_q <= StDispatch;
        end
        StDispatch:
        if (is_end) begin
          state_q   <= next_input ? StFetch : StDrain;
          address_q <= '0;
        end else if (!known) begin
          error_q <= 1'b1;
          state_q <= StIdle;
        end else if (accepted) begin
          if (opcode == OpLayer) layer_q <= layer;
          if (WordInstructions > 1) word_q <= word_q >> 256;
          left_q <= left_q - CountBits'(1);
          if (left_q == CountBits'(1)) state_q <= StFetch;
        end
        StDrain:
        if (drained) begin
          done_o  <= !next_input;
          state_q <= next_input ? StFetch : StIdle;
        end
        default: state_q <= StIdle;
      endcase
    end
  end

  assign running_o       = state_q != StIdle;
  assign error_o         = error_q;
  assign fetch_request_o = state_q[2];
  assign fetch_address_o = address_q;

  // ------------------------------------------------------------------ queues
  logic [$clog2(QueueDepth+1)-1:0] unused_table_count, unused_array_count;
  logic [$clog2(QueueDepth+1)-1:0] unused_load_count, unused_store_count;

  fifo #(
      .Width($bits(table_item_t)),
      .Depth(QueueDepth)
  ) u_table_queue (
      .clk_i,
      .rst_ni,
      .clear_i,
      .in_valid_i (table_push),
      .in_ready_o (table_room),
      .in_i       (table_item),
      .out_valid_o(table_valid_o),
      .out_ready_i(table_ready_i),
      .out_o      (table_item_o),
      .count_o    (unused_table_count)
  );

  fifo #(
      .Width($bits(array_item_t)),
      .Depth(QueueDepth)
  ) u_array_queue (
      .clk_i,
      .rst_ni,
      .clear_i,
      .in_valid_i (array_push),
      .in_ready_o (array_room),
      .in_i       (array_item),
      .out_valid_o(array_valid_o),
      .out_ready_i(array_ready_i),
      .out_o      (array_item_o),
      .count_o    (unused_array_count)
  );

  fifo #(
      .Width($bits(transfer_item_t)),
      .Depth(QueueDepth)
  ) u_load_queue (
      .clk_i,
      .rst_ni,
      .clear_i,
      .in_valid_i (load_push),
      .in_ready_o (load_room),
      .in_i       (load_item),
      .out_valid_o(load_valid_o),
      .out_ready_i(load_ready_i),
      .out_o      (load_item_o),
      .count_o    (unused_load_count)
  );

  fifo #(
      .Width($bits(transfer_item_t)),
      .Depth(QueueDepth)
  ) u_store_queue (
      .clk_i,
      .rst_ni,
      .clear_i,
      .in_valid_i (store_push),
      .in_ready_o (store_room),
      .in_i       (store_item),
      .out_valid_o(store_valid_o),
      .out_ready_i(store_ready_i),
      .out_o      (store_item_o),
      .count_o    (unused_store_count)
  );

  logic unused_bits;
  assign unused_bits = ^{end_fields, layer, load_table, load_weights, load_input, store};

  `KEYWAY_ASSERT(RunWhenIdle, !(run_i && running_o))
  `KEYWAY_ASSERT(OneQueue, $onehot0({table_push, array_push, load_push, store_push}))

endmodule
