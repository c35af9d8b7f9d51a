// SPDX-License-Identifier: Apache-2.0
// Lanes: Lanes of them side by side, and the weight tiles in front of them.
//
// Mathematics: lane l gives the sum (or maximum) of its own weights with the common operands; see lane.
// Timing: operands at t + 4, sums at t + 9. The shadow takes a word of the next tile a cycle while it
//   is not full, and in the cycle in which it is copied, which is the one after tile_start_i. A word has one
//   group of four operands a lane, or two (tile_word_t); odd groups come a cycle late, as the copy of the
//   upper half does. So a tile whose one word has groups of both halves is whole when it is copied, and waits
//   for the copy of the one before.
// Contract: a pass never starts with a shadow that is not full (assertion TileComplete).
// Test: tests/rtl/engine.
`include "assert.svh"

module lanes
  import keyway_contract_pkg::*;
  import keyway_pkg::*;
#(
    parameter  int unsigned Lanes      = 16,
    parameter  int unsigned Depth      = 16,
    parameter  array_kind_e ArrayKind  = ArrayKindMultiplier,
    localparam int unsigned WeightBits = weight_bits(ArrayKind),
    localparam int unsigned FactorBits = factor_bits(ArrayKind),
    localparam int unsigned MaxColumns = max_columns(Depth),
    localparam int unsigned Half       = Depth / 2,
    localparam int unsigned Groups     = Depth / 4,
    localparam int unsigned SumBits    = weighed_bits(ArrayKind, Depth)
) (
    input logic clk_i,
    input logic rst_ni,
    input logic clear_i,
    // Weights
    input logic operand_valid_i,
    output logic operand_ready_o,
    input tile_word_t operand_tile_i,
    input logic [4*Lanes-1:0][WeightBits-1:0] operand_i,
    input logic [4*Lanes-1:0][WeightBits-1:0] operand_late_i,  // a cycle later
    // Of the next cycle
    output logic operand_ready_next_o,
    input logic operand_valid_next_i,
    input tile_word_t operand_tile_next_i,
    input logic tile_start_i,
    // Operands of the step at t + 4
    input logic column_valid_i,
    input mode_e mode_i,
    input logic [MaxColumns-1:0] columns_live_i,
    input logic [FactorBits-1:0] dense_i[Depth],
    input logic [WindowRows-1:0][Lanes-1:0][FactorBits-1:0] column_i,
    input token_pipe_t tokens_i,
    // Maxima of the passes before, at t + 8; sums at t + 9
    input logic signed [ActivationBits-1:0] maximum_before_i[Lanes],
    output logic signed [SumBits-1:0] sum_o[Lanes]
);

  logic full_d, full_q, ready_q, start_q, write, write_next;
  logic [Groups-1:0] tile_write_next;

  assign operand_ready_o      = ready_q;
  assign operand_ready_next_o = !full_d || tile_start_i;
  assign write                = operand_valid_i && ready_q;
  assign write_next           = operand_valid_next_i && operand_ready_next_o;

  always_comb begin
    full_d = full_q;
    if (write && operand_tile_i.last) full_d = 1'b1;
    else if (start_q) full_d = 1'b0;
  end

  for (genvar g = 0; g < int'(Groups); g++) begin : gen_write
    assign tile_write_next[g] = write_next &&
        (operand_tile_next_i.index | TileWordBits'(operand_tile_next_i.pair)) ==
        (TileWordBits'(g) | TileWordBits'(operand_tile_next_i.pair));
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      full_q  <= 1'b0;
      ready_q <= 1'b1;
      start_q <= 1'b0;
    end else begin
      full_q  <= full_d;
      ready_q <= operand_ready_next_o;
      start_q <= tile_start_i;
    end
  end

  lane_steps_t steps;

  assign steps = '{
          operands: tokens_i[StageOperands].valid,
          products: tokens_i[StageProduct].valid,
          late_products: tokens_i[StagePair].valid,
          add_pairs: adds(tokens_i[StagePair]),
          add_quads: adds(tokens_i[StageQuad]),
          add_all: adds(tokens_i[StageSum]),
          live_columns: compares(tokens_i[StageProduct]),
          compare_pairs: compares(tokens_i[StagePair]),
          compare_columns: compares(tokens_i[StageQuad]),
          compare_passes: compares(tokens_i[StageSum])
      };

  // The upper half of the depth is a cycle late: see lane.
  mode_e mode_late_q;
  logic [MaxColumns-1:0] columns_live_late_q;
  logic [FactorBits-1:0] dense[Depth];

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      mode_late_q         <= ModeDense;
      columns_live_late_q <= '0;
    end else begin
      mode_late_q         <= mode_i;
      columns_live_late_q <= columns_live_i;
    end
  end

  for (genvar d = 0; d < int'(Depth); d++) begin : gen_dense
    if (d < int'(Half)) begin : gen_early
      assign dense[d] = dense_i[d];
    end else begin : gen_late
      logic [FactorBits-1:0] late_q;
      always_ff @(posedge clk_i) begin
        if (!rst_ni || clear_i) late_q <= '0;
        else late_q <= dense_i[d];
      end
      assign dense[d] = late_q;
    end
  end

  // Most of what a clear reaches is in the lanes: four of them have a register of their own for it, since all
  // together are far apart, and hear of it a cycle later.
  for (genvar f = 0; f < int'(Lanes) / 4; f++) begin : gen_four
    (* keep = "true" *)
    logic clear_q;

    always_ff @(posedge clk_i) clear_q <= clear_i;
  end

  // So do two lanes for what writes their shadows, whose enables have no logic before them and far to go.
  for (genvar t = 0; t < int'(Lanes) / 2; t++) begin : gen_two
    (* keep = "true" *)
    logic [  Groups-1:0] tile_write_q;
    (* keep = "true" *)
    logic [Groups/2-1:0] tile_write_odd_q;  // a cycle before
    (* keep = "true" *)
    logic tile_ones_q, tile_ones_late_q, tile_start_late_q;
    logic clear;

    assign clear = gen_four[t/2].clear_q;

    always_ff @(posedge clk_i) begin
      for (int g = 0; g < int'(Groups); g += 2) begin
        tile_write_q[g]       <= !clear && tile_write_next[g];
        tile_write_odd_q[g/2] <= !clear && tile_write_next[g+1];
        tile_write_q[g+1]     <= !clear && tile_write_odd_q[g/2];
      end
      tile_ones_q       <= !clear && write_next && operand_tile_next_i.ones;
      tile_ones_late_q  <= !clear && tile_ones_q;
      tile_start_late_q <= !clear && start_q;
    end
  end

  for (genvar l = 0; l < int'(Lanes); l++) begin : gen_lane
    logic [WindowRows-1:0][FactorBits-1:0] column;
    for (genvar r = 0; r < int'(WindowRows); r++) begin : gen_row
      assign column[r] = column_i[r][l];
    end

    lane #(
        .Depth    (Depth),
        .ArrayKind(ArrayKind)
    ) u_lane (
        .clk_i,
        .clear_i            (gen_four[l/4].clear_q),
        .tile_write_i       (gen_two[l/2].tile_write_q),
        .tile_ones_i        (gen_two[l/2].tile_ones_q),
        .tile_ones_late_i   (gen_two[l/2].tile_ones_late_q),
        .tile_operands_i    (operand_i[4*l+:4]),
        .tile_operands_odd_i(operand_late_i[4*l+:4]),
        .tile_start_i       (start_q),
        .tile_start_late_i  (gen_two[l/2].tile_start_late_q),
        .column_valid_i,
        .mode_i,
        .mode_late_i        (mode_late_q),
        .columns_live_i,
        .columns_live_late_i(columns_live_late_q),
        .dense_i            (dense),
        .column_i           (column),
        .steps_i            (steps),
        .weighs_i           (tokens_i[StageSum].weighs),
        .maximum_before_i   (maximum_before_i[l]),
        .sum_o              (sum_o[l])
    );
  end

  `KEYWAY_ASSERT(TileComplete, !start_q || full_q)
  `KEYWAY_ASSERT(WriteIsForetold, clear_i || $past(clear_i) || write == $past(write_next))
  `KEYWAY_ASSERT(WordIsForetold, !write || operand_tile_i == $past(operand_tile_next_i))
  `KEYWAY_ASSERT(ReadyIsRoom, ready_q == (!full_q || start_q))

endmodule
