// SPDX-License-Identifier: Apache-2.0
// AES-256 encryption, one round a cycle, for the small unsealer. It stores the keys themselves, one a
// slot, and walks the key schedule along with the rounds: no round key is stored.
//
// Timing: a block every 15 cycles: one to add round key 0, 14 rounds; the result waits for its taker
// and the next block may enter in the cycle in which it is taken.
// Contract: a result holds still until it is taken (ResultHolds); clear_i zeroes states and keys.
// Cost: 20 S-boxes, 3 keys. Source: FIPS 197, sections 5.1 and 5.2. Test: tests/rtl/lock/test_aes.cpp.
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
  logic   [3:0] round_q;  // the round of this cycle, 1 .. 14; 0: none
  logic         result_valid_q;
  block_t       state_q;
  key_t         window_q;  // round keys round_q - 1 and round_q
  logic   [7:0] constant_q;  // Rcon of the next even step

  function automatic key_t key_of(key_slot_e slot);
    unique case (slot)
      SlotProgram: return program_key_q;
      SlotWeights: return weights_key_q;
      default: return mac_key_q;
    endcase
  endfunction

  assign key_ready_o    = 1'b1;
  assign block_ready_o  = round_q == 4'd0 && (!result_valid_q || result_ready_i);
  assign result_valid_o = result_valid_q;
  assign result_o       = state_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      round_q        <= 4'd0;
      result_valid_q <= 1'b0;
      state_q        <= '0;
      window_q       <= '0;
      constant_q     <= 8'd0;
    end else if (round_q != 4'd0) begin
      if (round_q == 4'(AesRounds)) begin
        state_q        <= aes_last_round(state_q, window_q[255:128]);
        round_q        <= 4'd0;
        result_valid_q <= 1'b1;
        window_q       <= '0;
      end else begin
        state_q <= aes_round(state_q, window_q[255:128]);
        round_q <= round_q + 4'd1;
        window_q <= {
          key_step(window_q[127:0], window_q[255:224], round_q[0] ? constant_q : 8'd0),
          window_q[255:128]
        };
        if (round_q[0]) constant_q <= constant_q << 1;
      end
    end else if (!result_valid_q || result_ready_i) begin
      result_valid_q <= 1'b0;
      if (block_valid_i) begin
        state_q    <= block_i ^ 128'(key_of(block_slot_i));
        window_q   <= key_of(block_slot_i);
        constant_q <= 8'd1;
        round_q    <= 4'd1;
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

  `KEYWAY_ASSERT_HOLD(ResultHolds, result_valid_o, result_ready_i || clear_i, result_o)

endmodule
