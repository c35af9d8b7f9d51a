// SPDX-License-Identifier: Apache-2.0
// AES-256 encryption, one block a cycle: a register for the first key addition and one for each of
// the 14 rounds. Every stage keeps its round key of every slot beside it; a block carries its slot.
//
// Timing: latency 15 cycles. The pipeline is elastic: a stage moves when the next one is free or
// moves, so bubbles close up while the output waits, and a waiting output is a stock of up to 15
// results that later leave one a cycle.
// Contract: keys are loaded while no block is inside (assertion QuietKeys); a result holds still until
// it is taken (ResultHolds). clear_i zeroes states and round keys.
// Cost: 224 S-boxes, 45 round keys. Source: FIPS 197, section 5.1. Test: tests/rtl/lock/test_aes.cpp.
`include "assert.svh"
module aes256_pipelined
  import keyway_lock_pkg::*;
  import keyway_aes_pkg::*;
(
    input  logic      clk_i,
    input  logic      rst_ni,
    input  logic      clear_i,
    input  logic      key_valid_i,
    output logic      key_ready_o,
    input  key_slot_e key_slot_i,
    input  key_t      key_i,
    input  logic      block_valid_i,
    output logic      block_ready_o,
    input  key_slot_e block_slot_i,
    input  block_t    block_i,
    output logic      result_valid_o,
    input  logic      result_ready_i,
    output block_t    result_o
);

  logic            round_key_valid;
  logic      [3:0] round_key_round;
  key_slot_e       round_key_slot;
  block_t          round_key;

  aes256_key_expansion u_expansion (
      .clk_i,
      .rst_ni,
      .clear_i,
      .key_valid_i,
      .key_ready_o,
      .key_slot_i,
      .key_i,
      .round_key_valid_o(round_key_valid),
      .round_o(round_key_round),
      .slot_o(round_key_slot),
      .round_key_o(round_key)
  );

  // Stage n holds what round n has made; stage 0 the block plus round key 0. It moves on when it is empty,
  // when the output is taken, or when any later stage is empty: `move` spreads the reasons downwards.
  logic [AesRounds:0] valid_q, valid_before, move, take, key_write;
  key_slot_e slot[AesRounds+2];
  block_t state[AesRounds+2];

  always_comb begin
    move = ~valid_q;
    if (result_ready_i) move[AesRounds] = 1'b1;
    move = move | (move >> 1);
    move = move | (move >> 2);
    move = move | (move >> 4);
    move = move | (move >> 8);
  end
  assign valid_before = {valid_q[AesRounds-1:0], block_valid_i};
  assign take         = move & valid_before;
  assign key_write    = round_key_valid ? (AesRounds + 1)'(1) << round_key_round : '0;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) valid_q <= '0;
    else valid_q <= take | (valid_q & ~move);
  end

  assign slot[0]  = block_slot_i;
  assign state[0] = block_i;
  for (genvar n = 0; n <= AesRounds; n++) begin : gen_round
    aes256_round #(
        .Round(n)
    ) u_round (
        .clk_i,
        .rst_ni,
        .clear_i,
        .key_write_i(key_write[n]),
        .key_slot_i (round_key_slot),
        .key_i      (round_key),
        .take_i     (take[n]),
        .slot_i     (slot[n]),
        .state_i    (state[n]),
        .slot_o     (slot[n+1]),
        .state_o    (state[n+1])
    );
  end

  assign block_ready_o  = move[0];
  assign result_valid_o = valid_q[AesRounds];
  assign result_o       = state[AesRounds+1];
  wire unused_slot = &{1'b0, slot[AesRounds+1]};

  `KEYWAY_ASSERT(QuietKeys, !(key_valid_i && key_ready_o) || valid_q == '0)
  `KEYWAY_ASSERT_HOLD(ResultHolds, result_valid_o, result_ready_i || clear_i, result_o)

endmodule
