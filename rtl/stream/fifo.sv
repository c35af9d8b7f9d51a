// SPDX-License-Identifier: Apache-2.0
// A small queue of registers.
//
// Mathematics: first in, first out; at most Depth entries; count_o of them are held.
// Timing: an entry that goes in comes out one cycle later at the earliest; one in and one out a cycle.
//   Outputs are registers, and only their enables wait for the streams: entries move up as one leaves.
// Contract: in_valid_i with in_ready_o low, and out_ready_i with out_valid_o low, do nothing. clear_i
//   empties it (and overwrites what it held with zeros). Streams on both sides are held by their givers
//   (assertion OutHolds on ours).
// Test: tests/rtl/engine, through every module that queues.
`include "assert.svh"

module fifo #(
    parameter  int unsigned Width     = 8,
    parameter  int unsigned Depth     = 4,
    localparam int unsigned CountBits = $clog2(Depth + 1)
) (
    input  logic                 clk_i,
    input  logic                 rst_ni,
    input  logic                 clear_i,
    input  logic                 in_valid_i,
    output logic                 in_ready_o,
    input  logic [    Width-1:0] in_i,
    output logic                 out_valid_o,
    input  logic                 out_ready_i,
    output logic [    Width-1:0] out_o,
    output logic [CountBits-1:0] count_o
);

  logic [Depth-1:0][Width-1:0] entry_q;  // the oldest first
  logic [Depth-1:0] held_q;  // entries that are held: the lowest count_o ones
  logic push, pop;

  assign in_ready_o  = !held_q[Depth-1];
  assign out_valid_o = held_q[0];
  assign out_o       = entry_q[0];
  assign push        = in_valid_i && in_ready_o;
  assign pop         = out_valid_o && out_ready_i;

  always_comb begin
    count_o = '0;
    for (int i = 0; i < int'(Depth); i++) count_o += CountBits'(held_q[i]);
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) held_q <= '0;
    else if (push && !pop) held_q <= Depth'({held_q, 1'b1});
    else if (pop && !push) held_q <= held_q >> 1;
  end

  // An entry that is not held takes what stands at the input: if that goes in, it is in its place.
  always_ff @(posedge clk_i) begin
    for (int i = 0; i < int'(Depth); i++) begin
      if (clear_i) entry_q[i] <= '0;
      else if (pop || !held_q[i]) begin
        entry_q[i] <= (i + 1 < int'(Depth) && held_q[i+1]) ? entry_q[i+1] : in_i;
      end
    end
  end

  `KEYWAY_ASSERT(FromTheFront, (held_q & (held_q + Depth'(1))) == '0)
  `KEYWAY_ASSERT_HOLD(OutHolds, out_valid_o, out_ready_i || clear_i, out_o)

endmodule
