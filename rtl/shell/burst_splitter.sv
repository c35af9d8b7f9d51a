// SPDX-License-Identifier: Apache-2.0
// Cuts a request into bursts that AXI allows: none crosses a 4 KiB boundary or has over 256 beats.
//
// Mathematics: a burst ends where the request ends or at the next multiple of
//   BoundaryBytes = min(4096, 256 * AxiDataWidth / 8), whichever comes first. For 128 bits and more
//   256 beats fill 4 KiB, so this one rule serves both limits.
// Timing: the first burst is there in the cycle after the request was taken, then one burst a cycle;
//   the next request is taken with the last burst of the one before.
// Contract: burst_o is held until burst_ready_i (BurstHold). A request of 0 bytes gives no burst.
//   clear_i drops what is left of the request.
// Source: AMBA AXI4 specification (IHI 0022), A3.4.1. Test: tests/rtl/shell/test_dma.cpp.
`include "assert.svh"

module burst_splitter
  import keyway_shell_pkg::*;
#(
    parameter int unsigned AxiDataWidth = 128
) (
    input  logic         clk_i,
    input  logic         rst_ni,
    input  logic         clear_i,
    input  logic         request_valid_i,
    output logic         request_ready_o,
    input  dma_request_t request_i,
    output logic         burst_valid_o,
    input  logic         burst_ready_i,
    output burst_t       burst_o
);

  localparam int unsigned BurstBytes = 256 * AxiDataWidth / 8;
  localparam int unsigned BoundaryBytes = BurstBytes < 4096 ? BurstBytes : 4096;
  localparam int unsigned BoundaryWords = BoundaryBytes / WordBytes;
  localparam int unsigned OffsetBits = $clog2(BoundaryWords);

  logic [59:0] address_q;  // in words
  logic [28:0] words_q;  // left to do
  logic [3:0] last_bytes_q;

  logic [8:0] to_boundary;
  logic [8:0] words;
  logic last;
  logic burst_taken;

  assign to_boundary = 9'(BoundaryWords) - 9'(address_q[OffsetBits-1:0]);
  assign last = words_q <= 29'(to_boundary);
  assign words = last ? words_q[8:0] : to_boundary;

  assign burst_valid_o = words_q != '0;
  assign burst_o = '{
          address: {address_q, 4'b0},
          words: words,
          last: last,
          last_bytes: last_bytes_q
      };
  assign burst_taken = burst_valid_o && burst_ready_i;
  assign request_ready_o = !clear_i && (words_q == '0 || (burst_taken && last));

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      words_q <= '0;
    end else if (request_valid_i && request_ready_o) begin
      address_q    <= request_i.address[63:4];
      words_q      <= 29'((33'(request_i.bytes) + 33'd15) >> 4);
      last_bytes_q <= request_i.bytes[3:0];
    end else if (burst_taken) begin
      address_q <= address_q + 60'(words);
      words_q   <= words_q - 29'(words);
    end
  end

  logic unused_address;
  assign unused_address = ^request_i.address[3:0];

  `KEYWAY_ASSERT_HOLD(BurstHold, burst_valid_o, burst_ready_i || clear_i, burst_o)
  `KEYWAY_ASSERT(BurstWithinBoundary,
                 !burst_valid_o || 32'(address_q[OffsetBits-1:0]) + 32'(words) <= BoundaryWords)

endmodule
