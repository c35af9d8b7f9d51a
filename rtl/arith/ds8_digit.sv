// SPDX-License-Identifier: Apache-2.0
// ds8: decoder of one digit of a weight code of four, for arrays that take a digit a pass.
//
// Mathematics: operand_o = digit 3 - digits_i of the code, bits 7 - 2 * digits_i and the one below in two's
//   complement: -2..1. Over the passes of a tile, digits_i = 0 to k - 1, the sum of
//   operand_o * 4^(3 - digits_i) is the operand that ds8 makes of k digits.
// Timing: combinational, no state. Whoever instantiates it owns the pipeline register.
// Contract: entry_i is not looked at. There is no forbidden input, hence no assertion.
// Twin: models/arith/ds8.cpp, for all passes together. Test: tests/arith/test_rtl.cpp, all codes and digits.
module ds8_digit (
    input  logic        [ 1:0] digits_i,
    input  logic        [ 7:0] code_i,
    input  logic        [11:0] entry_i,
    output logic signed [11:0] operand_o
);

  logic signed [1:0] digit;

  assign digit = signed'(code_i[2*(2'd3-digits_i)+:2]);
  assign operand_o = 12'(digit);

  logic unused_entry;
  assign unused_entry = ^entry_i;

endmodule
