// SPDX-License-Identifier: Apache-2.0
// Every decoder of rtl/arith side by side, each followed by the array's 12 x 9-bit multiplication.
//
// Mathematics: product = operand(code) * activation, signed, 21 bits, exact.
// Timing: combinational. Used by test_rtl.cpp only; a new number system adds one instance and one port.
module decoder_bench (
    input  logic        [ 7:0] code_i,
    input  logic        [11:0] entry_i,
    input  logic signed [ 8:0] activation_i,
    output logic signed [11:0] int8_operand_o,
    output logic signed [20:0] int8_product_o,
    output logic signed [11:0] qf8_operand_o,
    output logic signed [20:0] qf8_product_o
);

  int8 u_int8 (
      .code_i,
      .entry_i,
      .operand_o(int8_operand_o)
  );

  qf8 u_qf8 (
      .code_i,
      .entry_i,
      .operand_o(qf8_operand_o)
  );

  assign int8_product_o = 21'(int8_operand_o) * 21'(activation_i);
  assign qf8_product_o  = 21'(qf8_operand_o) * 21'(activation_i);

endmodule
