// SPDX-License-Identifier: Apache-2.0
// All decoders of rtl/arith for a kind of array, those of stored operands at the address where a decode table
// has them, the choice among all, and the array's product.
//
// Mathematics: product = value of the operand * activation, signed, exact, or what product_mitchell makes
//   of both.
// Timing: the operand is combinational, the product stands a cycle later. Used by test_rtl.cpp only.
module decoder_bench
  import keyway_contract_pkg::*;
  import keyway_logarithm_pkg::*;
  import keyway_pkg::*;
#(
    parameter int unsigned ArrayKind = 0
) (
    input  logic                         clk_i,
    input  number_system_t               system_i,
    input  digits_t                      digits_i,
    input  logic           [        7:0] code_i,
    input  logic           [       11:0] entry_i,
    input  corrections_t                 corrections_i,  // of the code's products
    input  logic signed    [        8:0] activation_i,
    output logic           [       11:0] operand_o,
    output logic signed    [       31:0] product_o
);

  localparam array_kind_e Kind = array_kind_e'(8'(ArrayKind));
  localparam int unsigned ProductBits = product_bits(Kind);

  logic [weight_bits(Kind)-1:0] weight[1];
  logic signed [factor_bits(Kind)-1:0] factor[1];
  logic signed [ProductBits-1:0] product[1];

  operand_t stored;

  stored_operands #(
      .ArrayKind(Kind)
  ) u_stored_operands (
      .address_i(table_word_address(
          is_stored(system_i), stores_magnitudes(system_i), stored_quarter(system_i), code_i
      )),
      .stored_o(stored)
  );

  number_systems #(
      .ArrayKind(Kind)
  ) u_number_systems (
      .system_i,
      .digits_i,
      .code_i,
      .entry_i,
      .stored_i (stored),
      .operand_o(operand_o)
  );

  if (takes_corrections(Kind)) begin : gen_corrections
    assign weight[0] = {corrections_i, operand_o};
    activation_logarithm u_activation_logarithm (
        .logarithms_i(has_corrections(system_i)),
        .activation_i,
        .factor_o    (factor[0])
    );
  end else begin : gen_no_corrections
    assign weight[0] = operand_o;
    assign factor[0] = activation_i;
    logic unused_corrections;
    assign unused_corrections = ^corrections_i;
  end

  product_unit #(
      .ArrayKind(Kind),
      .Count(1)
  ) u_product_unit (
      .clk_i,
      .clear_i     (1'b0),
      .valid_i     (1'b1),
      .weight_i    (weight),
      .activation_i(factor),
      .product_o   (product)
  );

  assign product_o = 32'(product[0]);

endmodule
