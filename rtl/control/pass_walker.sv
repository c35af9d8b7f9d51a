// SPDX-License-Identifier: Apache-2.0
// Pass walker: the loops over taps and input blocks of a MULTIPLY, one pass (one weight tile) a step.
//
// Mathematics: dense: for ky, for kx, for block; window: for ky in threes, for kx in MaxColumns.
//   With two words a step, block advances by two, or (pair_rows) ky does. See contract.toml.
// Timing: start_i sets the first pass, next_i the following one; outputs are of the pass at hand.
// Contract: layer_i stays from start_i to the last pass. The tile loader and the pass generator both
//   hold one of these, so they cannot disagree on how many tiles a job has.
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
    output logic          pair_o,   // two words of a step are rows ky, ky + 1
    output logic          first_o,
    output logic          last_o
);

  localparam int unsigned ReadWords = read_words(Depth);
  localparam int unsigned MaxColumns = max_columns(Depth);

  logic [8:0] ky_q, kx_q, ky_next, kx_next;
  logic [12:0] block_q, block_next;
  logic first_q;
  logic window, last_ky, last_kx, last_block;

  assign window     = layer_i.mode != ModeDense;
  assign pair_o     = layer_i.pair_rows && !window && ReadWords == 2;
  assign ky_next    = ky_q + (window ? 9'(WindowRows) : pair_o ? 9'd2 : 9'd1);
  assign kx_next    = kx_q + (window ? 9'(MaxColumns) : 9'd1);
  assign block_next = block_q + (pair_o ? 13'd1 : 13'(ReadWords));
  assign last_ky    = ky_next >= {1'b0, layer_i.kernel_h};
  assign last_kx    = kx_next >= {1'b0, layer_i.kernel_w};
  assign last_block = window || block_next >= {1'b0, layer_i.blocks};

  always_ff @(posedge clk_i) begin
    if (!rst_ni || start_i) begin
      ky_q    <= '0;
      kx_q    <= '0;
      block_q <= '0;
      first_q <= 1'b1;
    end else if (next_i) begin
      first_q <= 1'b0;
      block_q <= last_block ? '0 : block_next;
      if (last_block) begin
        kx_q <= last_kx ? '0 : kx_next;
        if (last_kx) ky_q <= ky_next;
      end
    end
  end

  assign ky_o    = ky_q;
  assign kx_o    = kx_q;
  assign block_o = block_q;
  assign first_o = first_q;
  assign last_o  = last_ky && last_kx && last_block;

  logic unused_layer;
  assign unused_layer = ^layer_i;

endmodule
