// SPDX-License-Identifier: Apache-2.0
// Array kind `multiplier`: the product of two signed integers.
//
// Mathematics: product_o = weight_i * activation_i. Exact.
// Timing: a step a cycle. Operands come with valid_i; the product stands a cycle later, until the next one.
// Contract: see product_unit, which chooses it.
// Test: tests/rtl/engine.

module product_multiplier
  import keyway_contract_pkg::*;
  import keyway_pkg::*;
#(
    localparam int unsigned ProductBits = product_bits(ArrayKindMultiplier)
) (
    input  logic                             clk_i,
    input  logic                             clear_i,
    input  logic                             valid_i,
    input  operand_t                         weight_i,
    input  logic signed [ActivationBits-1:0] activation_i,
    output logic signed [   ProductBits-1:0] product_o
);

  always_ff @(posedge clk_i) begin
    if (clear_i) product_o <= '0;
    else if (valid_i) product_o <= signed'(weight_i) * activation_i;
  end

endmodule
