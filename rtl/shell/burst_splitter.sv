// SPDX-License-Identifier: Apache-2.0
// Cuts a request into bursts that AXI allows: none crosses a 4 KiB boundary or has over 256 beats. A
// request that does not lie in its buffer gives none. (SEC: BUFFER_BOUNDS)
//
// Mathematics: a burst ends where the request ends or at the next multiple of
//   BoundaryBytes = min(4096, 256 * AxiDataWidth / 8), whichever comes first. For 128 bits and more
//   256 beats fill 4 KiB, so this one rule serves both limits. A request is inside when
//   offset + bytes <= buffer_i.bytes; the sum has a bit more than its terms, so it does not wrap. Every
//   request on its way to the bus passes here, whoever asks and for whatever reason.
// Timing: a request taken in cycle t gives its first burst in t + 2, then one burst a cycle; bursts come
//   from registers. The next request is taken when the last burst of the one before is there.
// Contract: burst_o is held until burst_ready_i (BurstHold). A request of 0 bytes gives no burst.
//   clear_i drops what is left of the request, and the one that is taken with it. idle_o: nothing is left.
//   outside_o rises two cycles after a request that is refused and stays until clear_i. buffer_i.bytes
//   stands from a request to its last burst, buffer_i.address in the cycle of the request.
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
    input  buffer_t      buffer_i,
    input  logic         request_valid_i,
    output logic         request_ready_o,
    input  dma_request_t request_i,
    output logic         idle_o,
    output logic         outside_o,
    output logic         burst_valid_o,
    input  logic         burst_ready_i,
    output burst_t       burst_o
);

  localparam int unsigned BurstBytes = 256 * AxiDataWidth / 8;
  localparam int unsigned BoundaryBytes = BurstBytes < 4096 ? BurstBytes : 4096;
  localparam int unsigned BoundaryWords = BoundaryBytes / WordBytes;
  localparam int unsigned OffsetBits = $clog2(BoundaryWords);

  logic [59:0] address_q;  // in words
  logic [28:0] words_q;  // left to cut
  logic left_q;  // there are some
  logic [3:0] last_bytes_q;
  logic [44:0] end_q;  // of the request, from the buffer's address
  logic outside_q;
  logic burst_valid_q;
  burst_t burst_q;

  logic [28:0] request_words;
  logic [59:0] first_word;
  logic [8:0] to_boundary_q;
  logic [8:0] words;
  logic last;
  logic inside_buffer;
  logic cut;

  assign last = words_q <= 29'(to_boundary_q);
  assign words = last ? words_q[8:0] : to_boundary_q;
  assign inside_buffer = end_q <= 45'(buffer_i.bytes);
  assign cut = left_q && inside_buffer && (!burst_valid_q || burst_ready_i);
  assign first_word = buffer_i.address[63:4] + 60'(request_i.offset[43:4]);
  assign request_words = 29'((33'(request_i.bytes) + 33'd15) >> 4);
  assign request_ready_o = !left_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      left_q        <= 1'b0;
      outside_q     <= 1'b0;
      burst_valid_q <= 1'b0;
    end else begin
      if (burst_ready_i) burst_valid_q <= 1'b0;
      if (request_valid_i && request_ready_o) begin
        address_q     <= first_word;
        words_q       <= request_words;
        left_q        <= request_words != '0;
        last_bytes_q  <= request_i.bytes[3:0];
        to_boundary_q <= 9'(BoundaryWords) - 9'(first_word[OffsetBits-1:0]);
        end_q         <= 45'(request_i.offset) + 45'(request_i.bytes);
      end
      if (left_q && !inside_buffer) begin
        left_q    <= 1'b0;
        outside_q <= 1'b1;
      end
      if (cut) begin
        burst_valid_q <= 1'b1;
        burst_q <= '{
            address: {address_q, 4'b0},
            words: words,
            last: last,
            last_bytes: last_bytes_q
        };
        // Whatever is left begins at the boundary.
        address_q <= {address_q[59:OffsetBits] + 1'b1, OffsetBits'(0)};
        words_q <= words_q - 29'(to_boundary_q);
        to_boundary_q <= 9'(BoundaryWords);
        left_q <= !last;
      end
    end
  end

  assign burst_valid_o = burst_valid_q;
  assign burst_o = burst_q;
  assign idle_o = !left_q && !burst_valid_q;
  assign outside_o = outside_q;

  logic unused_low;
  assign unused_low = ^{buffer_i.address[3:0], request_i.offset[3:0]};

  `KEYWAY_ASSERT_HOLD(BurstHold, burst_valid_o, burst_ready_i || clear_i, burst_o)
  `KEYWAY_ASSERT(BurstWithinBoundary,
                 !cut || 32'(address_q[OffsetBits-1:0]) + 32'(words) <= BoundaryWords)

endmodule
