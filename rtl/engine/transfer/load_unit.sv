// SPDX-License-Identifier: Apache-2.0
// Load unit: executes LOAD_WEIGHTS and LOAD_INPUT in order, and writes input words.
//
// Mathematics: a LOAD_INPUT asks for rows * blocks * width words from byte 16 * source of the input and
//   writes them in word_generator's order; the beats of a request begin with a fresh beat, the rest of
//   the last one is ignored. `rows` and `frames` of the contract are counted here.
// Timing: a word a cycle, and one more between instructions; beats pass a register. The next instruction's
//   request goes out while the data of up to two earlier ones are awaited. The first two cycles of an
//   instruction at the head of the queue go to its size and to its wait (transfer_head). Later than that,
//   frames asked for before it would go first (frame_server).
// Contract: requests hold until taken (assertions). A `resident` LOAD_WEIGHTS of a warm run asks for
//   nothing and counts its frames when all frames before are verified, so that `frames` grows in order.
// Test: tests/rtl/engine.
`include "assert.svh"

module load_unit
  import keyway_contract_pkg::*;
  import keyway_pkg::*;
#(
    parameter  int unsigned WordChannels = 16,
    parameter  int unsigned BlockBanks   = 1,
    localparam int unsigned WordBits     = 8 * WordChannels,
    localparam int unsigned BlockBits    = (BlockBanks > 1) ? $clog2(BlockBanks) : 1
) (
    input  logic                           clk_i,
    input  logic                           rst_ni,
    input  logic                           clear_i,
    input  logic                           run_i,
    input  logic                           warm_i,
    // Load queue
    input  logic                           instruction_valid_i,
    output logic                           instruction_ready_o,
    input  transfer_item_t                 item_i,
    // Counters
    input  counter_t                       products_i,
    output counter_t                       frames_o,
    output counter_t                       rows_o,
    output logic                           idle_o,
    // Weight frames
    output logic                           frames_valid_o,
    input  logic                           frames_ready_i,
    output counter_t                       frames_count_o,
    output weight_unit_t                   frames_destination_o,
    input  logic                           frame_verified_i,
    // Input requests and data
    output logic                           request_valid_o,
    input  logic                           request_ready_i,
    output logic           [         31:0] request_offset_o,
    output logic           [         31:0] request_bytes_o,
    input  logic                           data_valid_i,
    output logic                           data_ready_o,
    input  logic           [        127:0] data_i,
    // Activation memory
    output logic                           write_valid_o,
    input  logic                           write_ready_i,
    output place_t                         write_o,
    output logic           [BlockBits-1:0] write_block_o,
    output logic           [ WordBits-1:0] write_data_o
);

  localparam int unsigned BeatWords = 16 / WordChannels;

  // ------------------------------------------------------------------ instructions
  load_weights_t weights;
  load_input_t head, front;
  logic warm_q, is_weights_q, is_input_q, skip_q, ready, skipped;
  logic settled_q;  // all frames that were asked for are verified
  logic rows_ready, rows_valid, rows_pop;
  counter_t frames_q, requested_q, rows_q;
  logic active_q, step, row_last, last, beat_last;

  assign weights = item_i.instruction;
  assign head = item_i.instruction;

  // The head has stood for two cycles when it is ready, and nothing was asked for in those.
  always_ff @(posedge clk_i) begin
    is_weights_q <= weights.opcode == OpLoadWeights && !(warm_q && weights.resident);
    is_input_q   <= head.opcode == OpLoadInput;
    skip_q       <= weights.opcode == OpLoadWeights && warm_q && weights.resident;
    settled_q    <= frames_q == requested_q;
  end

  assign skipped = ready && skip_q && settled_q;
  assign frames_valid_o = ready && is_weights_q;
  assign frames_count_o = weights.count;
  assign frames_destination_o = weights.destination;

  assign request_valid_o = ready && is_input_q && rows_ready;
  assign request_offset_o = {head.source, 4'd0};

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
      .bytes_o(request_bytes_o)
  );

  assign instruction_ready_o = skipped || (frames_valid_o && frames_ready_i) ||
                               (request_valid_o && request_ready_i);

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i || run_i) begin
      frames_q    <= '0;
      requested_q <= '0;
      rows_q      <= '0;
      warm_q      <= run_i && warm_i;
    end else begin
      frames_q <= frames_q + 16'(frame_verified_i) + (skipped ? weights.count : 16'd0);
      requested_q <= requested_q + ((skipped || (frames_valid_o && frames_ready_i)) ? weights.count
                                                                                    : 16'd0);
      if (write_valid_o && write_ready_i && row_last) rows_q <= rows_q + 16'd1;
    end
  end

  assign frames_o = frames_q;
  assign rows_o   = rows_q;

  // ------------------------------------------------------------------ requests under way
  logic [1:0] unused_count;

  fifo #(
      .Width(256),
      .Depth(2)
  ) u_requests (
      .clk_i,
      .rst_ni,
      .clear_i,
      .in_valid_i (request_valid_o && request_ready_i),
      .in_ready_o (rows_ready),
      .in_i       (item_i.instruction),
      .out_valid_o(rows_valid),
      .out_ready_i(rows_pop),
      .out_o      (front),
      .count_o    (unused_count)
  );

  // ------------------------------------------------------------------ words
  // The bus master is far away.
  logic beat_valid, beat_ready;
  logic [127:0] beat;

  stream_register #(
      .Width(128)
  ) u_beat (
      .clk_i,
      .rst_ni,
      .clear_i,
      .in_valid_i (data_valid_i),
      .in_ready_o (data_ready_o),
      .in_i       (data_i),
      .out_valid_o(beat_valid),
      .out_ready_i(beat_ready),
      .out_o      (beat)
  );

  assign rows_pop = !active_q;  // a cycle after the last word: how that went is known late
  assign write_valid_o = active_q && beat_valid;
  assign step = write_valid_o && write_ready_i;
  assign beat_ready = active_q && write_ready_i && (beat_last || last);

  word_generator #(
      .BlockBanks(BlockBanks)
  ) u_word_generator (
      .clk_i,
      .rst_ni       (rst_ni && !clear_i),
      .start_i      (rows_pop),
      .next_i       (step),
      .phase_i      (front.phase),
      .base_i       (front.base),
      .rows_i       (front.rows),
      .blocks_i     (front.blocks),
      .width_i      (front.width),
      .row_pitch_i  (front.row_pitch),
      .block_pitch_i(front.block_pitch),
      .place_o      (write_o),
      .block_o      (write_block_o),
      .row_last_o   (row_last),
      .last_o       (last)
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) active_q <= 1'b0;
    else if (rows_pop) active_q <= rows_valid;
    else if (step && last) active_q <= 1'b0;
  end

  if (BeatWords > 1) begin : gen_beat
    localparam int unsigned BeatBits = $clog2(BeatWords);
    logic [BeatBits-1:0] word_q;

    always_ff @(posedge clk_i) begin
      if (!rst_ni || clear_i || (step && last)) word_q <= '0;
      else if (step) word_q <= word_q + BeatBits'(1);
    end
    assign beat_last    = word_q == BeatBits'(BeatWords - 1);
    assign write_data_o = beat[WordBits*word_q+:WordBits];
  end else begin : gen_whole_beat
    assign beat_last    = 1'b1;
    assign write_data_o = beat;
  end

  assign idle_o = !instruction_valid_i && !rows_valid && !active_q && frames_q == requested_q;

  logic unused_bits;
  assign unused_bits = ^{weights, head, front};

  `KEYWAY_ASSERT_HOLD(FramesHold, frames_valid_o, frames_ready_i || clear_i, {
                      frames_count_o, frames_destination_o})
  `KEYWAY_ASSERT_HOLD(RequestHolds, request_valid_o, request_ready_i || clear_i, {request_offset_o,
                                                                                  request_bytes_o})
  `KEYWAY_ASSERT_HOLD(WriteHolds, write_valid_o, write_ready_i || clear_i, {write_o, write_data_o})
  `KEYWAY_ASSERT(FramesAsked, frames_q <= requested_q)

endmodule
