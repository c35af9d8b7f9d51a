// SPDX-License-Identifier: Apache-2.0
// A register between a giver and a taker: no path leads through it, in neither direction.
//
// Timing: what goes in stands at the output a cycle later; one in and one out a cycle. Two entries, so
//   that the cycle in which the giver has not heard of a stall yet loses nothing.
// Contract: out_o holds until taken (assertion OutHolds), unless clear_i, which empties it and overwrites
//   what was in it with zeros.
// Test: tests/rtl/shell/test_dma.cpp, through the bus masters; tests/rtl/engine, through load_unit.
`include "assert.svh"

module stream_register #(
    parameter int unsigned Width = 8
) (
    input  logic             clk_i,
    input  logic             rst_ni,
    input  logic             clear_i,
    input  logic             in_valid_i,
    output logic             in_ready_o,
    input  logic [Width-1:0] in_i,
    output logic             out_valid_o,
    input  logic             out_ready_i,
    output logic [Width-1:0] out_o
);

  logic out_valid_q, spare_valid_q;
  logic [Width-1:0] out_q, spare_q;  // the spare one holds what came while the other was full

  assign in_ready_o  = !spare_valid_q;
  assign out_valid_o = out_valid_q;
  assign out_o       = out_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      out_valid_q   <= 1'b0;
      spare_valid_q <= 1'b0;
    end else if (out_ready_i || !out_valid_q) begin
      out_valid_q   <= in_valid_i || spare_valid_q;
      spare_valid_q <= 1'b0;
    end else begin
      spare_valid_q <= in_valid_i || spare_valid_q;
    end
  end

  always_ff @(posedge clk_i) begin
    if (clear_i) begin
      out_q   <= '0;
      spare_q <= '0;
    end else begin
      if (out_ready_i || !out_valid_q) out_q <= spare_valid_q ? spare_q : in_i;
      if (!spare_valid_q) spare_q <= in_i;
    end
  end

  `KEYWAY_ASSERT_HOLD(OutHolds, out_valid_o, out_ready_i || clear_i, out_o)

endmodule
