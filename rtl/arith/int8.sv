// SPDX-License-Identifier: Apache-2.0
// int8: decoder of plain two's-complement weight codes, the reference number system.
//
// Mathematics: code b7..b0 has the operand -128 b7 + sum of 2^i b_i, that is the code sign-extended to
//   12 bits. Exact; operands lie in [-128, 127]. A product with a 9-bit activation has at most 20 bits.
// Timing: combinational, no state. Whoever instantiates it owns the pipeline register.
// Contract: entry_i is what the decode memory holds for this code; int8 ignores it, so that all number
//   systems have one port list. There is no forbidden input, hence no assertion.
// Source: Krishnamoorthi, arXiv 1806.08342, section 3 (symmetric, one step per output channel).
// Twin: models/arith/int8.cpp. Test: tests/arith/test_rtl.cpp, all codes times all activations.
module int8 (
    input  logic        [ 7:0] code_i,
    input  logic        [11:0] entry_i,
    output logic signed [11:0] operand_o
);

  logic unused_entry;
  assign unused_entry = ^entry_i;

  assign operand_o = {{4{code_i[7]}}, code_i};

endmodule
