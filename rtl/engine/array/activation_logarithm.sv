// SPDX-License-Identifier: Apache-2.0
// Activation logarithm: what meets the weights at a depth of an array of logarithms, an activation or, for
// Mitchell's products, its logarithm; once for all lanes.
//
// Mathematics: of |x| = 2^k (1 + g / 128) with whole k the octave is k and the fraction g / 2, rounded
//   down: the place of the leading one and the six bits behind it. Without logarithms_i the activation
//   itself, sign-extended.
// Timing: combinational, no state.
// Contract: with logarithms_i activations are from -255 to 255.
// Twin: models/arith/mit8.cpp. Test: tests/arith/test_rtl.cpp.

module activation_logarithm
  import keyway_contract_pkg::*;
  import keyway_logarithm_pkg::*;
  import keyway_pkg::*;
#(
    localparam int unsigned FactorBits = factor_bits(ArrayKindLogarithmic)
) (
    input  logic                             logarithms_i,
    input  logic signed [ActivationBits-1:0] activation_i,
    output logic        [    FactorBits-1:0] factor_o
);

  logic [7:0] magnitude, shifted;
  activation_logarithm_t logarithm;

  always_comb begin
    magnitude = activation_i[8] ? -activation_i[7:0] : activation_i[7:0];
    logarithm.negative = activation_i[8];
    logarithm.nonzero = magnitude != '0;
    shifted = magnitude;
    logarithm.octave = '1;
    for (int b = 4; b >= 1; b /= 2) begin
      if ((shifted >> (8 - b)) == '0) begin
        shifted = shifted << b;
        logarithm.octave = logarithm.octave - 3'(b);
      end
    end
    logarithm.fraction = shifted[6:1];
  end

  assign factor_o = logarithms_i ? logarithm : FactorBits'(activation_i);

  logic unused_bit;
  assign unused_bit = shifted[0];

endmodule
