// SPDX-License-Identifier: Apache-2.0
// ds8: decoder of weight codes of four signed digits, of which the upper ones count.
//
// Mathematics: digit j of the code, bits 2j+1..2j in two's complement, is -2..1, and the operand is the sum
//   of digit_j * 4^j over the upper digits_i + 1 of them. A digit is its bits with the upper one inverted,
//   less two, so the operand is the code, zeros in place of the digits that do not count, with every upper
//   bit inverted, less 2 * (1 + 4 + 16 + 64) = 170. Exact; of four digits the operands are the integers of
//   -170..85, each of one code.
// Timing: combinational, no state. Whoever instantiates it owns the pipeline register.
// Contract: entry_i is not looked at. There is no forbidden input, hence no assertion.
// Source: signed digits to base four: Avizienis, IRE Transactions on Electronic Computers 10(3), 1961.
// Twin: models/arith/ds8.cpp. Test: tests/arith/test_rtl.cpp, all codes of all numbers of digits times all
//   activations.
module ds8 (
    input  logic        [ 1:0] digits_i,
    input  logic        [ 7:0] code_i,
    input  logic        [11:0] entry_i,
    output logic signed [11:0] operand_o
);

  localparam logic [11:0] Uppers = 12'hAA;  // the upper bits of all digits, and what they weigh

  logic [3:0] counts;  // of the digits, the lowest first
  logic [7:0] kept;

  assign counts = ~(4'b0111 >> digits_i);
  for (genvar j = 0; j < 4; j++) begin : gen_digit
    assign kept[2*j+:2] = counts[j] ? code_i[2*j+:2] : 2'd0;
  end
  assign operand_o = (12'(kept) ^ Uppers) - Uppers;

  logic unused_entry;
  assign unused_entry = ^entry_i;

endmodule
