// SPDX-License-Identifier: Apache-2.0
// All decoders of rtl/arith for a kind of array, the choice among them, and the array's product.
//
// Mathematics: product = value of the operand * activation, signed, exact.
// Timing: the operand is combinational, the product stands a cycle later. Used by test_rtl.cpp only.
module decoder_bench
  import keyway_contract_pkg::*;
  import keyway_pkg::*;
#(
    parameter int unsigned ArrayKind = 0
) (
    input  logic                         clk_i,
    input  number_system_t               system_i,
    input  digits_t                      digits_i,
    input  logic           [        7:0] code_i,
    input  logic           [       11:0] entry_i,
    input  logic signed    [        8:0] activation_i,
    output logic           [       11:0] operand_o,
    output logic signed    [       31:0] product_o
);

  localparam array_kind_e Kind = array_kind_e'(8'(ArrayKind));
  localparam int unsigned ProductBits = product_bits(Kind);

  operand_t operand[1];
  logic signed [ActivationBits-1:0] activation[1];
  logic signed [ProductBits-1:0] product[1];

  number_systems #(
      .ArrayKind(Kind)
  ) u_number_systems (
      .system_i,
      .digits_i,
      .code_i,
      .entry_i,
      .operand_o(operand_o)
  );

  assign operand[0] = operand_o;
  assign activation[0] = activation_i;

  product_unit #(
      .ArrayKind(Kind),
      .Count(1)
  ) u_product_unit (
      .clk_i,
      .clear_i     (1'b0),
      .valid_i     (1'b1),
      .weight_i    (operand),
      .activation_i(activation),
      .product_o   (product)
  );

  assign product_o = 32'(product[0]);

endmodule
