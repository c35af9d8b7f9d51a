// SPDX-License-Identifier: Apache-2.0
// posit8: decoder of posits of 8 bits, for arrays that multiply integers.
//
// Mathematics: a negative code is the two's complement of its magnitude. Behind the sign a run of equal bits
//   says the regime (k + 1 ones mean k, -k zeros mean k), then come two bits of exponent e and the fraction,
//   as many bits as there are: the number is 2^(4k + e) * (1 + fraction). The operand is 64 times that, to
//   the nearest integer, ties away from zero, and at most 2047 in magnitude: the window is 2^-7 to 2^5. 0x00
//   is zero; 0x80 (not a real) gives zero, no coder uses it.
// Timing: combinational, no state. Whoever instantiates it owns the pipeline register.
// Contract: entry_i is not looked at. There is no forbidden input, hence no assertion.
// Source: Standard for Posit Arithmetic (2022), section 3, posit8 (es = 2).
// Twin: models/arith/posit8.cpp. Test: tests/arith/test_rtl.cpp, all codes times all activations.
module posit8 (
    input  logic        [ 7:0] code_i,
    input  logic        [11:0] entry_i,
    output logic signed [11:0] operand_o
);

  logic [6:0] bits;  // of the magnitude
  logic [4:0] rest;  // exponent and fraction, from the top
  logic signed [4:0] regime;
  logic signed [6:0] shift;  // of 1.fraction with three bits behind the point, to an operand
  logic [3:0] significand;
  logic [10:0] left;
  logic [4:0] right;  // with the bit below the point
  logic [10:0] magnitude;

  assign bits = code_i[7] ? -code_i[6:0] : code_i[6:0];

  always_comb begin
    casez (bits)
      7'b10?????: {regime, rest} = {5'sd0, bits[4:0]};
      7'b110????: {regime, rest} = {5'sd1, bits[3:0], 1'b0};
      7'b1110???: {regime, rest} = {5'sd2, bits[2:0], 2'b0};
      7'b11110??: {regime, rest} = {5'sd3, bits[1:0], 3'b0};
      7'b111110?: {regime, rest} = {5'sd4, bits[0], 4'b0};
      7'b1111110: {regime, rest} = {5'sd5, 5'b0};
      7'b1111111: {regime, rest} = {5'sd6, 5'b0};
      7'b01?????: {regime, rest} = {-5'sd1, bits[4:0]};
      7'b001????: {regime, rest} = {-5'sd2, bits[3:0], 1'b0};
      7'b0001???: {regime, rest} = {-5'sd3, bits[2:0], 2'b0};
      7'b00001??: {regime, rest} = {-5'sd4, bits[1:0], 3'b0};
      7'b000001?: {regime, rest} = {-5'sd5, bits[0], 4'b0};
      default: {regime, rest} = {-5'sd6, 5'b0};
    endcase
  end

  assign significand = {1'b1, rest[2:0]};
  assign shift = {regime, rest[4:3]} + 7'sd3;
  assign left = 11'(significand) << shift[2:0];
  assign right = 5'({significand, 1'b0} >> (4'd0 - shift[3:0])) + 5'd1;

  always_comb begin
    magnitude = '0;  // a quarter or less
    if (bits == '0) magnitude = '0;
    else if (shift > 7'sd7) magnitude = '1;
    else if (shift >= 7'sd0) magnitude = left;
    else if (shift > -7'sd5) magnitude = 11'(right[4:1]);
  end

  assign operand_o = code_i[7] ? -signed'({1'b0, magnitude}) : signed'({1'b0, magnitude});

  logic unused_bits;
  assign unused_bits = ^{entry_i, right[0]};

endmodule
