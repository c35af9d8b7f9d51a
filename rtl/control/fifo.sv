// SPDX-License-Identifier: Apache-2.0
// A small queue of registers.
//
// Mathematics: first in, first out; at most Depth entries; count_o of them are held.
// Timing: an entry that goes in comes out one cycle later at the earliest; one in and one out a cycle.
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

  localparam int unsigned IndexBits = (Depth > 1) ? $clog2(Depth) : 1;

  logic [Width-1:0] memory_q[Depth];
  logic [IndexBits-1:0] head_q, tail_q;
  logic [CountBits-1:0] count_q;
  logic push, pop;

  assign in_ready_o  = count_q != CountBits'(Depth);
  assign out_valid_o = count_q != '0;
  assign out_o       = memory_q[head_q];
  assign count_o     = count_q;
  assign push        = in_valid_i && in_ready_o;
  assign pop         = out_valid_o && out_ready_i;

  function automatic logic [IndexBits-1:0] next(logic [IndexBits-1:0] index);
    return (32'(index) == Depth - 1) ? '0 : index + IndexBits'(1);
  endfunction

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      head_q  <= '0;
      tail_q  <= '0;
      count_q <= '0;
    end else begin
      if (push) tail_q <= next(tail_q);
      if (pop) head_q <= next(head_q);
      if (push != pop) count_q <= push ? count_q + CountBits'(1) : count_q - CountBits'(1);
    end
  end

  always_ff @(posedge clk_i) begin
    if (clear_i) begin
      for (int i = 0; i < int'(Depth); i++) memory_q[i] <= '0;
    end else if (push) begin
      memory_q[tail_q] <= in_i;
    end
  end

  `KEYWAY_ASSERT(NeverOverflows, 32'(count_q) <= Depth)
  `KEYWAY_ASSERT_HOLD(OutHolds, out_valid_o, out_ready_i || clear_i, out_o)

endmodule
