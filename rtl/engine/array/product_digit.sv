// SPDX-License-Identifier: Apache-2.0
// Array kind `serial`: products of a digit to base four and an integer, Count of them.
//
// Mathematics: product_o[i] = weight_i[i] * activation_i[i], where the weight is -2, -1, 0 or 1: what its
//   lower two bits say in two's complement, the others being its sign. Exact, and one addition.
// Timing: operands come with valid_i; the products stand a cycle later, until the next one.
// Contract: see product_unit, which chooses it.
// Test: tests/rtl/engine.

module product_digit
  import keyway_contract_pkg::*;
  import keyway_pkg::*;
#(
    parameter  int unsigned Count       = 8,
    localparam int unsigned ProductBits = product_bits(ArrayKindSerial)
) (
    input  logic                             clk_i,
    input  logic                             clear_i,
    input  logic                             valid_i,
    input  operand_t                         weight_i    [Count],
    input  logic signed [ActivationBits-1:0] activation_i[Count],
    output logic signed [   ProductBits-1:0] product_o   [Count]
);

  logic signed [ProductBits-1:0] product_q[Count];
  logic [Count-1:0] unused_signs;

  for (genvar i = 0; i < int'(Count); i++) begin : gen_unused
    assign unused_signs[i] = ^weight_i[i][OperandBits-1:2];
  end

  always_ff @(posedge clk_i) begin
    if (clear_i) begin
      product_q <= '{default: '0};
    end else if (valid_i) begin
      logic signed [ProductBits-1:0] product[Count];
      for (int i = 0; i < int'(Count); i++) begin
        // With a carry that comes in, as the lowest bit: a negative term has its bits turned, and one added.
        logic signed [ProductBits-1:0] term;
        logic signed [ProductBits:0] carried;
        logic negative;
        negative = weight_i[i][1];
        case (weight_i[i][1:0])
          2'b00:   term = '0;
          2'b10:   term = ProductBits'(activation_i[i]) <<< 1;
          default: term = ProductBits'(activation_i[i]);
        endcase
        carried = {term ^ {ProductBits{negative}}, negative} + (ProductBits + 1)'(1);
        product[i] = ProductBits'(carried >>> 1);
      end
      product_q <= product;
    end
  end

  assign product_o = product_q;

endmodule
