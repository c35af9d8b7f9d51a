// SPDX-License-Identifier: Apache-2.0
// lns8: decoder of logarithmic weight codes, for arrays of logarithms.
//
// Mathematics: the magnitude of a code (see lns8) is m * 2^shift, with a fraction m that is 32 + first + second
//   of few signed powers of two, or 1. The operand says which: {shift, is negative, is not zero, first, second}.
//
//     f            0   1   2   3   4   5   6   7   below 32
//     m           32  35  38  41  44  48  52  56       1
//     first        8   2   2   8   8   8  16  16     -32
//     second      -8   1   4   1   4   8   4   8       1
//
// Timing: combinational, no state. Whoever instantiates it owns the pipeline register.
// Contract: entry_i is not looked at. What product_logarithm makes of the operand is the product; zero is
//   all zeros. There is no forbidden input, hence no assertion.
// Twin: models/arith/lns8.cpp. Test: tests/arith/test_rtl.cpp, all codes times all activations.
module lns8_logarithm
  import keyway_logarithm_pkg::*;
(
    input  logic        [ 7:0] code_i,
    input  logic        [11:0] entry_i,
    output logic signed [11:0] operand_o
);

  logarithm_t operand;

  always_comb begin
    operand.shift = code_i[6:3] - 4'd6;
    operand.negative = code_i[7];
    operand.nonzero = 1'b1;
    case (code_i[2:0])
      3'd0: {operand.first, operand.second} = {FirstPlus8, SecondMinus8};
      3'd1: {operand.first, operand.second} = {FirstPlus2, SecondPlus1};
      3'd2: {operand.first, operand.second} = {FirstPlus2, SecondPlus4};
      3'd3: {operand.first, operand.second} = {FirstPlus8, SecondPlus1};
      3'd4: {operand.first, operand.second} = {FirstPlus8, SecondPlus4};
      3'd5: {operand.first, operand.second} = {FirstPlus8, SecondPlus8};
      3'd6: {operand.first, operand.second} = {FirstPlus16, SecondPlus4};
      default: {operand.first, operand.second} = {FirstPlus16, SecondPlus8};
    endcase
    if (code_i[6:3] < 4'd6) begin
      operand.shift = (code_i[6:3] == '0) ? '0 : code_i[6:3] - 4'd1;
      {operand.first, operand.second} = {FirstMinus32, SecondPlus1};
    end
    if (code_i[6:0] == '0) operand = logarithm_t'('0);
  end

  assign operand_o = 12'(operand);

  logic unused_entry;
  assign unused_entry = ^entry_i;

endmodule
