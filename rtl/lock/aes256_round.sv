// SPDX-License-Identifier: Apache-2.0
// One stage of the pipelined AES-256: the result of a round, and beside it the round's key of every slot.
//
// Round 0 is the key addition before the first round; Round 14, the last, has no MixColumns.
// Timing: takes a state and its slot when take_i; both leave a cycle later and hold until the next.
// Contract: clear_i zeroes state and keys.
// Source: FIPS 197, section 5.1. Test: tests/rtl/lock/test_aes.cpp, through aes256.
module aes256_round
  import keyway_lock_pkg::*;
  import keyway_aes_pkg::*;
#(
    parameter int unsigned Round = 1
) (
    input  logic      clk_i,
    input  logic      rst_ni,
    input  logic      clear_i,
    input  logic      key_write_i,
    input  key_slot_e key_slot_i,
    input  block_t    key_i,
    input  logic      take_i,
    input  key_slot_e slot_i,
    input  block_t    state_i,
    output key_slot_e slot_o,
    output block_t    state_o
);

  block_t mac_key_q, program_key_q, weights_key_q;
  key_slot_e slot_q;
  block_t    state_q;

  function automatic block_t key_of(key_slot_e slot);
    unique case (slot)
      SlotProgram: return program_key_q;
      SlotWeights: return weights_key_q;
      default: return mac_key_q;
    endcase
  endfunction

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      slot_q  <= SlotMac;
      state_q <= '0;
    end else if (take_i) begin
      slot_q <= slot_i;
      if (Round == 0) state_q <= state_i ^ key_of(slot_i);
      else if (Round == AesRounds) state_q <= aes_last_round(state_i, key_of(slot_i));
      else state_q <= aes_round(state_i, key_of(slot_i));
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      mac_key_q     <= '0;
      program_key_q <= '0;
      weights_key_q <= '0;
    end else if (key_write_i) begin
      unique case (key_slot_i)
        SlotProgram: program_key_q <= key_i;
        SlotWeights: weights_key_q <= key_i;
        default: mac_key_q <= key_i;
      endcase
    end
  end

  assign slot_o  = slot_q;
  assign state_o = state_q;

endmodule
