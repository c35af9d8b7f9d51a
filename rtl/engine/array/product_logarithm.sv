// SPDX-License-Identifier: Apache-2.0
// Array kind `logarithmic`: products of logarithms and integers, or of two logarithms, without a
// multiplier, Count of them.
//
// Mathematics: for operands of exact products, with z = x or -x as the weight's sign says, product_o[i] =
//   (first + second) * z * 2^shift (keyway_logarithm_pkg): two additions, in each of which the choice of
//   the term is in the adder's look-up tables, and a shift. Exact. For Mitchell's products that of
//   product_mitchell; the shift serves both.
// Timing: operands come with valid_i; the products stand a cycle later, until the next one. The register is
//   in the middle of the shift: what is left of it, by a multiple of four, goes into the tables of the adder
//   behind.
// Contract: see product_unit, which chooses it.
// Test: tests/rtl/engine; all weights and activations: tests/arith/test_rtl.cpp.

module product_logarithm
  import keyway_contract_pkg::*;
  import keyway_logarithm_pkg::*;
  import keyway_pkg::*;
#(
    parameter  int unsigned Count       = 8,
    localparam int unsigned WeightBits  = weight_bits(ArrayKindLogarithmic),
    localparam int unsigned FactorBits  = factor_bits(ArrayKindLogarithmic),
    localparam int unsigned ProductBits = product_bits(ArrayKindLogarithmic)
) (
    input  logic                          clk_i,
    input  logic                          clear_i,
    input  logic                          valid_i,
    input  logic        [ WeightBits-1:0] weight_i    [Count],
    input  logic signed [ FactorBits-1:0] activation_i[Count],
    output logic signed [ProductBits-1:0] product_o   [Count]
);

  localparam int unsigned SignedBits = ActivationBits + 1;  // of z
  // Of the fraction times z, and of that shifted by up to three.
  localparam int unsigned ScaledBits = ActivationBits + $clog2(MostFraction + 1);
  localparam int unsigned FineBits = ScaledBits + 3;

  typedef logic signed [SignedBits-1:0] signed_t;
  typedef logic signed [SignedBits:0] carried_t;  // with a carry that comes in, as the lowest bit
  typedef logic signed [ScaledBits-1:0] scaled_t;

  // The shift comes behind.
  // verilator lint_off UNUSEDSIGNAL
  function automatic scaled_t scaled(logarithm_t w, logic signed [ActivationBits-1:0] x);
    carried_t negated, upper;
    signed_t z, term;
    logic [4:0] lower;
    scaled_t second;
    // x, or all its bits turned, and one
    negated = carried_t'({{SignedBits{w.negative}} ^ SignedBits'(x), w.negative}) + carried_t'(1);
    z = signed_t'(negated >>> 1);
    // 32 z and the shift of it; upper and lower: what is above and below 32
    case (w.first)
      First34: {term, lower} = {z >>> 4, z[3:0], 1'd0};
      First40: {term, lower} = {z >>> 2, z[1:0], 3'd0};
      First48: {term, lower} = {z >>> 1, z[0], 4'd0};
      default: {term, lower} = {~z, 5'd0};
    endcase
    upper = carried_t'({z, 1'b1}) + carried_t'({term, w.first == First0});
    case (w.second)
      Second1: second = scaled_t'(z);
      Second4: second = scaled_t'(z) <<< 2;
      Second8: second = scaled_t'(z) <<< 3;
      default: second = '0;
    endcase
    return scaled_t'({upper[SignedBits:1], lower}) + second;
  endfunction
  // verilator lint_on UNUSEDSIGNAL

  logic signed [8:0] mitchell_value[Count];
  logic [3:0] mitchell_shift[Count];

  for (genvar i = 0; i < int'(Count); i++) begin : gen_mitchell
    product_mitchell u_product_mitchell (
        .weight_i     (weight_i[i][$bits(mitchell_t)-1:0]),
        .corrections_i(weight_i[i][WeightBits-1:$bits(mitchell_t)]),
        .activation_i (activation_i[i]),
        .value_o      (mitchell_value[i]),
        .shift_o      (mitchell_shift[i])
    );
  end

  logic signed [FineBits-1:0] fine_q[Count];
  logic [1:0] coarse_q[Count];

  always_ff @(posedge clk_i) begin
    if (clear_i) begin
      fine_q   <= '{default: '0};
      coarse_q <= '{default: '0};
    end else if (valid_i) begin
      logic signed [FineBits-1:0] fine[Count];
      logic [1:0] coarse[Count];
      for (int i = 0; i < int'(Count); i++) begin
        logarithm_t w;
        logic mitchell;
        logic [3:0] shift;
        scaled_t value;
        mitchell = weight_i[i][$bits(mitchell_t)-1];
        w = logarithm_t'(weight_i[i][$bits(logarithm_t)-1:0]);
        value = mitchell ? ScaledBits'(mitchell_value[i]) :
            scaled(w, signed'(activation_i[i][ActivationBits-1:0]));
        shift = mitchell ? mitchell_shift[i] : w.shift;
        fine[i] = FineBits'(value) <<< shift[1:0];
        coarse[i] = shift[3:2];
      end
      fine_q   <= fine;
      coarse_q <= coarse;
    end
  end

  for (genvar i = 0; i < int'(Count); i++) begin : gen_product
    always_comb begin
      case (coarse_q[i])
        2'd0: product_o[i] = ProductBits'(fine_q[i]);
        2'd1: product_o[i] = ProductBits'(fine_q[i]) <<< 4;
        2'd2: product_o[i] = ProductBits'(fine_q[i]) <<< 8;
        default: product_o[i] = ProductBits'(fine_q[i]) <<< 12;
      endcase
    end
    logic unused_bits;
    assign unused_bits = ^weight_i[i];
  end

endmodule
