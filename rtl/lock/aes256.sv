// SPDX-License-Identifier: Apache-2.0
// AES-256 encryption with several keys: the one place where the implementation is chosen.
//
// key_*:    loads a key into a slot. Ready again when the key can be used.
// block_*:  blocks to encrypt, each under the key of its slot.
// result_*: their ciphertexts, in order.
//
//   UnsealerFast       aes256_pipelined   a block a cycle, latency 15
//   UnsealerIterative  aes256_iterative   a block every 16 cycles
//
// Test: tests/rtl/lock/test_aes.cpp runs the same vectors through both.
module aes256
  import keyway_lock_pkg::*;
#(
    parameter unsealer_kind_e Kind = UnsealerFast
) (
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

  if (Kind == UnsealerFast) begin : gen_pipelined
    aes256_pipelined u_cipher (.*);
  end else begin : gen_iterative
    aes256_iterative u_cipher (.*);
  end

endmodule
