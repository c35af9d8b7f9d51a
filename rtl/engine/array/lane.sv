// SPDX-License-Identifier: Apache-2.0
// Lane: Depth products of weights and activations and their sum; or the maximum of the lane's window.
//
// Mathematics: sum_o = sum over d of weight[d] * x[d]. Dense: x[d] is the broadcast word. Window:
//   x[r * MaxColumns + c] is tap (r, c) of the lane's own channel; columns that the pass or the row does
//   not have, and other depths, are 0. Maximum: sum_o = the largest of maximum_before_i and the live taps.
//   What a product is, product_unit says; sums are exact.
// Timing: activations at t + 4, sum_o stands at t + 9; one a cycle. column_i is the newest column of the
//   window (column MaxColumns - 1); the older ones are kept here.
//   The upper half of the depth is a cycle late, from its operands on: a product of it is added to a sum of
//   two that is a cycle older. So four products and their sum are a chain of multiply-add blocks, with a
//   register behind the second one and the fourth one, and no adder beside them.
//   The next tile's weights wait in the shadow; tile_start_i, in t + 4 of a pass's first step, makes them
//   the active ones for the following cycle; those of the upper half follow a cycle later, before their
//   words of the tile behind can come.
// Contract: steps_i tells which stages have something to do; idle cycles keep all registers. A
//   shadow is complete before tile_start_i (array).
// Test: tests/rtl/engine.

module lane
  import keyway_contract_pkg::*;
  import keyway_pkg::*;
#(
    parameter  int unsigned Depth       = 16,
    parameter  array_kind_e ArrayKind   = ArrayKindMultiplier,
    localparam int unsigned MaxColumns  = max_columns(Depth),
    localparam int unsigned Groups      = Depth / 4,
    localparam int unsigned ProductBits = product_bits(ArrayKind),
    localparam int unsigned Half        = Depth / 2,
    localparam int unsigned SumBits     = sum_bits(ArrayKind, Depth)
) (
    input logic clk_i,
    input logic clear_i,
    // Weights
    input logic [Groups-1:0] tile_write_next_i,  // in the next cycle
    input logic tile_ones_next_i,
    input operand_t [3:0] tile_operands_i,
    input logic tile_start_i,
    // Operands at t + 4, of the upper half at t + 5
    input logic column_valid_i,
    input mode_e mode_i,
    input mode_e mode_late_i,
    input logic [MaxColumns-1:0] columns_live_i,
    input logic [MaxColumns-1:0] columns_live_late_i,
    input logic [ActivationBits-1:0] dense_i[Depth],
    input logic [WindowRows-1:0][ActivationBits-1:0] column_i,
    input lane_steps_t steps_i,
    input logic signed [ActivationBits-1:0] maximum_before_i,  // at t + 8
    output logic signed [SumBits-1:0] sum_o
);

  // ------------------------------------------------------------------ window
  // tap[r][c]; the newest column comes in, the others are registers. tap_late[r][c] is what tap[r][c] was a
  // cycle ago, when it was used: it has moved on by a column.
  logic signed [ActivationBits-1:0] tap[WindowRows][MaxColumns];
  logic signed [ActivationBits-1:0] tap_late[WindowRows][MaxColumns];

  for (genvar r = 0; r < int'(WindowRows); r++) begin : gen_row
    assign tap[r][MaxColumns-1] = signed'(column_i[r]);
    for (genvar c = 0; c < int'(MaxColumns); c++) begin : gen_column
      logic signed [ActivationBits-1:0] tap_q;
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

  // ------------------------------------------------------------------ writes of the shadow
  // Each lane's own registers, since the lanes together are far apart.
  logic [Groups-1:0] tile_write_q;
  logic tile_ones_q, tile_ones_late_q, tile_start_late_q;

  always_ff @(posedge clk_i) begin
    tile_write_q      <= clear_i ? '0 : tile_write_next_i;
    tile_ones_q       <= !clear_i && tile_ones_next_i;
    tile_ones_late_q  <= !clear_i && tile_ones_q;
    tile_start_late_q <= !clear_i && tile_start_i;
  end

  // ------------------------------------------------------------------ operands, then products
  logic signed [ProductBits-1:0] product[Depth];

  for (genvar d = 0; d < int'(Depth); d++) begin : gen_product
    localparam bit Late = d >= int'(Half);
    localparam bit HasTap = d < int'(WindowRows * MaxColumns);
    localparam int Row = HasTap ? d / int'(MaxColumns) : 0;
    localparam int Column = d % int'(MaxColumns);
    operand_t shadow_q, weight_q;
    logic signed [ActivationBits-1:0] activation_q;

    always_ff @(posedge clk_i) begin
      if (clear_i) shadow_q <= '0;
      else if (Late ? tile_ones_late_q : tile_ones_q) shadow_q <= operand_one(ArrayKind);
      else if (tile_write_q[d/4]) shadow_q <= tile_operands_i[d%4];
    end

    always_ff @(posedge clk_i) begin
      if (clear_i) weight_q <= '0;
      else if (Late ? tile_start_late_q : tile_start_i) weight_q <= shadow_q;
    end

    always_ff @(posedge clk_i) begin
      if (clear_i) begin
        activation_q <= '0;
      end else if (Late ? steps_i.products : steps_i.operands) begin
        if ((Late ? mode_late_i : mode_i) == ModeDense) begin
          activation_q <= signed'(dense_i[d]);
        end else if (HasTap && (Late ? columns_live_late_i[Column] : columns_live_i[Column])) begin
          activation_q <= Late ? tap_late[Row][Column] : tap[Row][Column];
        end else begin
          activation_q <= '0;
        end
      end
    end

    product_unit #(
        .ArrayKind(ArrayKind)
    ) u_product_unit (
        .clk_i,
        .clear_i,
        .valid_i     (Late ? steps_i.late_products : steps_i.products),
        .weight_i    (weight_q),
        .activation_i(activation_q),
        .product_o   (product[d])
    );
  end

  // ------------------------------------------------------------------ t + 6, t + 7: sums of two, of four
  logic signed [SumBits-1:0] quad[Groups];

  for (genvar g = 0; g < int'(Groups); g++) begin : gen_group
    logic signed [SumBits-1:0] pair_q, quad_q;

    always_ff @(posedge clk_i) begin
      if (clear_i) pair_q <= '0;
      else if (steps_i.add_pairs) pair_q <= SumBits'(product[2*g]) + SumBits'(product[2*g+1]);
      if (clear_i) quad_q <= '0;
      else if (steps_i.add_quads)
        quad_q <= pair_q + SumBits'(product[Half+2*g]) + SumBits'(product[Half+2*g+1]);
    end

    assign quad[g] = quad_q;
  end

  // ------------------------------------------------------------------ maximum
  // t + 4: largest of the newest column, shifted along as the window is; t + 5: columns that count;
  // t + 6 and t + 7: the largest of them, in two turns.
  localparam int unsigned MaximumPairs = (MaxColumns + 1) / 2;

  function automatic logic signed [ActivationBits-1:0] larger(logic signed [ActivationBits-1:0] a,
                                                              logic signed [ActivationBits-1:0] b);
    return (a > b) ? a : b;
  endfunction

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
        columns_q <= {
          larger(signed'(column_i[0]), larger(signed'(column_i[1]), signed'(column_i[2]))),
          columns_q[MaxColumns-1:1]
        };
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
  logic signed [SumBits-1:0] sum_q;

  always_ff @(posedge clk_i) begin
    if (clear_i) begin
      sum_q <= '0;
    end else if (steps_i.add_all) begin
      logic signed [SumBits-1:0] sum;
      sum = '0;
      for (int g = 0; g < int'(Groups); g++) sum += quad[g];
      sum_q <= sum;
    end else if (steps_i.compare_passes) begin
      sum_q <= SumBits'(larger(maximum_q, maximum_before_i));
    end
  end

  assign sum_o = sum_q;

endmodule
