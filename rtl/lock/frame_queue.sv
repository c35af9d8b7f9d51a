// SPDX-License-Identifier: Apache-2.0
// A queue of frame descriptors: Depth of them in a memory, and the next one in a register.
//
// Timing: what goes in appears at the output two cycles later; a frame a cycle.
// Contract: the output holds until it is taken (OutHolds). clear_i empties it; what
// lies in its memory stays, descriptors are public.
`include "assert.svh"
module frame_queue
  import keyway_lock_pkg::*;
#(
    parameter int unsigned Depth = 4  // a power of two
) (
    input  logic   clk_i,
    input  logic   rst_ni,
    input  logic   clear_i,
    input  logic   in_valid_i,
    output logic   in_ready_o,
    input  frame_t in_i,
    output logic   out_valid_o,
    input  logic   out_ready_i,
    output frame_t out_o
);

  localparam int unsigned PointerBits = $clog2(Depth);

  // Pointers count modulo 2 * Depth: equal means empty, Depth apart means full.
  logic [PointerBits:0] write_q, read_q;
  frame_t frames_q[Depth];
  logic out_valid_q, refill;
  frame_t out_q;

  assign in_ready_o  = (write_q ^ read_q) != (PointerBits + 1)'(Depth);
  assign out_valid_o = out_valid_q;
  assign out_o       = out_q;
  assign refill      = !out_valid_q || out_ready_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      write_q     <= '0;
      read_q      <= '0;
      out_valid_q <= 1'b0;
      out_q       <= '0;
    end else begin
      if (refill) begin
        out_valid_q <= write_q != read_q;
        if (write_q != read_q) begin
          out_q  <= frames_q[read_q[PointerBits-1:0]];
          read_q <= read_q + (PointerBits + 1)'(1);
        end
      end
      if (in_valid_i && in_ready_o) begin
        frames_q[write_q[PointerBits-1:0]] <= in_i;
        write_q <= write_q + (PointerBits + 1)'(1);
      end
    end
  end

  `KEYWAY_ASSERT_HOLD(OutHolds, out_valid_o, out_ready_i || clear_i, out_o)

endmodule
