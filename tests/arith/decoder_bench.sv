// SPDX-License-Identifier: Apache-2.0
// All decoders of rtl/arith and the choice among them, then the array's 12 x 9-bit multiplication.
//
// Mathematics: product = operand(code) * activation, signed, 21 bits, exact.
// Timing: combinational. Used by test_rtl.cpp only.
module decoder_bench
  import keyway_contract_pkg::*;
(
    input  number_system_t        system_i,
    input  digits_t               digits_i,
    input  logic           [ 7:0] code_i,
    input  logic           [11:0] entry_i,
    input  logic signed    [ 8:0] activation_i,
    output logic signed    [11:0] operand_o,
    output logic signed    [20:0] product_o
);

  number_systems u_number_systems (
      .system_i,
      .digits_i,
      .code_i,
      .entry_i,
      .operand_o
  );

  assign product_o = 21'(operand_o) * 21'(activation_i);

endmodule
