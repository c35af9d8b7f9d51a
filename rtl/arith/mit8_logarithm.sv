// SPDX-License-Identifier: Apache-2.0
// mit8: decoder of logarithmic weight codes whose products are additions of logarithms, for arrays of
// logarithms.
//
// Mathematics: bit 7 is the sign, bits 6..4 the octave i, bits 3..0 the fraction f of a logarithm to base
//   two that is linear between powers of two: the magnitude is 2^i (1 + f / 16). Bits 6..0 of zero are the
//   number zero, whatever the sign. The operand is those fields with a flag for zero.
// Timing: combinational, no state. Whoever instantiates it owns the pipeline register.
// Contract: entry_i is not looked at: the table is of corrections, which correction_table reads beside.
//   Zero is all zeros. There is no forbidden input, hence no assertion.
// Source: Mitchell, IRE Transactions on Electronic Computers EC-11(4), 1962.
// Twin: models/arith/mit8.cpp. Test: tests/arith/test_rtl.cpp, all codes times all activations.
module mit8_logarithm
  import keyway_logarithm_pkg::*;
(
    input  logic        [ 7:0] code_i,
    input  logic        [11:0] entry_i,
    output logic signed [11:0] operand_o
);

  mitchell_t operand;

  always_comb begin
    operand = '{
        mitchell: 1'b1,
        unused: '0,
        negative: code_i[7],
        nonzero: 1'b1,
        octave: code_i[6:4],
        fraction: code_i[3:0]
    };
    if (code_i[6:0] == '0) operand = mitchell_t'('0);
  end

  assign operand_o = 12'(operand);

  logic unused_entry;
  assign unused_entry = ^entry_i;

endmodule
