// SPDX-License-Identifier: Apache-2.0
// lns8: decoder of logarithmic weight codes, for arrays that multiply integers.
//
// Mathematics: bit 7 is the sign, bits 6..0 the logarithm L of the magnitude to base 2^(1/8), so 127 of them
//   span 15.9 octaves. L = 0 is zero. With i = L / 8 and f = L mod 8 the magnitude is M(f) * 2^i, where M(f),
//   16 * 2^(f/8) to an odd integer of at most three signed powers of two, is 16, 17, 19, 21, 23, 25, 27, 29.
//   The operand is that over 2^9, to the nearest integer, ties away from zero: a window of eleven octaves. Of
//   the others the smallest numbers keep an operand of one, and what is below a half is zero.
// Timing: combinational, no state. Whoever instantiates it owns the pipeline register.
// Contract: entry_i is not looked at. There is no forbidden input, hence no assertion. Code 0x80, zero with a
//   sign, is zero here (elsewhere it is one unit, see the twin).
// Source: logarithmic numbers: Kingsbury and Rayner, Electronics Letters 7(2), 1971; as weights: Miyashita, Lee
//   and Murmann, arXiv 1603.01025.
// Twin: models/arith/lns8.cpp. Test: tests/arith/test_rtl.cpp, all codes times all activations.
module lns8 (
    input  logic        [ 7:0] code_i,
    input  logic        [11:0] entry_i,
    output logic signed [11:0] operand_o
);

  logic [ 4:0] mantissa;
  logic [19:0] value;
  logic [10:0] magnitude;

  always_comb begin
    case (code_i[2:0])
      3'd0: mantissa = 5'd16;
      3'd1: mantissa = 5'd17;
      3'd2: mantissa = 5'd19;
      3'd3: mantissa = 5'd21;
      3'd4: mantissa = 5'd23;
      3'd5: mantissa = 5'd25;
      3'd6: mantissa = 5'd27;
      default: mantissa = 5'd29;
    endcase
    value = (code_i[6:0] == '0) ? '0 : 20'(mantissa) << code_i[6:3];
  end

  assign magnitude = value[19:9] + 11'(value[8]);
  assign operand_o = code_i[7] ? -signed'({1'b0, magnitude}) : signed'({1'b0, magnitude});

  logic unused_bits;
  assign unused_bits = ^{entry_i, value[7:0]};

endmodule
