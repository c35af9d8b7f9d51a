// SPDX-License-Identifier: Apache-2.0
// Fetches frames: asks the bus for their bytes, tells the lock unit what they are, writes the payload
// that comes back to weight memory and counts the verdicts.
//
// Three sources of work, one at a time: the header pages (header_i, one frame of kind header whose
// payload goes nowhere), the program (boot_i, frames 0 .. program_frames-1 to address 0) and the
// engine's requests, which take the next weight frames in order. begin_run_i sets the next weight
// frame: the first one, or behind the last one when everything is resident.
// The bus request for the program asks for the first weight frame, too: its beats wait at the lock unit
//   until the engine says where they go, and the bus does not idle for its latency in between. So a
//   program's first load is a LOAD_WEIGHTS (contract.toml, LOAD_INPUT).
// header_good_o says that a header frame was verified since clear_i: it rises with a good verdict and with
//   nothing else, so that a header that was never judged is no good one.
// Checks: an engine request beyond the last frame, or whose payload would pass the end of the weight
//   memory, raises bad_program_o and fetches nothing. A verdict of "not ok" raises failed_o.
// Timing: a request takes three cycles, then a frame's descriptor leaves each cycle that the lock unit
//   takes one; the bus gets one request for all of them. Payload and verdict are registered once.
// Contract: header_i and boot_i only when idle_o, and while the engine asks for nothing (EngineWaits).
//   frame_verified_o pulses for weight frames only, one cycle after the verdict, when their last payload word
//   is written. clear_i drops all work, the count of verified frames and the last payload word; the
//   conductor flushes bus and lock unit along with it. (SEC: PURGE)
// Test: tests/rtl/shell/test_start.cpp.
`include "assert.svh"

module frame_server
  import keyway_contract_pkg::*;
  import keyway_lock_pkg::frame_beats_t;
  import keyway_shell_pkg::*;
#(
    parameter int unsigned WeightBytes = keyway_contract_pkg::MemoryDefaultWeightBytes
) (
    input logic clk_i,
    input logic rst_ni,
    input logic clear_i,
    // What is open.
    input header_t header_fields_i,
    // Work.
    input logic header_i,
    input logic boot_i,
    input logic begin_run_i,
    input logic warm_i,  // with begin_run_i: no weight frame is left
    output logic idle_o,
    output logic failed_o,
    output logic header_good_o,
    output logic bad_program_o,
    output logic [31:0] verified_o,  // program and weight frames
    output logic verified_event_o,
    // Engine.
    input logic frames_valid_i,
    output logic frames_ready_o,
    input counter_t frames_count_i,
    input weight_unit_t frames_destination_i,
    output logic frame_verified_o,
    output logic weight_write_valid_o,
    output weight_unit_t weight_write_address_o,
    output word_t weight_write_data_o,
    // Bus.
    output logic request_valid_o,
    input logic request_ready_i,
    output dma_request_t request_o,
    // Lock unit.
    output logic frame_valid_o,
    input logic frame_ready_i,
    output frame_kind_e frame_kind_o,
    output logic [31:0] frame_index_o,
    output logic [31:0] total_frames_o,
    output frame_beats_t frame_beats_o,
    output logic frame_plain_o,
    input logic payload_valid_i,
    input word_t payload_i,
    input logic frame_done_i,
    input logic frame_ok_i
);

  localparam int unsigned WeightWords = WeightBytes / WordBytes;
  localparam int unsigned FramesInFlight = 4;

  typedef enum logic [1:0] {
    StIdle,
    StCheck,
    StDecide,
    StIssue
  } state_e;

  state_e state_q;
  frame_kind_e kind_q;
  logic [31:0] index_q;  // of the frame to describe next
  logic [31:0] next_weight_q;  // first frame of the next engine request
  counter_t left_q;  // frames to describe
  weight_unit_t destination_q;
  logic requested_q;  // the bus has the request
  counter_t count_q;  // frames of this job
  logic [16:0] pages_q;  // to ask the bus for
  logic too_far_q;  // beyond the last frame or the end of the memory
  logic ahead_q;  // the first weight frame was asked for with the program

  logic has_weights_q;  // the package has frames of weights
  logic place_ready, described, last_described, request_done;

  // ------------------------------------------------------------------------------ work
  logic [32:0] end_index;
  logic [25:0] end_word;
  assign end_index = 33'(next_weight_q) + 33'(count_q);
  assign end_word = 26'(destination_q) + {2'b0, count_q, 8'b0} - 26'(count_q);

  assign described = frame_valid_o && frame_ready_i;
  assign last_described = left_q == '0 || (left_q == 16'd1 && described);
  assign request_done = requested_q || (request_valid_o && request_ready_i);

  // The fields stand still long before a job begins.
  always_ff @(posedge clk_i) begin
    has_weights_q <= header_fields_i.total_frames != header_fields_i.program_frames;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      state_q <= StIdle;
      bad_program_o <= 1'b0;
      next_weight_q <= '0;
      ahead_q <= 1'b0;
      destination_q <= '0;
    end else begin
      if (begin_run_i) begin
        next_weight_q <= warm_i ? header_fields_i.total_frames : header_fields_i.program_frames;
      end
      unique case (state_q)
        StIdle: begin
          requested_q <= 1'b0;
          index_q <= '0;
          destination_q <= '0;
          if (header_i) begin
            kind_q  <= FrameKindHeader;
            left_q  <= 16'd1;
            count_q <= header_fields_i.header_pages[15:0];
            pages_q <= {1'b0, header_fields_i.header_pages[15:0]};
            state_q <= StIssue;
          end else if (boot_i) begin
            kind_q  <= FrameKindProgram;
            left_q  <= header_fields_i.program_frames[15:0];
            count_q <= header_fields_i.program_frames[15:0];
            pages_q <= {1'b0, header_fields_i.program_frames[15:0]} + 17'(has_weights_q);
            ahead_q <= has_weights_q;
            state_q <= StIssue;
          end else if (frames_valid_i && frames_ready_o) begin
            kind_q <= FrameKindWeights;
            left_q <= frames_count_i;
            count_q <= frames_count_i;
            pages_q <= {1'b0, frames_count_i} - 17'(ahead_q);
            requested_q <= ahead_q && frames_count_i == 16'd1;
            index_q <= next_weight_q;
            destination_q <= frames_destination_i;
            state_q <= StCheck;
          end
        end
        StCheck: begin
          too_far_q <= end_index > 33'(header_fields_i.total_frames) || end_word > 26'(WeightWords);
          state_q <= StDecide;
        end
        StDecide: begin
          if (count_q == '0) begin
            state_q <= StIdle;
          end else if (too_far_q) begin
            bad_program_o <= 1'b1;
            state_q <= StIdle;
          end else begin
            next_weight_q <= end_index[31:0];
            ahead_q <= 1'b0;
            state_q <= StIssue;
          end
        end
        StIssue: begin
          if (request_valid_o && request_ready_i) requested_q <= 1'b1;
          if (described) begin
            left_q <= left_q - 16'd1;
            index_q <= index_q + 32'd1;
            destination_q <= destination_q + 24'(PayloadWords);
          end
          if (last_described && request_done) state_q <= StIdle;
        end
        default: state_q <= StIdle;
      endcase
    end
  end

  assign frames_ready_o = state_q == StIdle && !bad_program_o;

  // One request fetches all frames of a job; they lie one behind the other.
  logic [31:0] first_page_q;
  always_ff @(posedge clk_i) begin
    if (state_q == StIdle) begin
      if (header_i) first_page_q <= '0;
      else if (boot_i) first_page_q <= header_fields_i.header_pages;
      else first_page_q <= header_fields_i.header_pages + next_weight_q + 32'(ahead_q);
    end
  end
  assign request_valid_o = state_q == StIssue && !requested_q;
  assign request_o.offset = {first_page_q, 12'b0};
  assign request_o.bytes = {3'b0, pages_q, 12'b0};

  assign frame_valid_o = state_q == StIssue && left_q != '0 && place_ready;
  assign frame_kind_o = kind_q;
  assign frame_index_o = index_q;
  assign total_frames_o = header_fields_i.total_frames;
  assign frame_beats_o = kind_q == FrameKindHeader ? {count_q, 8'b0} : 24'(FrameWords);
  assign frame_plain_o = header_fields_i.policy == PolicyPlain;

  // ------------------------------------------------------------------------------ payload
  // Where each frame in flight goes; a frame leaves with its last payload word.
  logic place_valid, place_done;
  weight_unit_t place;
  logic [7:0] word_q;

  logic [$clog2(FramesInFlight+1)-1:0] unused_count;

  fifo #(
      .Width(24),
      .Depth(FramesInFlight)
  ) u_places (
      .clk_i,
      .rst_ni,
      .clear_i,
      .in_valid_i(described && kind_q != FrameKindHeader),
      .in_ready_o(place_ready),
      .in_i(destination_q),
      .out_valid_o(place_valid),
      .out_ready_i(place_done),
      .out_o(place),
      .count_o(unused_count)
  );

  assign place_done = payload_valid_i && word_q == 8'(PayloadWords - 1);

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      word_q <= '0;
      weight_write_valid_o <= 1'b0;
      weight_write_address_o <= '0;
      weight_write_data_o <= '0;
    end else begin
      weight_write_valid_o <= payload_valid_i;
      if (place_done) word_q <= '0;
      else if (payload_valid_i) word_q <= word_q + 8'd1;
      if (payload_valid_i) begin
        weight_write_address_o <= place + 24'(word_q);
        weight_write_data_o <= payload_i;
      end
    end
  end

  // ------------------------------------------------------------------------------ verdicts
  // Kinds do not mix: header and program are waited for before the next kind begins.
  logic [ 3:0] open_q;  // described, no verdict yet
  logic [31:0] verified_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      open_q <= '0;
      verified_q <= '0;
      failed_o <= 1'b0;
      header_good_o <= 1'b0;
      frame_verified_o <= 1'b0;
      verified_event_o <= 1'b0;
    end else begin
      open_q <= open_q + 4'(described) - 4'(frame_done_i);
      if (frame_done_i && !frame_ok_i) failed_o <= 1'b1;
      if (frame_done_i && frame_ok_i && kind_q == FrameKindHeader) header_good_o <= 1'b1;
      if (boot_i) verified_q <= '0;
      else if (frame_done_i && frame_ok_i && kind_q != FrameKindHeader)
        verified_q <= verified_q + 32'd1;
      frame_verified_o <= frame_done_i && frame_ok_i && kind_q == FrameKindWeights;
      verified_event_o <= frame_done_i && frame_ok_i && kind_q != FrameKindHeader;
    end
  end

  assign verified_o = verified_q;
  assign idle_o = state_q == StIdle && open_q == '0;

  logic unused_bits;
  assign unused_bits = ^{header_fields_i};

  `KEYWAY_ASSERT(JobsWhenIdle, !(header_i || boot_i) || idle_o)
  `KEYWAY_ASSERT(EngineWaits, !(header_i || boot_i) || !frames_valid_i)
  `KEYWAY_ASSERT(PayloadHasPlace, !payload_valid_i || place_valid)
  `KEYWAY_ASSERT(VerdictExpected, !frame_done_i || open_q != '0)
  `KEYWAY_ASSERT(FewOpen, !described || open_q != '1)
  `KEYWAY_ASSERT(PayloadInMemory,
                 !weight_write_valid_o || 32'(weight_write_address_o) < WeightWords)
  `KEYWAY_ASSERT_HOLD(RequestHold, request_valid_o, request_ready_i || clear_i, request_o)
  `KEYWAY_ASSERT_HOLD(DescriptorHold, frame_valid_o, frame_ready_i || clear_i, {
                      frame_kind_o, frame_index_o, frame_beats_o})

endmodule
