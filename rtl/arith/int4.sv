// SPDX-License-Identifier: Apache-2.0
// int4: decoder of two's-complement weight codes of four bits.
//
// Mathematics: code b3..b0 has the operand -8 b3 + 4 b2 + 2 b1 + b0, that is the code sign-extended to 12
//   bits. Exact; operands lie in [-8, 7].
// Timing: combinational, no state. Whoever instantiates it owns the pipeline register.
// Contract: of code_i the lower half counts; entry_i is not looked at. There is no forbidden input, hence no
//   assertion.
// Source: Krishnamoorthi, arXiv 1806.08342, section 3 (symmetric, one step per output channel).
// Twin: models/arith/int4.cpp. Test: tests/arith/test_rtl.cpp, all codes times all activations.
module int4 (
    input  logic        [ 7:0] code_i,
    input  logic        [11:0] entry_i,
    output logic signed [11:0] operand_o
);

  logic unused_bits;
  assign unused_bits = ^{entry_i, code_i[7:4]};

  assign operand_o   = {{8{code_i[3]}}, code_i[3:0]};

endmodule
