// SPDX-License-Identifier: Apache-2.0
// qf4: decoder of quantile weight codes of four bits, all 16 equally likely over a tensor.
//
// Mathematics: the operand is the table entry of the code, a 12-bit two's-complement number in
//   [-2048, 2047]; the table is part of the sealed program. Exact given the table; how tables are made stands
//   in models/arith/qf4.hpp.
// Timing: combinational, no state. The table is read by whoever instantiates this.
// Contract: entry_i is the table's entry for the lower half of code_i. There is no forbidden input, hence no
//   assertion.
// Source: "Locking Machine Learning Models into Hardware", arXiv 2405.20990.
// Twin: models/arith/qf4.cpp. Test: tests/arith/test_rtl.cpp, all codes times all activations.
module qf4 (
    input  logic        [ 7:0] code_i,
    input  logic        [11:0] entry_i,
    output logic signed [11:0] operand_o
);

  logic unused_code;
  assign unused_code = ^code_i;

  assign operand_o   = signed'(entry_i);

endmodule
