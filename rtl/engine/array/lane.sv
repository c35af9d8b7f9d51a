// SPDX-License-Identifier: Apache-2.0
// Lane: Depth products of weights and activations and their sum; or the maximum of the lane's window.
//
// Mathematics: sum_o = sum over d of weight[d] * x[d]. Dense: x[d] is the broadcast word. Window:
//   x[r * MaxColumns + c] is tap (r, c) of the lane's own channel; columns that the pass or the row does
//   not have, and other depths, are 0. Maximum: sum_o = the largest live tap, -256 if there is none.
//   What a product is, product_unit says; sums are exact.
// Timing: activations at t + 4, sum_o stands at t + 8; one a cycle. column_i is the newest column of the
//   window (column MaxColumns - 1); the older ones are kept here.
//   The next tile's weights wait in the shadow; tile_start_i, in t + 4 of a pass's first step, makes them
//   the active ones for the following cycle.
// Contract: valid bits of the token tell which cycles mean something; idle cycles keep all registers. A
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
    localparam int unsigned GroupBits   = ProductBits + 2,
    localparam int unsigned SumBits     = sum_bits(ArrayKind, Depth)
) (
    input logic clk_i,
    input logic clear_i,
    // Weights
    input logic [Groups-1:0] tile_write_next_i,  // in the next cycle
    input logic tile_ones_next_i,
    input operand_t [3:0] tile_operands_i,
    input logic tile_start_i,
    // Operands at t + 4
    input logic column_valid_i,
    input mode_e mode_i,
    input logic [MaxColumns-1:0] columns_live_i,
    input logic [Depth-1:0][ActivationBits-1:0] dense_i,
    input logic [WindowRows-1:0][ActivationBits-1:0] column_i,
    input token_pipe_t tokens_i,
    output logic signed [SumBits-1:0] sum_o
);

  // ------------------------------------------------------------------ window
  // tap[r][c]; the newest column comes in, the others are registers.
  logic signed [ActivationBits-1:0] tap[WindowRows][MaxColumns];

  for (genvar r = 0; r < int'(WindowRows); r++) begin : gen_row
    assign tap[r][MaxColumns-1] = signed'(column_i[r]);
    for (genvar c = 0; c < int'(MaxColumns) - 1; c++) begin : gen_column
      logic signed [ActivationBits-1:0] tap_q;
      always_ff @(posedge clk_i) begin
        if (clear_i) tap_q <= '0;
        else if (column_valid_i) tap_q <= tap[r][c+1];
      end
      assign tap[r][c] = tap_q;
    end
  end

  // ------------------------------------------------------------------ writes of the shadow
  // Each lane's own registers, since the lanes together are far apart.
  logic [Groups-1:0] tile_write_q;
  logic tile_ones_q;

  always_ff @(posedge clk_i) begin
    tile_write_q <= clear_i ? '0 : tile_write_next_i;
    tile_ones_q  <= !clear_i && tile_ones_next_i;
  end

  // ------------------------------------------------------------------ t + 4: operands; t + 5: products
  logic signed [ProductBits-1:0] product[Depth];

  for (genvar d = 0; d < int'(Depth); d++) begin : gen_product
    localparam bit HasTap = d < int'(WindowRows * MaxColumns);
    localparam int Row = HasTap ? d / int'(MaxColumns) : 0;
    localparam int Column = d % int'(MaxColumns);
    operand_t shadow_q, weight_q;
    logic signed [ActivationBits-1:0] activation_q;

    always_ff @(posedge clk_i) begin
      if (clear_i) shadow_q <= '0;
      else if (tile_ones_q) shadow_q <= operand_one(ArrayKind);
      else if (tile_write_q[d/4]) shadow_q <= tile_operands_i[d%4];
    end

    always_ff @(posedge clk_i) begin
      if (clear_i) weight_q <= '0;
      else if (tile_start_i) weight_q <= shadow_q;
    end

    always_ff @(posedge clk_i) begin
      if (clear_i) begin
        activation_q <= '0;
      end else if (tokens_i[StageOperands].valid) begin
        if (mode_i == ModeDense) activation_q <= signed'(dense_i[d]);
        else if (HasTap && columns_live_i[Column]) activation_q <= tap[Row][Column];
        else activation_q <= '0;
      end
    end

    product_unit #(
        .ArrayKind(ArrayKind)
    ) u_product_unit (
        .clk_i,
        .clear_i,
        .valid_i     (tokens_i[StageProduct].valid),
        .weight_i    (weight_q),
        .activation_i(activation_q),
        .product_o   (product[d])
    );
  end

  // ------------------------------------------------------------------ t + 6: sums of four
  logic signed [GroupBits-1:0] group[Groups];

  for (genvar g = 0; g < int'(Groups); g++) begin : gen_group
    logic signed [GroupBits-1:0] group_q;
    always_ff @(posedge clk_i) begin
      if (clear_i) begin
        group_q <= '0;
      end else if (adds(tokens_i[StageQuad])) begin
        group_q <= (GroupBits'(product[4*g]) + GroupBits'(product[4*g+1])) +
                   (GroupBits'(product[4*g+2]) + GroupBits'(product[4*g+3]));
      end
    end
    assign group[g] = group_q;
  end

  // ------------------------------------------------------------------ maximum
  // t + 4: largest of the newest column, shifted along as the window is; t + 5: columns that count;
  // t + 6: the largest of them.
  function automatic logic signed [ActivationBits-1:0] larger(logic signed [ActivationBits-1:0] a,
                                                              logic signed [ActivationBits-1:0] b);
    return (a > b) ? a : b;
  endfunction

  logic signed [ActivationBits-1:0] maximum_q;
  logic [MaxColumns-1:0][ActivationBits-1:0] columns_q, live_q;
  logic [MaxColumns-1:0] columns_counted_q;  // columns_live_i of the cycle before

  always_ff @(posedge clk_i) begin
    if (clear_i) begin
      columns_q <= '0;
      columns_counted_q <= '0;
      live_q    <= '0;
      maximum_q <= '0;
    end else begin
      columns_counted_q <= columns_live_i;
      if (column_valid_i && mode_i == ModeMaximum) begin
        columns_q <= {
          larger(signed'(column_i[0]), larger(signed'(column_i[1]), signed'(column_i[2]))),
          columns_q[MaxColumns-1:1]
        };
      end
      if (compares(tokens_i[StageProduct])) begin
        for (int c = 0; c < int'(MaxColumns); c++) begin
          live_q[c] <= columns_counted_q[c] ? columns_q[c] : NeverWins;
        end
      end
      if (compares(tokens_i[StageQuad])) begin
        logic signed [ActivationBits-1:0] best;
        best = signed'(live_q[0]);
        for (int c = 1; c < int'(MaxColumns); c++) best = larger(best, signed'(live_q[c]));
        maximum_q <= best;
      end
    end
  end

  // ------------------------------------------------------------------ t + 7: sum
  logic signed [SumBits-1:0] sum_q;

  always_ff @(posedge clk_i) begin
    if (clear_i) begin
      sum_q <= '0;
    end else if (adds(tokens_i[StageSum])) begin
      logic signed [SumBits-1:0] sum;
      sum = '0;
      for (int g = 0; g < int'(Groups); g++) sum += SumBits'(group[g]);
      sum_q <= sum;
    end else if (compares(tokens_i[StageSum])) begin
      sum_q <= SumBits'(maximum_q);
    end
  end

  assign sum_o = sum_q;

endmodule
