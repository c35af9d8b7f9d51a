// SPDX-License-Identifier: Apache-2.0
// Dispatcher: reads the program from weight memory and hands its instructions out through three queues.
//
// Mathematics: instructions are taken in order from weight word 0 on; 4 * Lanes / 32 stand in a word.
//   LAYER is kept and goes with every MULTIPLY that follows. Array (TABLE, MULTIPLY), load (LOAD_WEIGHTS,
//   LOAD_INPUT) and store instructions wait in a queue each. END waits until nothing is under way.
// Timing: one instruction a cycle out of a word, two cycles to get the next word; a full queue stalls.
// Contract: run_i only when idle (assertion RunWhenIdle). done_o is a pulse; error_o stands from an
//   unknown opcode to the next run_i or clear_i, and then there is no done_o.
// Test: tests/rtl/engine (each instruction, unknown opcodes, full queues).
`include "assert.svh"

module dispatcher
  import keyway_contract_pkg::*;
  import keyway_pkg::*;
#(
    parameter int unsigned Lanes = 16
) (
    input  logic                       clk_i,
    input  logic                       rst_ni,
    input  logic                       clear_i,
    input  logic                       run_i,
    output logic                       running_o,
    output logic                       done_o,
    output logic                       error_o,
    // Weight memory
    output logic                       fetch_request_o,
    output logic        [        19:0] fetch_address_o,
    input  logic                       fetch_grant_i,
    input  logic        [32*Lanes-1:0] fetch_data_i,
    // Heads of the queues
    output logic                       array_valid_o,
    input  logic                       array_ready_i,
    output array_item_t                array_item_o,
    output logic                       load_valid_o,
    input  logic                       load_ready_i,
    output logic        [       255:0] load_item_o,
    output logic                       store_valid_o,
    input  logic                       store_ready_i,
    output logic        [       255:0] store_item_o,
    // Everything handed over is finished
    input  logic                       all_idle_i
);

  localparam int unsigned WordInstructions = 4 * Lanes / InstructionBytes;
  localparam int unsigned CountBits = $clog2(WordInstructions + 1);

  typedef enum logic [2:0] {
    StIdle,
    StFetch,
    StTake,
    StDispatch,
    StDrain
  } state_e;

  state_e state_q;
  logic [19:0] address_q;
  logic [32*Lanes-1:0] word_q;
  logic [CountBits-1:0] left_q;
  layer_t layer_q;
  logic error_q;

  logic [3:0] opcode;
  logic dispatch, accepted, known, is_end;

  logic [255:0] instruction;
  array_item_t array_item;
  logic array_push, array_room, load_push, load_room, store_push, store_room;

  assign instruction = word_q[255:0];
  assign opcode      = word_q[3:0];
  assign dispatch    = state_q == StDispatch;

  assign array_push  = dispatch && (opcode == OpMultiply || opcode == OpTable);
  assign load_push   = dispatch && (opcode == OpLoadWeights || opcode == OpLoadInput);
  assign store_push  = dispatch && opcode == OpStore;
  assign array_item  = '{is_table: opcode == OpTable, layer: layer_q, instruction: instruction};

  always_comb begin
    known    = 1'b1;
    is_end   = 1'b0;
    accepted = 1'b0;
    case (opcode)
      OpLayer: accepted = 1'b1;
      OpMultiply, OpTable: accepted = array_room;
      OpLoadWeights, OpLoadInput: accepted = load_room;
      OpStore: accepted = store_room;
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
          state_q <= StDrain;
        end else if (!known) begin
          error_q <= 1'b1;
          state_q <= StIdle;
        end else if (accepted) begin
          if (opcode == OpLayer) layer_q <= word_q[255:0];
          word_q <= word_q >> 256;
          left_q <= left_q - CountBits'(1);
          if (left_q == CountBits'(1)) state_q <= StFetch;
        end
        StDrain:
        if (all_idle_i) begin
          done_o  <= 1'b1;
          state_q <= StIdle;
        end
        default: state_q <= StIdle;
      endcase
    end
  end

  assign running_o       = state_q != StIdle;
  assign error_o         = error_q;
  assign fetch_request_o = state_q == StFetch;
  assign fetch_address_o = address_q;

  // ------------------------------------------------------------------ queues
  logic [$clog2(QueueDepth+1)-1:0] unused_array_count, unused_load_count, unused_store_count;

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
      .Width(256),
      .Depth(QueueDepth)
  ) u_load_queue (
      .clk_i,
      .rst_ni,
      .clear_i,
      .in_valid_i (load_push),
      .in_ready_o (load_room),
      .in_i       (instruction),
      .out_valid_o(load_valid_o),
      .out_ready_i(load_ready_i),
      .out_o      (load_item_o),
      .count_o    (unused_load_count)
  );

  fifo #(
      .Width(256),
      .Depth(QueueDepth)
  ) u_store_queue (
      .clk_i,
      .rst_ni,
      .clear_i,
      .in_valid_i (store_push),
      .in_ready_o (store_room),
      .in_i       (instruction),
      .out_valid_o(store_valid_o),
      .out_ready_i(store_ready_i),
      .out_o      (store_item_o),
      .count_o    (unused_store_count)
  );

  `KEYWAY_ASSERT(RunWhenIdle, !(run_i && running_o))
  `KEYWAY_ASSERT(OneQueue, $onehot0({array_push, load_push, store_push}))

endmodule
