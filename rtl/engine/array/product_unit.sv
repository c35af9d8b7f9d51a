// SPDX-License-Identifier: Apache-2.0
// Product unit: weights meet activations, Count of them. The one place that chooses the array's arithmetic.
//
//   ArrayKindMultiplier   product_multiplier  integers, which the weights' operands are
//   ArrayKindLogarithmic  product_logarithm   recipes of shifts and additions, or logarithms with corrections
//                                             of their products (keyway_logarithm_pkg)
//   ArrayKindSerial       product_digit       one digit of the weight, -2 to 1
//
// Tiles and lanes carry operands without looking at them; arith/number_systems makes them of codes.
// A new kind is a module with these ports, a line here, and its product_bits and operand_one in keyway_pkg.
//
// Mathematics: product_o[i] = value(weight_i[i]) * activation_i[i], or what product_mitchell says of both;
//   a weight whose bits are all zero is zero.
// Timing: operands come with valid_i, at t + 5 or t + 6 (lane); the products stand a cycle later, until the
//   next one, whatever the kind: nothing behind the operands waits (token_pipe). How far apart steps are is
//   the kind's (the contract's step_cycles), and step_generator sees to that.
// Contract: a kind that is unknown here or in keyway_pkg does not elaborate.
// Test: tests/rtl/engine; of the contract, tests/rtl/test_elaboration.py.

module product_unit
  import keyway_contract_pkg::*;
  import keyway_pkg::*;
#(
    parameter  array_kind_e ArrayKind   = ArrayKindMultiplier,
    parameter  int unsigned Count       = 8,
    localparam int unsigned WeightBits  = weight_bits(ArrayKind),
    localparam int unsigned FactorBits  = factor_bits(ArrayKind),
    localparam int unsigned ProductBits = product_bits(ArrayKind)
) (
    input  logic                          clk_i,
    input  logic                          clear_i,
    input  logic                          valid_i,
    input  logic        [ WeightBits-1:0] weight_i    [Count],
    input  logic signed [ FactorBits-1:0] activation_i[Count],
    output logic signed [ProductBits-1:0] product_o   [Count]
);

  if (ArrayKind == ArrayKindMultiplier) begin : gen_multiplier
    product_multiplier #(.Count(Count)) u_product (.*);
  end else if (ArrayKind == ArrayKindLogarithmic) begin : gen_logarithm
    product_logarithm #(.Count(Count)) u_product (.*);
  end else if (ArrayKind == ArrayKindSerial) begin : gen_digit
    product_digit #(.Count(Count)) u_product (.*);
  end else begin : gen_unknown
    $error("no such array kind: %0d", ArrayKind);
  end
  if (ProductBits == 0 || operand_one(ArrayKind) == '0) begin : gen_no_widths
    $error("keyway_pkg lacks product_bits or operand_one of array kind %0d", ArrayKind);
  end

endmodule
