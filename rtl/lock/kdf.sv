// SPDX-License-Identifier: Apache-2.0
// Key derivation: SHA-256 of a label and fields, all of them multiples of 16 bytes.
//
// The caller gives the message in words of 4 bytes, the label first, and marks the last one. The padding
// of FIPS 180-4 (one bit, zeros, the length as 64 bits, big-endian) then takes up to 16 words: 0x80
// starts the first of them and the length is the one that fills a block.
//
// Timing: 88 cycles for every 64 bytes of the padded message. Before the end the digest comes out word by
// word, sum_valid_o for word 7 to 0, and can be compared or kept; digest_valid_o is a pulse one cycle after
// word 0; digest_o holds until the next message starts or clear_i.
// Contract: the words of a message follow each other without another clear; the message has less than
// 16 units of 16 bytes (the longest derivation, of a PUF's key, has 14).
// Source: contract.toml [[kdf]]; FIPS 180-4, section 5.1.1. Test: tests/rtl/lock/test_sha256.cpp.
module kdf
  import keyway_lock_pkg::*;
(
    input  logic        clk_i,
    input  logic        rst_ni,
    input  logic        clear_i,
    input  logic        word_valid_i,
    output logic        word_ready_o,
    input  logic        word_last_i,
    input  logic [31:0] word_i,
    output logic        sum_valid_o,
    output logic [31:0] sum_o,
    output logic        digest_valid_o,
    output key_t        digest_o
);

  typedef enum logic [1:0] {
    StMessage,
    StPadding,  // further words of the padding
    StDigest    // the last block is being compressed
  } state_e;

  state_e       state_q;
  logic   [6:0] words_q;  // of the message and the padding so far
  logic   [6:0] length_q;  // of the message
  logic sha_valid, sha_ready, sha_sum_valid, block_done;
  logic [31:0] word;

  wire message = state_q == StMessage;
  wire padding = state_q == StPadding;
  wire fills_block = words_q[3:0] == 4'd15;

  assign sha_valid      = (message && word_valid_i) || padding;
  assign word_ready_o   = message && sha_ready;
  assign sum_valid_o    = state_q == StDigest && sha_sum_valid;
  assign digest_valid_o = state_q == StDigest && block_done;

  always_comb begin
    word = word_i;
    if (padding) begin
      word = '0;
      if (words_q == length_q) word[7:0] = 8'h80;
      if (fills_block) word = swap_bytes({20'd0, length_q, 5'd0});
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      state_q  <= StMessage;
      words_q  <= 7'd0;
      length_q <= 7'd0;
    end else if (sha_valid && sha_ready) begin
      words_q <= words_q + 7'd1;
      if (message && word_last_i) begin
        state_q  <= StPadding;
        length_q <= words_q + 7'd1;
      end else if (padding && fills_block) begin
        state_q <= StDigest;
      end
    end else if (digest_valid_o) begin
      state_q <= StMessage;
      words_q <= 7'd0;
    end
  end

  sha256 u_sha256 (
      .clk_i,
      .rst_ni,
      .clear_i,
      .word_valid_i(sha_valid),
      .word_ready_o(sha_ready),
      .first_i     (words_q[6:4] == 3'd0),
      .word_i      (word),
      .sum_valid_o (sha_sum_valid),
      .sum_o,
      .block_done_o(block_done),
      .digest_o
  );

endmodule
