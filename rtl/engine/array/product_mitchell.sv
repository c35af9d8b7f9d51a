// SPDX-License-Identifier: Apache-2.0
// Mitchell's product of a weight and an activation whose logarithms are known, as a value and a shift.
//
// Mathematics: with weight 2^i (1 + f / 16) and activation 2^k (1 + g / 64) the logarithm of the product is
//   nearly that of weight and activation, i + k + f / 16 + g / 64, plus the weight's correction for the
//   upper three bits of g, a whole number of 32nds; its integer part e, modulo 16, and its fraction h / 64
//   give
//
//     magnitude = (2 (64 + h) + 1) 2^e
//
//   which is linear in h between powers of two, and in the middle of what h stands for. Zero where weight or
//   activation is. value_o * 2^shift_o is that with the product's sign, which needs no adder: the ones'
//   complement of 2 (64 + h), with the one below it kept, is the negative of 2 (64 + h) + 1.
// Timing: combinational, no state: product_logarithm's register is in the middle of its shift.
// Source: Mitchell, IRE Transactions on Electronic Computers EC-11(4), 1962; corrections by upper bits of
//   both fractions: Abed and Siferd, IEEE Transactions on Computers 52(11), 2003.
// Twin: models/arith/mit8.cpp. Test: tests/arith/test_rtl.cpp.

module product_mitchell
  import keyway_logarithm_pkg::*;
#(
    localparam int unsigned ValueBits = 9,
    localparam int unsigned LogarithmBits = 10
) (
    input  mitchell_t                             weight_i,
    input  corrections_t                          corrections_i,
    input  activation_logarithm_t                 activation_i,
    output logic signed           [ValueBits-1:0] value_o,
    output logic                  [          3:0] shift_o
);

  logic [LogarithmBits-1:0] sum, corrected;
  logic negative, nonzero;

  assign sum = LogarithmBits'({weight_i.octave, weight_i.fraction, 2'b00}) +
      LogarithmBits'({activation_i.octave, activation_i.fraction});
  assign corrected = sum +
      LogarithmBits'({corrections_i[activation_i.fraction[5-:CorrectionClassBits]], 1'b0});
  assign negative = weight_i.negative != activation_i.negative;
  assign nonzero = weight_i.nonzero && activation_i.nonzero;

  assign value_o = nonzero ? signed'({negative, {1'b1, corrected[5:0]} ^ {7{negative}}, 1'b1}) : '0;
  assign shift_o = corrected[9:6];

  logic unused_bits;
  assign unused_bits = ^{weight_i.mitchell, weight_i.unused};

endmodule
