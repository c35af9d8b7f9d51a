// SPDX-License-Identifier: Apache-2.0
// AES-256 encryption, one round a cycle, for the small unsealer. It stores the keys themselves, one a
// slot, and walks the key schedule along with the rounds: no round key is stored.
//
// The window of two round keys is a shift register of halves: a key enters in two steps, as its schedule
// does later, so only the newer half has a choice of inputs. A block waits in a register at the door while
// the first half enters, and gets it added as it is taken.
//
// The S-boxes are block memories, whose output register is the state: what comes out is SubBytes of what
// a round made. That of the last round key's last word stands beside it in the same way.
//
// Timing: a block every 16 cycles: one for the key to enter, one to take the block from the door and add
// round key 0, 14 rounds; the result waits for its taker and the next block is taken when it has gone.
// Contract: a block that is offered stays (assertion BlockHolds), a result until it is taken
// (ResultHolds); clear_i zeroes states and keys.
// Cost: 20 S-boxes in 10 memories, 3 keys. Source: FIPS 197, sections 5.1 and 5.2.
// Test: tests/rtl/lock/test_aes.cpp.
`include "assert.svh"
module aes256_iterative
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

  key_t mac_key_q, program_key_q, weights_key_q;
  logic   [ 3:0] step_q;  // 0: none; 1: a block is taken, round key 0 added; n + 1: round n
  logic          result_valid_q;
  block_t        result_q;
  block_t        sub;  // SubBytes of the state
  logic   [31:0] key_sub;  // of the newer round key's last word
  block_t newer_q, older_q;  // in round n round keys n and n - 1
  logic [7:0] constant_q;  // Rcon of the next even step

  logic door_valid_q;
  key_slot_e door_slot_q;
  block_t    door_block_q;

  logic start, take, move, upper, last, forget;
  block_t key_half, newer, sum;

  assign key_ready_o    = 1'b1;
  assign block_ready_o  = !door_valid_q;
  assign result_valid_o = result_valid_q;
  assign result_o       = result_q;

  assign start          = step_q == 4'd0 && door_valid_q;
  assign take           = step_q == 4'd1 && !result_valid_q;
  assign move           = take || step_q > 4'd1;
  assign upper          = step_q[0];
  assign last           = step_q == 4'(AesRounds + 1);
  assign forget         = !rst_ni || clear_i || last;

  always_comb begin
    unique case (door_slot_q)
      SlotProgram: key_half = upper ? program_key_q[255:128] : program_key_q[127:0];
      SlotWeights: key_half = upper ? weights_key_q[255:128] : weights_key_q[127:0];
      default: key_half = upper ? mac_key_q[255:128] : mac_key_q[127:0];
    endcase
  end

  assign newer = step_q <= 4'd1 ? key_half : key_step_of(
      older_q, key_sub, step_q[0] ? 8'd0 : constant_q
  );
  assign sum = (step_q == 4'd1 ? door_block_q : mix_columns(shift_rows(sub))) ^ newer_q;

  for (genvar i = 0; i < 8; i++) begin : gen_sub
    aes_sbox_rom u_rom (
        .clk_i,
        .clear_i (forget),
        .enable_i(move),
        .a_i     (sum[16*i+:16]),
        .y_o     (sub[16*i+:16])
    );
  end

  for (genvar i = 0; i < 2; i++) begin : gen_key_sub
    aes_sbox_rom u_rom (
        .clk_i,
        .clear_i (forget),
        .enable_i(start || move),
        .a_i     (newer[96+16*i+:16]),
        .y_o     (key_sub[16*i+:16])
    );
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i || take) door_valid_q <= 1'b0;
    else if (block_valid_i) door_valid_q <= 1'b1;
    if (!rst_ni || clear_i) begin
      door_slot_q  <= SlotMac;
      door_block_q <= '0;
    end else if (block_valid_i && block_ready_o) begin
      door_slot_q  <= block_slot_i;
      door_block_q <= block_i;
    end
  end

  always_ff @(posedge clk_i) begin
    if (forget) begin
      newer_q <= '0;
      older_q <= '0;
    end else if (start || move) begin
      newer_q <= newer;
      older_q <= newer_q;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      step_q         <= 4'd0;
      result_valid_q <= 1'b0;
      result_q       <= '0;
      constant_q     <= 8'd0;
    end else begin
      if (start || move) step_q <= last ? 4'd0 : step_q + 4'd1;
      if (step_q == 4'd1) constant_q <= 8'd1;
      else if (!step_q[0]) constant_q <= constant_q << 1;
      if (last) begin
        result_q       <= shift_rows(sub) ^ newer_q;
        result_valid_q <= 1'b1;
      end else if (result_ready_i) begin
        result_valid_q <= 1'b0;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      mac_key_q     <= '0;
      program_key_q <= '0;
      weights_key_q <= '0;
    end else if (key_valid_i) begin
      unique case (key_slot_i)
        SlotProgram: program_key_q <= key_i;
        SlotWeights: weights_key_q <= key_i;
        default: mac_key_q <= key_i;
      endcase
    end
  end

  // A block holds, unless everything is being cleared.
  `KEYWAY_ASSERT_HOLD_IN(BlockHolds, block_valid_i, block_ready_o, {block_slot_i, block_i})
  `KEYWAY_ASSERT(IdleIsZero, step_q != '0 || {newer_q, older_q, sub, key_sub} == '0)
  `KEYWAY_ASSERT_HOLD(ResultHolds, result_valid_o, result_ready_i || clear_i, result_o)

endmodule
