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
  logic last_ky_q, last_kx_q, last_block_q;  // of their loops
  logic one_kx_q, one_block_q;  // these loops have one turn
  logic [8:0] ky_step, kx_step;
  logic [12:0] block_step;

  function automatic logic [8:0] step_of_ky(logic window, logic pair);
    return window ? 9'(WindowRows) : pair ? 9'd2 : 9'd1;
  endfunction

  function automatic logic [8:0] step_of_kx(logic window);
    return window ? 9'(MaxColumns) : 9'd1;
  endfunction

  function automatic logic [12:0] step_of_block(logic pair);
    return pair ? 13'd1 : 13'(ReadWords);
  endfunction

  // ------------------------------------------------------------------ of the layer that comes
  logic window, pair, one_ky, one_kx, one_block;
  assign window     = layer_i.mode != ModeDense;
  assign pair       = layer_i.pair_rows && !window && ReadWords == 2;
  assign one_ky     = {1'b0, layer_i.kernel_h} <= step_of_ky(window, pair);
  assign one_kx     = {1'b0, layer_i.kernel_w} <= step_of_kx(window);
  assign one_block  = window || {1'b0, layer_i.blocks} <= step_of_block(pair);

  // ------------------------------------------------------------------ of the layer at hand
  assign ky_step    = step_of_ky(window_q, pair_q);
  assign kx_step    = step_of_kx(window_q);
  assign block_step = step_of_block(pair_q);

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
      last_ky_q      <= 1'b0;
      last_kx_q      <= 1'b0;
      last_block_q   <= 1'b0;
      one_kx_q       <= 1'b0;
      one_block_q    <= 1'b0;
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
      pair_q         <= pair;
      last_ky_q      <= one_ky;
      last_kx_q      <= one_kx;
      last_block_q   <= one_block;
      one_kx_q       <= one_kx;
      one_block_q    <= one_block;
    end else if (next_i) begin
      // What is the last turn after this one follows from what is left now.
      first_q <= 1'b0;
      if (last_block_q) begin
        block_q       <= '0;
        blocks_left_q <= blocks_q;
        last_block_q  <= one_block_q;
        if (last_kx_q) begin
          kx_q           <= '0;
          columns_left_q <= columns_q;
          last_kx_q      <= one_kx_q;
          ky_q           <= ky_q + ky_step;
          rows_left_q    <= rows_left_q - ky_step;
          last_ky_q      <= rows_left_q <= ky_step << 1;
        end else begin
          kx_q           <= kx_q + kx_step;
          columns_left_q <= columns_left_q - kx_step;
          last_kx_q      <= columns_left_q <= kx_step << 1;
        end
      end else begin
        block_q       <= block_q + block_step;
        blocks_left_q <= blocks_left_q - block_step;
        last_block_q  <= blocks_left_q <= block_step << 1;
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
  assign last_o         = last_ky_q && last_kx_q && last_block_q;

  logic unused_layer;
  assign unused_layer = ^layer_i;

endmodule
