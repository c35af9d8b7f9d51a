// SPDX-License-Identifier: Apache-2.0
// Array kind `multiplier`: products of two signed integers, Count of them.
//
// Mathematics: product_o[i] = weight_i[i] * activation_i[i]. Exact.
// Timing: operands come with valid_i; the products stand a cycle later, until the next one.
// Contract: see product_unit, which chooses it.
// Test: tests/rtl/engine.

module product_multiplier
  import keyway_contract_pkg::*;
  import keyway_pkg::*;
#(
    parameter  int unsigned Count       = 8,
    localparam int unsigned ProductBits = product_bits(ArrayKindMultiplier)
) (
    input  logic                             clk_i,
    input  logic                             clear_i,
    input  logic                             valid_i,
    input  operand_t                         weight_i    [Count],
    input  logic signed [ActivationBits-1:0] activation_i[Count],
    output logic signed [   ProductBits-1:0] product_o   [Count]
);

  logic signed [ProductBits-1:0] product_q[Count];

  always_ff @(posedge clk_i) begin
    if (clear_i) begin
      product_q <= '{default: '0};
    end else if (valid_i) begin
      logic signed [ProductBits-1:0] product[Count];
      for (int i = 0; i < int'(Count); i++) product[i] = signed'(weight_i[i]) * activation_i[i];
      product_q <= product;
    end
  end

  assign product_o = product_q;

endmodule
