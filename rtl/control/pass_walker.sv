// SPDX-License-Identifier: Apache-2.0
// Pass walker: the loops over taps and input blocks of a MULTIPLY, one pass (one weight tile) a step.
//
// Mathematics: dense: for ky, for kx, for block; window: for ky in threes, for kx in MaxColumns.
//   With two words a step, block advances by two, or (pair_rows) ky does. See contract.toml.
// Timing: start_i sets the first pass, next_i the following one; outputs are of the pass at hand. What is
//   left is counted down, since last_o decides in its cycle what comes next.
// Contract: layer_i comes with start_i. The tile loader and the pass generator both hold one of these, so
//   they cannot disagree on how many tiles a job has.
// Test: tests/rtl/engine.
module pass_walker
  import keyway_contract_pkg::*;
  import keyway_pkg::*;
#(
    parameter int unsigned Depth = 16
) (
    input  logic          clk_i,
    input  logic          rst_ni,
    input  logic          start_i,
    input  logic          next_i,
    input  layer_t        layer_i,
    output logic   [ 8:0] ky_o,
    output logic   [ 8:0] kx_o,
    output logic   [12:0] block_o,
    output logic   [ 8:0] rows_left_o,     // of the kernel, with those of this pass
    output logic   [ 8:0] columns_left_o,
    output logic          pair_o,          // two words of a step are rows ky, ky + 1
    output logic          first_o,
    output logic          last_o
);

  localparam int unsigned ReadWords = read_words(Depth);
  localparam int unsigned MaxColumns = max_columns(Depth);

  logic [8:0] ky_q, kx_q, rows_left_q, columns_left_q, columns_q;
  logic [12:0] block_q, blocks_left_q, blocks_q;
  logic first_q, window_q, pair_q;
  logic window, last_ky, last_kx, last_block;
  logic [8:0] ky_step, kx_step;
  logic [12:0] block_step;

  assign window     = layer_i.mode != ModeDense;
  assign ky_step    = window_q ? 9'(WindowRows) : pair_q ? 9'd2 : 9'd1;
  assign kx_step    = window_q ? 9'(MaxColumns) : 9'd1;
  assign block_step = pair_q ? 13'd1 : 13'(ReadWords);
  assign last_ky    = rows_left_q <= ky_step;
  assign last_kx    = columns_left_q <= kx_step;
  assign last_block = window_q || blocks_left_q <= block_step;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      ky_q           <= '0;
      kx_q           <= '0;
      block_q        <= '0;
      rows_left_q    <= '0;
      columns_left_q <= '0;
      blocks_left_q  <= '0;
      columns_q      <= '0;
      blocks_q       <= '0;
      first_q        <= 1'b1;
      window_q       <= 1'b0;
      pair_q         <= 1'b0;
    end else if (start_i) begin
      ky_q           <= '0;
      kx_q           <= '0;
      block_q        <= '0;
      rows_left_q    <= {1'b0, layer_i.kernel_h};
      columns_left_q <= {1'b0, layer_i.kernel_w};
      blocks_left_q  <= {1'b0, layer_i.blocks};
      columns_q      <= {1'b0, layer_i.kernel_w};
      blocks_q       <= {1'b0, layer_i.blocks};
      first_q        <= 1'b1;
      window_q       <= window;
      pair_q         <= layer_i.pair_rows && !window && ReadWords == 2;
    end else if (next_i) begin
      first_q       <= 1'b0;
      block_q       <= last_block ? '0 : block_q + block_step;
      blocks_left_q <= last_block ? blocks_q : blocks_left_q - block_step;
      if (last_block) begin
        kx_q           <= last_kx ? '0 : kx_q + kx_step;
        columns_left_q <= last_kx ? columns_q : columns_left_q - kx_step;
        if (last_kx) begin
          ky_q        <= ky_q + ky_step;
          rows_left_q <= rows_left_q - ky_step;
        end
      end
    end
  end

  assign ky_o           = ky_q;
  assign kx_o           = kx_q;
  assign block_o        = block_q;
  assign rows_left_o    = rows_left_q;
  assign columns_left_o = columns_left_q;
  assign pair_o         = pair_q;
  assign first_o        = first_q;
  assign last_o         = last_ky && last_kx && last_block;

  logic unused_layer;
  assign unused_layer = ^layer_i;

endmodule
