// SPDX-License-Identifier: Apache-2.0
// fp8: decoder of 8-bit floating-point numbers E4M3, for arrays that multiply integers.
//
// Mathematics: bit 7 is the sign, bits 6..3 the exponent e, bits 2..0 the fraction m: the number is
//   2^(e - 7) * (1 + m / 8), for e = 0 it is 2^-6 * m / 8. The operand is 4 times that, to the nearest
//   integer, ties away from zero: the largest number, 448, is 1792, and what is below 1/8 is zero, so the
//   window is 2^-3 to 2^9. Not a number (s.1111.111) gives zero, no coder uses it.
// Timing: combinational, no state. Whoever instantiates it owns the pipeline register.
// Contract: entry_i is not looked at. There is no forbidden input, hence no assertion.
// Source: OCP 8-bit Floating Point Specification (OFP8), revision 1.0, section 5; Micikevicius et al.,
//   arXiv 2209.05433, section 3.
// Twin: models/arith/fp8.cpp. Test: tests/arith/test_rtl.cpp, all codes times all activations.
module fp8 (
    input  logic        [ 7:0] code_i,
    input  logic        [11:0] entry_i,
    output logic signed [11:0] operand_o
);

  logic [3:0] exponent, significand;
  logic [10:0] left;
  logic [ 4:0] right;  // with the bit below the point
  logic [10:0] magnitude;

  assign exponent = code_i[6:3];
  assign significand = {1'b1, code_i[2:0]};
  assign left = 11'(significand) << exponent[2:0];
  assign right = 5'({significand, 1'b0} >> (4'd8 - exponent)) + 5'd1;

  always_comb begin
    magnitude = '0;  // a quarter or less
    if (code_i[6:0] == '1) magnitude = '0;
    else if (exponent[3]) magnitude = left;
    else if (exponent > 4'd3) magnitude = 11'(right[4:1]);
  end

  assign operand_o = code_i[7] ? -signed'({1'b0, magnitude}) : signed'({1'b0, magnitude});

  logic unused_bits;
  assign unused_bits = ^{entry_i, right[0]};

endmodule
