// SPDX-License-Identifier: Apache-2.0
// lns8: decoder of logarithmic weight codes, for arrays of logarithms.
//
// Mathematics: the magnitude of a code (see lns8) is m * 2^shift, with a fraction m that is the sum of two
//   terms, which are sums of few powers of two. The operand says which: {shift, is negative, first, second}.
//
//     f            0   1   2   3   4   5   6   7   below 32
//     m            8  35  38  41  44  48  52  56       1
//     first        0  34  34  40  40  48  48  48       0
//     second       8   1   4   1   4   0   4   8       1
//
//   The fraction 32 is 8, shifted by two more: so first is four choices, and zero, which is no term at all,
//   needs no bit of its own.
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
    case (code_i[2:0])
      3'd0: {operand.first, operand.second} = {First0, Second8};
      3'd1: {operand.first, operand.second} = {First34, Second1};
      3'd2: {operand.first, operand.second} = {First34, Second4};
      3'd3: {operand.first, operand.second} = {First40, Second1};
      3'd4: {operand.first, operand.second} = {First40, Second4};
      3'd5: {operand.first, operand.second} = {First48, Second0};
      3'd6: {operand.first, operand.second} = {First48, Second4};
      default: {operand.first, operand.second} = {First48, Second8};
    endcase
    if (code_i[2:0] == '0) operand.shift = code_i[6:3] - 4'd4;
    if (code_i[6:3] < 4'd6) begin
      operand.shift = (code_i[6:3] == '0) ? '0 : code_i[6:3] - 4'd1;
      {operand.first, operand.second} = {First0, Second1};
    end
    if (code_i[6:0] == '0) operand = logarithm_t'('0);
  end

  assign operand_o = 12'(operand);

  logic unused_entry;
  assign unused_entry = ^entry_i;

endmodule
