// SPDX-License-Identifier: Apache-2.0
// Product unit: weights meet activations, Count of them. The one place where the array's arithmetic is chosen.
//
//   ArrayKindMultiplier  product_multiplier  signed integers, a step a cycle
//
// What a weight's bits mean is between the decoders and the unit of a kind; tiles and lanes carry
// operand_t. A new kind is a module with these ports, a line here and its widths in keyway_pkg; the contract
// says how many cycles a step takes it, and step_generator keeps to that.
//
// Mathematics: product_o[i] = value(weight_i[i]) * activation_i[i]; a weight whose bits are all zero is zero.
// Timing: operands come with valid_i, at t + 5 or t + 6 (lane); the products stand a cycle later, until the
//   next one.
// Contract: an unknown kind does not elaborate.
// Test: tests/rtl/engine.

module product_unit
  import keyway_contract_pkg::*;
  import keyway_pkg::*;
#(
    parameter  array_kind_e ArrayKind   = ArrayKindMultiplier,
    parameter  int unsigned Count       = 8,
    localparam int unsigned ProductBits = product_bits(ArrayKind)
) (
    input  logic                             clk_i,
    input  logic                             clear_i,
    input  logic                             valid_i,
    input  operand_t                         weight_i    [Count],
    input  logic signed [ActivationBits-1:0] activation_i[Count],
    output logic signed [   ProductBits-1:0] product_o   [Count]
);

  if (ArrayKind == ArrayKindMultiplier) begin : gen_multiplier
    product_multiplier #(.Count(Count)) u_product (.*);
  end else begin : gen_unknown
    $error("no such array kind: %0d", ArrayKind);
  end

endmodule
