// SPDX-License-Identifier: Apache-2.0
// Store unit: executes STORE instructions in order.
//
// Mathematics: asks for rows * blocks * width words at byte 16 * destination of the output, reads them in
//   word_generator's order and packs them into beats; the rest of the last beat is zero.
// Timing: a word a cycle where banks are free; reads never take a bank from the array. The first two
//   cycles of an instruction at the head of the queue go to its size and to its wait (transfer_head).
// Contract: requests and beats hold until taken (assertions); a request goes before its data. A STORE is
//   finished when its last beat is taken; stores_o counts those whose last word was read.
// Test: tests/rtl/engine.
`include "assert.svh"

module store_unit
  import keyway_contract_pkg::*;
  import keyway_pkg::*;
#(
    parameter  int unsigned WordChannels = 16,
    parameter  int unsigned BlockBanks   = 1,
    localparam int unsigned WordBits     = 8 * WordChannels,
    localparam int unsigned BlockBits    = (BlockBanks > 1) ? $clog2(BlockBanks) : 1
) (
    input  logic                                                         clk_i,
    input  logic                                                         rst_ni,
    input  logic                                                         clear_i,
    input  logic                                                         run_i,
    // Store queue
    input  logic                                                         instruction_valid_i,
    output logic                                                         instruction_ready_o,
    input  transfer_item_t                                               item_i,
    input  counter_t                                                     products_i,
    output counter_t                                                     stores_o,
    output logic                                                         idle_o,
    // Activation memory
    output logic                                                         read_request_o,
    input  logic                                                         read_grant_i,
    output place_t                                                       read_o,
    output logic           [BlockBits-1:0]                               read_block_o,
    input  logic           [          3:0][BlockBanks-1:0][WordBits-1:0] read_data_i,
    // Output
    output logic                                                         request_valid_o,
    input  logic                                                         request_ready_i,
    output logic           [         31:0]                               request_offset_o,
    output logic           [         31:0]                               request_bytes_o,
    output logic                                                         data_valid_o,
    input  logic                                                         data_ready_i,
    output logic           [        127:0]                               data_o
);

  localparam int unsigned BeatWords = 16 / WordChannels;
  localparam int unsigned QueueBeats = 5;

  typedef enum logic [1:0] {
    StIdle,
    StRequest,
    StRead,
    StEmpty
  } state_e;

  state_e state_q;
  store_t head, store_q;
  logic start, step, last;
  logic ready;
  logic [31:0] bytes, request_bytes_q;

  // ------------------------------------------------------------------ instructions
  assign head = item_i.instruction;
  assign start = state_q == StIdle && ready;
  assign instruction_ready_o = start;
  assign request_valid_o = state_q == StRequest;
  assign request_offset_o = {store_q.destination, 4'd0};
  assign request_bytes_o = request_bytes_q;

  transfer_head #(
      .WordChannels(WordChannels)
  ) u_head (
      .clk_i,
      .rst_ni,
      .clear_i,
      .valid_i(instruction_valid_i),
      .taken_i(instruction_ready_o),
      .item_i,
      .width_i(head.width),
      .products_i,
      .ready_o(ready),
      .bytes_o(bytes)
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) request_bytes_q <= '0;
    else if (start) request_bytes_q <= bytes;
  end

  // A word is chosen among those of the banks a cycle after it was read, and put into its beat in the next.
  logic read_valid_q, read_last_q, beat_valid_q, last_q, push, push_ready;
  logic [2:0] count;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      state_q <= StIdle;
      store_q <= '0;
    end else begin
      unique case (state_q)
        StIdle:
        if (start) begin
          state_q <= StRequest;
          store_q <= head;
        end
        StRequest: if (request_ready_i) state_q <= StRead;
        StRead: if (step && last) state_q <= StEmpty;
        StEmpty: if (!read_valid_q && !beat_valid_q && count == '0) state_q <= StIdle;
        default: state_q <= StIdle;
      endcase
    end
  end

  counter_t stores_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i || run_i) stores_q <= '0;
    else if (step && last) stores_q <= stores_q + 16'd1;
  end
  assign stores_o = stores_q;

  // ------------------------------------------------------------------ reads
  logic unused_row_last;

  word_generator #(
      .BlockBanks(BlockBanks)
  ) u_word_generator (
      .clk_i,
      .rst_ni       (rst_ni && !clear_i),
      .start_i      (start),
      .next_i       (step),
      .phase_i      (head.phase),
      .base_i       (head.base),
      .rows_i       (head.rows),
      .blocks_i     (head.blocks),
      .width_i      (head.width),
      .row_pitch_i  (head.row_pitch),
      .block_pitch_i(head.block_pitch),
      .place_o      (read_o),
      .block_o      (read_block_o),
      .row_last_o   (unused_row_last),
      .last_o       (last)
  );

  // A word that is read has a place: what the queue holds and what arrives leaves one free. What leaves
  // the queue in this cycle is not counted, it is known last.
  logic room_q;
  always_ff @(posedge clk_i) begin
    room_q <= rst_ni && 32'(count) + 32'(read_valid_q) + 32'(beat_valid_q) + 32'(step) < QueueBeats;
  end
  assign read_request_o = state_q == StRead && room_q;
  assign step = read_request_o && read_grant_i;

  // ------------------------------------------------------------------ beats
  row_bank_t bank_q;
  logic [BlockBits-1:0] block_q;
  logic [WordBits-1:0] word_q;
  logic [127:0] beat;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      read_valid_q <= 1'b0;
      read_last_q  <= 1'b0;
      bank_q       <= '0;
      block_q      <= '0;
      beat_valid_q <= 1'b0;
      last_q       <= 1'b0;
      word_q       <= '0;
    end else begin
      read_valid_q <= step;
      if (step) begin
        read_last_q <= last;
        bank_q      <= read_o.bank;
        block_q     <= read_block_o;
      end
      beat_valid_q <= read_valid_q;
      if (read_valid_q) begin
        last_q <= read_last_q;
        word_q <= read_data_i[bank_q][block_q];
      end
    end
  end

  if (BeatWords > 1) begin : gen_beat
    localparam int unsigned BeatBits = $clog2(BeatWords);
    logic [BeatBits-1:0] place_q;  // of the word in its beat
    logic [127:0] partial_q;

    always_comb begin
      beat = partial_q;
      beat[WordBits*place_q+:WordBits] = word_q;
    end
    assign push = beat_valid_q && (last_q || place_q == BeatBits'(BeatWords - 1));

    always_ff @(posedge clk_i) begin
      if (!rst_ni || clear_i || push) begin
        place_q   <= '0;
        partial_q <= '0;
      end else if (beat_valid_q) begin
        place_q   <= place_q + BeatBits'(1);
        partial_q <= beat;
      end
    end
  end else begin : gen_whole_beat
    assign beat = word_q;
    assign push = beat_valid_q;
    logic unused_last;
    assign unused_last = last_q;
  end

  fifo #(
      .Width(128),
      .Depth(QueueBeats)
  ) u_beats (
      .clk_i,
      .rst_ni,
      .clear_i,
      .in_valid_i (push),
      .in_ready_o (push_ready),
      .in_i       (beat),
      .out_valid_o(data_valid_o),
      .out_ready_i(data_ready_i),
      .out_o      (data_o),
      .count_o    (count)
  );

  assign idle_o = state_q == StIdle && !instruction_valid_i;

  logic unused_bits;
  assign unused_bits = ^{head, store_q};

  `KEYWAY_ASSERT(BeatFits, !push || push_ready)
  `KEYWAY_ASSERT_HOLD(RequestHolds, request_valid_o, request_ready_i || clear_i, {request_offset_o,
                                                                                  request_bytes_o})

endmodule
