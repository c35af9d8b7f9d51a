// SPDX-License-Identifier: Apache-2.0
// Key derivation: SHA-256 of a label and fields, all of them multiples of 16 bytes.
//
// The caller gives the message as units of 16 bytes, the label first, and marks the last one. The
// padding of FIPS 180-4 (one bit, zeros, the length as 64 bits, big-endian) then takes one to four
// units: 0x80 starts the first of them and the length ends the one that fills a block.
//
// Timing: 69 cycles for every 64 bytes of the padded message. digest_valid_o is a pulse; digest_o holds
// until the next message starts or clear_i.
// Contract: the units of a message follow each other without another clear; the message is shorter than
// 16 units of 16 bytes (the longest derivation has 10).
// Source: contract.toml [[kdf]]; FIPS 180-4, section 5.1.1. Test: tests/rtl/lock/test_sha256.cpp.
module kdf
  import keyway_lock_pkg::*;
(
    input  logic   clk_i,
    input  logic   rst_ni,
    input  logic   clear_i,
    input  logic   unit_valid_i,
    output logic   unit_ready_o,
    input  logic   unit_last_i,
    input  block_t unit_i,
    output logic   digest_valid_o,
    output key_t   digest_o
);

  typedef enum logic [1:0] {
    StMessage,
    StPadding,  // further units of the padding
    StDigest    // the last block is being compressed
  } state_e;

  state_e       state_q;
  logic   [4:0] units_q;  // of the message and the padding so far
  logic   [4:0] length_q;  // of the message
  logic quarter_valid, quarter_ready, block_done;
  block_t quarter;

  wire    message = state_q == StMessage;
  wire    padding = state_q == StPadding;
  wire    fills_block = units_q[1:0] == 2'd3;

  assign quarter_valid  = (message && unit_valid_i) || padding;
  assign unit_ready_o   = message && quarter_ready;
  assign digest_valid_o = state_q == StDigest && block_done;

  always_comb begin
    quarter = unit_i;
    if (padding) begin
      quarter = '0;
      if (units_q == length_q) quarter[7:0] = 8'h80;
      if (fills_block) quarter[127:96] = swap_bytes({20'd0, length_q, 7'd0});
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      state_q  <= StMessage;
      units_q  <= 5'd0;
      length_q <= 5'd0;
    end else if (quarter_valid && quarter_ready) begin
      units_q <= units_q + 5'd1;
      if (message && unit_last_i) begin
        state_q  <= StPadding;
        length_q <= units_q + 5'd1;
      end else if (padding && fills_block) begin
        state_q <= StDigest;
      end
    end else if (digest_valid_o) begin
      state_q <= StMessage;
      units_q <= 5'd0;
    end
  end

  sha256 u_sha256 (
      .clk_i,
      .rst_ni,
      .clear_i,
      .quarter_valid_i(quarter_valid),
      .quarter_ready_o(quarter_ready),
      .first_i        (units_q == 5'd0),
      .quarter_i      (quarter),
      .block_done_o   (block_done),
      .digest_o
  );

endmodule
