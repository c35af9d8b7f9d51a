// SPDX-License-Identifier: Apache-2.0
// lns8: decoder of logarithmic weight codes, for arrays that multiply integers.
//
// Mathematics: bit 7 is the sign, bits 6..0 the logarithm L = 8 i + f of the magnitude to base 2^(1/8), which
//   is M(f) * 2^(i - 6) from L = 48 on, M = 32, 35, 38, 41, 44, 48, 52, 56; 2^(i - 1) for i = 1..5; 1 for
//   L = 1..7; and 0 for L = 0 (see the twin). The operand is a sixteenth of that, to the nearest integer,
//   ties away from zero: of 14.8 octaves the window keeps the upper eleven.
// Timing: combinational, no state. Whoever instantiates it owns the pipeline register.
// Contract: entry_i is not looked at. There is no forbidden input, hence no assertion.
// Source: logarithmic numbers: Kingsbury and Rayner, Electronics Letters 7(2), 1971; as weights: Miyashita,
//   Lee and Murmann, arXiv 1603.01025.
// Twin: models/arith/lns8.cpp. Test: tests/arith/test_rtl.cpp, all codes times all activations.
module lns8 (
    input  logic        [ 7:0] code_i,
    input  logic        [11:0] entry_i,
    output logic signed [11:0] operand_o
);

  logic [ 5:0] mantissa;
  logic [14:0] value;  // where it is 32 or more
  logic [10:0] magnitude;

  always_comb begin
    case (code_i[2:0])
      3'd0: mantissa = 6'd32;
      3'd1: mantissa = 6'd35;
      3'd2: mantissa = 6'd38;
      3'd3: mantissa = 6'd41;
      3'd4: mantissa = 6'd44;
      3'd5: mantissa = 6'd48;
      3'd6: mantissa = 6'd52;
      default: mantissa = 6'd56;
    endcase
    value = 15'(mantissa) << (code_i[6:3] - 4'd6);
    magnitude = (code_i[6:3] >= 4'd6) ? value[14:4] + 11'(value[3]) : 11'(code_i[6:3] >= 4'd4);
  end

  assign operand_o = code_i[7] ? -signed'({1'b0, magnitude}) : signed'({1'b0, magnitude});

  logic unused_bits;
  assign unused_bits = ^{entry_i, value[2:0]};

endmodule
