// SPDX-License-Identifier: Apache-2.0
// A small queue in LUT memory.
//
// Mathematics: first in, first out; at most Depth entries; count_o of them are held.
// Timing: an entry that goes in comes out one cycle later at the earliest; one in and one out a cycle.
//   Valid, ready and the place of the oldest entry are registers, so out_o is one read of the memory away
//   from them. Entries stay where they are: up to 32 deep, a bit of them all takes half a LUT and no
//   register.
// Contract: in_valid_i with in_ready_o low, and out_ready_i with out_valid_o low, do nothing. Streams on both
//   sides are held by their givers (assertion OutHolds on ours). clear_i empties it, and overwrites an entry
//   a cycle with in_i, which its giver clears as well: that costs no gate a bit. A clear that goes on for
//   Depth cycles after in_i became zero leaves zeros only (assertion ClearedWithZeros: it has, at the end).
// Test: tests/rtl/stream; tests/rtl/engine, through every module that queues.
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

  localparam int unsigned PlaceBits = (Depth > 1) ? $clog2(Depth) : 1;
  typedef logic [PlaceBits-1:0] place_t;

  (* ram_style = "distributed" *)
  logic [Width-1:0] entry_q[Depth];
  place_t write_q, read_q;
  logic [Depth-1:0] held_q;  // as many ones, from the lowest bit on, as entries are held
  logic push, pop;

  assign in_ready_o  = !held_q[Depth-1];
  assign out_valid_o = held_q[0];
  assign out_o       = entry_q[read_q];
  assign push        = in_valid_i && in_ready_o;
  assign pop         = out_valid_o && out_ready_i;

  function automatic place_t next(place_t place);
    return (32'(place) == Depth - 1) ? '0 : place + place_t'(1);
  endfunction

  always_comb begin
    count_o = '0;
    for (int i = 0; i < int'(Depth); i++) count_o += CountBits'(held_q[i]);
  end

  // While it is cleared the places go round together.
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      held_q  <= '0;
      write_q <= '0;
      read_q  <= '0;
    end else if (clear_i) begin
      held_q  <= '0;
      write_q <= next(write_q);
      read_q  <= next(write_q);
    end else begin
      if (push && !pop) held_q <= Depth'({held_q, 1'b1});
      else if (pop && !push) held_q <= held_q >> 1;
      if (push) write_q <= next(write_q);
      if (pop) read_q <= next(read_q);
    end
  end

  always_ff @(posedge clk_i) begin
    if (push || clear_i) entry_q[write_q] <= in_i;
  end

  `KEYWAY_ASSERT(FromTheFront, (held_q & (held_q + Depth'(1))) == '0)
  `KEYWAY_ASSERT(PlacesAgree, !pop || 32'(write_q) == (32'(read_q) + 32'(count_o)) % Depth)
  `KEYWAY_ASSERT_NEXT(ClearedWithZeros, clear_i && in_i != '0, clear_i)
  `KEYWAY_ASSERT_HOLD(OutHolds, out_valid_o, out_ready_i || clear_i, out_o)

endmodule
