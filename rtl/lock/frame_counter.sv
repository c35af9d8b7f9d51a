// SPDX-License-Identifier: Apache-2.0
// Makes the cipher's input for frames: counter blocks IV || counter.
//
// IV = kind, three zeros, index and total (32 bits each, big-endian); the counter is big-endian too.
// A frame of n beats takes the counters 2 .. n under the key of its kind, for the payload, then 1 under
// Kmac, which masks the tag: n blocks in the order in which the beats need them. A header has no
// ciphertext, so it takes counter 1 alone.
//
// Timing: a block a cycle, no gap between frames that wait in the queue; frame_ready_o with the last.
// Contract: frames are locked and keys are there; others need no cipher (assertion OnlyLocked).
// Source: contract.toml [[frame_kind]]; SP 800-38D, section 7.1. Test: tests/rtl/lock/test_frame.cpp.
`include "assert.svh"
module frame_counter
  import keyway_contract_pkg::*;
  import keyway_lock_pkg::*;
(
    input  logic      clk_i,
    input  logic      rst_ni,
    input  logic      clear_i,
    input  logic      frame_valid_i,
    output logic      frame_ready_o,
    input  frame_t    frame_i,
    output logic      block_valid_o,
    input  logic      block_ready_i,
    output key_slot_e block_slot_o,
    output block_t    block_o
);

  frame_beats_t payloads_q;  // payload blocks of this frame that are out
  logic page_last_q;  // it is in the last 256 of the frame; late in their first cycle
  logic mask;  // the next block masks the tag
  logic [31:0] counter;

  assign mask = frame_i.kind == FrameKindHeader || (page_last_q && payloads_q[7:0] == '1);
  assign counter = mask ? 32'd1 : 32'(payloads_q) + 32'd2;
  assign block_o = {
    swap_bytes(counter), swap_bytes(frame_i.total), swap_bytes(frame_i.index), 24'd0, frame_i.kind
  };
  assign block_valid_o = frame_valid_i;
  assign frame_ready_o = block_ready_i && mask;

  always_comb begin
    if (mask) block_slot_o = SlotMac;
    else if (frame_i.kind == FrameKindWeights) block_slot_o = SlotWeights;
    else block_slot_o = SlotProgram;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) payloads_q <= 24'd0;
    else if (frame_valid_i && block_ready_i) payloads_q <= mask ? 24'd0 : payloads_q + 24'd1;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) page_last_q <= 1'b0;
    else page_last_q <= payloads_q[23:8] == frame_i.last[23:8];
  end

  `KEYWAY_ASSERT(OnlyLocked, !frame_valid_i || !(frame_i.plain || frame_i.keyless))

endmodule
