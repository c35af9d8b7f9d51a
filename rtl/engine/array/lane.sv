// SPDX-License-Identifier: Apache-2.0
// Lane: Depth products of weights and activations and their sum; or the maximum of the lane's window.
//
// Mathematics: sum_o = sum over d of weight[d] * x[d]. Dense: x[d] is the broadcast word. Window:
//   x[r * MaxColumns + c] is tap (r, c) of the lane's own channel; columns that the pass or the row does
//   not have, and other depths, are 0. Where weights are single digits, the sum weighs 4^weighs_i.
//   Arrays of logarithms may take an activation's logarithm for x (activation_logarithm).
//   Maximum: sum_o = the largest of maximum_before_i and the live taps. What a product is, product_unit says;
//   sums are exact.
// Timing: activations at t + 4, sum_o stands at t + 9; one a cycle. column_i is the newest column of the
//   window (column MaxColumns - 1); the older ones are kept here.
//   The upper half of the depth is a cycle late, from its operands on: a product of it is added to a sum of
//   two that is a cycle older. So four products and their sum are a chain of multiply-add blocks, with a
//   register behind the second one and the fourth one, and no adder beside them.
//   The next tile's weights wait in the shadow; tile_start_i, in t + 4 of a pass's first step, makes them
//   the active ones for the following cycle; those of the upper half follow a cycle later, before their
//   words of the tile behind can come.
// Contract: steps_i tells which stages have something to do; idle cycles keep all registers. A
//   shadow is complete before tile_start_i (lanes).
// Test: tests/rtl/engine.

module lane
  import keyway_contract_pkg::*;
  import keyway_pkg::*;
#(
    parameter  int unsigned Depth       = 16,
    parameter  array_kind_e ArrayKind   = ArrayKindMultiplier,
    localparam int unsigned MaxColumns  = max_columns(Depth),
    localparam int unsigned Groups      = Depth / 4,
    localparam int unsigned WeightBits  = weight_bits(ArrayKind),
    localparam int unsigned FactorBits  = factor_bits(ArrayKind),
    localparam int unsigned ProductBits = product_bits(ArrayKind),
    localparam int unsigned Half        = Depth / 2,
    localparam int unsigned SumBits     = sum_bits(ArrayKind, Depth),
    localparam int unsigned WeighedBits = weighed_bits(ArrayKind, Depth)
) (
    input logic clk_i,
    input logic clear_i,
    // Weights
    input logic [Groups-1:0] tile_write_i,
    input logic tile_ones_i,
    input logic tile_ones_late_i,  // a cycle later
    input logic [3:0][WeightBits-1:0] tile_operands_i,  // of even groups of four
    input logic [3:0][WeightBits-1:0] tile_operands_odd_i,
    input logic tile_start_i,
    input logic tile_start_late_i,
    // Operands at t + 4, of the upper half at t + 5
    input logic column_valid_i,
    input mode_e mode_i,
    input mode_e mode_late_i,
    input logic [MaxColumns-1:0] columns_live_i,
    input logic [MaxColumns-1:0] columns_live_late_i,
    input logic [FactorBits-1:0] dense_i[Depth],
    input logic [WindowRows-1:0][FactorBits-1:0] column_i,
    input lane_steps_t steps_i,
    input digits_t weighs_i,  // of the step at t + 8
    input logic signed [ActivationBits-1:0] maximum_before_i,  // at t + 8
    output logic signed [WeighedBits-1:0] sum_o
);

  // ------------------------------------------------------------------ window
  // tap[r][c]; the newest column comes in, the others are registers. tap_late[r][c] is what tap[r][c] was a
  // cycle ago, when it was used: it has moved on by a column.
  logic signed [FactorBits-1:0] tap[WindowRows][MaxColumns];
  logic signed [FactorBits-1:0] tap_late[WindowRows][MaxColumns];

  for (genvar r = 0; r < int'(WindowRows); r++) begin : gen_row
    assign tap[r][MaxColumns-1] = signed'(column_i[r]);
    for (genvar c = 0; c < int'(MaxColumns); c++) begin : gen_column
      logic signed [FactorBits-1:0] tap_q;
      always_ff @(posedge clk_i) begin
        if (clear_i) tap_q <= '0;
        else if (column_valid_i) tap_q <= tap[r][c];
      end
      assign tap_late[r][c] = tap_q;
      if (c > 0) begin : gen_next
        assign tap[r][c-1] = tap_q;
      end
    end
  end

  // ------------------------------------------------------------------ operands, then products
  // Arrays that are written as a whole, from a variable of the process: simulation works on vectors then, and
  // only in cycles that use them.
  logic signed [ProductBits-1:0] product[2][Half];

  for (genvar h = 0; h < 2; h++) begin : gen_half
    localparam bit Late = h == 1;
    localparam int First = h * int'(Half);  // depth of the half's first product
    logic [WeightBits-1:0] shadow_q[Half], weight_q[Half];
    logic signed [FactorBits-1:0] activation_q[Half];
    logic [MaxColumns-1:0] live;
    logic ones, start, step, dense;

    assign ones  = Late ? tile_ones_late_i : tile_ones_i;
    assign start = Late ? tile_start_late_i : tile_start_i;
    assign step  = Late ? steps_i.products : steps_i.operands;
    assign dense = (Late ? mode_late_i : mode_i) == ModeDense;
    assign live  = Late ? columns_live_late_i : columns_live_i;

    always_ff @(posedge clk_i) begin
      if (clear_i) begin
        shadow_q <= '{default: '0};
      end else if (ones) begin
        shadow_q <= '{default: WeightBits'(operand_one(ArrayKind))};
      end else begin
        for (int i = 0; i < int'(Half); i++) begin
          if (tile_write_i[(First+i)/4]) begin
            shadow_q[i] <= ((First + i) / 4 % 2 == 0) ? tile_operands_i[(First+i)%4]
                                                      : tile_operands_odd_i[(First+i)%4];
          end
        end
      end
    end

    always_ff @(posedge clk_i) begin
      if (clear_i) weight_q <= '{default: '0};
      else if (start) weight_q <= shadow_q;
    end

    always_ff @(posedge clk_i) begin
      if (clear_i) begin
        activation_q <= '{default: '0};
      end else if (step) begin
        logic signed [FactorBits-1:0] operand[Half];
        for (int i = 0; i < int'(Half); i++) operand[i] = dense ? signed'(dense_i[First+i]) : '0;
        if (!dense) begin
          for (int r = 0; r < int'(WindowRows); r++) begin
            for (int c = 0; c < int'(MaxColumns); c++) begin
              if ((r * int'(MaxColumns) + c) / int'(Half) == h && live[c])
                operand[(r*int'(MaxColumns)+c)%int'(Half)] = Late ? tap_late[r][c] : tap[r][c];
            end
          end
        end
        activation_q <= operand;
      end
    end

    product_unit #(
        .ArrayKind(ArrayKind),
        .Count    (Half)
    ) u_product_unit (
        .clk_i,
        .clear_i,
        .valid_i     (Late ? steps_i.late_products : steps_i.products),
        .weight_i    (weight_q),
        .activation_i(activation_q),
        .product_o   (product[h])
    );
  end

  // ------------------------------------------------------------------ t + 6, t + 7: sums of two, of four
  logic signed [SumBits-1:0] pair_q[Groups], quad_q[Groups];

  always_ff @(posedge clk_i) begin
    if (clear_i) begin
      pair_q <= '{default: '0};
    end else if (steps_i.add_pairs) begin
      logic signed [SumBits-1:0] pair[Groups];
      for (int g = 0; g < int'(Groups); g++)
      pair[g] = SumBits'(product[0][2*g]) + SumBits'(product[0][2*g+1]);
      pair_q <= pair;
    end
  end

  always_ff @(posedge clk_i) begin
    if (clear_i) begin
      quad_q <= '{default: '0};
    end else if (steps_i.add_quads) begin
      logic signed [SumBits-1:0] quad[Groups];
      for (int g = 0; g < int'(Groups); g++)
      quad[g] = pair_q[g] + SumBits'(product[1][2*g]) + SumBits'(product[1][2*g+1]);
      quad_q <= quad;
    end
  end

  // ------------------------------------------------------------------ maximum
  // t + 4: largest of the newest column, shifted along as the window is; t + 5: columns that count;
  // t + 6 and t + 7: the largest of them, in two turns.
  localparam int unsigned MaximumPairs = (MaxColumns + 1) / 2;

  function automatic logic signed [ActivationBits-1:0] larger(logic signed [ActivationBits-1:0] a,
                                                              logic signed [ActivationBits-1:0] b);
    return (a > b) ? a : b;
  endfunction

  logic signed [ActivationBits-1:0] newest[WindowRows];
  for (genvar r = 0; r < int'(WindowRows); r++) begin : gen_newest
    assign newest[r] = signed'(column_i[r][ActivationBits-1:0]);
  end

  logic signed [ActivationBits-1:0] maximum_q;
  logic [MaxColumns-1:0][ActivationBits-1:0] columns_q, live_q;
  logic [MaximumPairs-1:0][ActivationBits-1:0] pairs_q;

  always_ff @(posedge clk_i) begin
    if (clear_i) begin
      columns_q <= '0;
      live_q    <= '0;
      pairs_q   <= '0;
      maximum_q <= '0;
    end else begin
      if (column_valid_i && mode_i == ModeMaximum) begin
        columns_q <= {larger(newest[0], larger(newest[1], newest[2])), columns_q[MaxColumns-1:1]};
      end
      if (steps_i.live_columns) begin
        for (int c = 0; c < int'(MaxColumns); c++) begin
          live_q[c] <= columns_live_late_i[c] ? columns_q[c] : NeverWins;
        end
      end
      if (steps_i.compare_pairs) begin
        for (int p = 0; p < int'(MaximumPairs); p++) begin
          pairs_q[p] <= (2 * p + 1 < int'(MaxColumns)) ?
              larger(signed'(live_q[2*p]), signed'(live_q[2*p+1])) : live_q[2*p];
        end
      end
      if (steps_i.compare_columns) begin
        logic signed [ActivationBits-1:0] best;
        best = signed'(pairs_q[0]);
        for (int p = 1; p < int'(MaximumPairs); p++) best = larger(best, signed'(pairs_q[p]));
        maximum_q <= best;
      end
    end
  end

  // ------------------------------------------------------------------ t + 8: sum
  logic signed [WeighedBits-1:0] sum_q;

  always_ff @(posedge clk_i) begin
    if (clear_i) begin
      sum_q <= '0;
    end else if (steps_i.add_all) begin
      logic signed [SumBits-1:0] sum;
      sum = '0;
      for (int g = 0; g < int'(Groups); g++) sum += quad_q[g];
      sum_q <= WeighedBits'(sum) <<< (has_digit_passes(ArrayKind) ? DigitBits * weighs_i : 0);
    end else if (steps_i.compare_passes) begin
      sum_q <= WeighedBits'(larger(maximum_q, maximum_before_i));
    end
  end

  assign sum_o = sum_q;

endmodule
