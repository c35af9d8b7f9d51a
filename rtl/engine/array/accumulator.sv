// SPDX-License-Identifier: Apache-2.0
// Accumulator: adds the sums of a group's pixels over the passes of a job.
//
// Mathematics: first pass: acc(pixel) = sum; later ones: acc(pixel) + sum (maximum: the larger), in 32
//   bits that wrap. The last pass's result leaves at once and is not stored.
// Timing: memory is read at t + 6, chosen at t + 7, added at t + 8, result stands (and is written) at
//   t + 9; one pixel a cycle. A pixel that returns one to three cycles later (small groups) gets its sum
//   from the registers instead of the memory.
// Contract: pixels below AccumulatorPixels. After the bypass no read meets the write of its own pixel
//   (assertion NoHazard). clear_i overwrites pixel clear_address_i with zeros, and then
//   what was read last.
// Test: tests/rtl/engine (groups of 1, 2, 3, 4 and 512 pixels over several passes).
`include "assert.svh"

module accumulator
  import keyway_contract_pkg::*;
  import keyway_pkg::*;
#(
    parameter int unsigned Lanes   = 16,
    parameter int unsigned SumBits = 25
) (
    input  logic                                 clk_i,
    input  logic                                 rst_ni,
    input  logic                                 clear_i,
    input  logic        [     19:0]              clear_address_i,
    input  token_pipe_t                          tokens_i,
    input  logic signed [Lanes-1:0][SumBits-1:0] sum_i,
    output logic        [Lanes-1:0][       31:0] result_o
);

  logic read, write;
  // At StageSum: the pixel's value is not in memory, but in this register.
  logic from_result_q, from_older_q;
  logic again_q;  // at StageAccumulate: the pixel is that of the token before
  token_t reading, choosing, adding, written, older;
  logic [Lanes-1:0][31:0] stored, previous_q, result_q, older_q;

  assign reading  = tokens_i[StageQuad];
  assign choosing = tokens_i[StageSum];
  assign adding   = tokens_i[StageAccumulate];
  assign written  = tokens_i[StageBias];
  assign older    = tokens_i[StageScale];

  assign read     = reading.valid && !reading.first;
  assign write    = written.valid && !written.last;

  ram_1r1w #(
      .Width(32 * Lanes),
      .Words(AccumulatorPixels)
  ) u_ram (
      .clk_i,
      .rst_ni,
      .read_enable_i  (read || clear_i),
      .read_address_i (clear_i ? '0 : reading.pixel),
      .read_data_o    (stored),
      .write_enable_i (clear_i ? 32'(clear_address_i) < AccumulatorPixels : write),
      .write_address_i(clear_i ? clear_address_i[PixelBits-1:0] : written.pixel),
      .write_data_i   (clear_i ? '0 : result_q)
  );

  always_ff @(posedge clk_i) begin
    if (clear_i) begin
      previous_q <= '0;
      result_q   <= '0;
      older_q    <= '0;
      from_result_q  <= 1'b0;
      from_older_q <= 1'b0;
      again_q    <= 1'b0;
    end else begin
      // t + 7: what the pixel had; the result of the cycle before is not made yet.
      previous_q <= from_result_q ? result_q : from_older_q ? older_q : stored;
      from_result_q  <= adding.valid && adding.pixel == reading.pixel;
      from_older_q <= written.valid && written.pixel == reading.pixel;
      again_q    <= adding.valid && adding.pixel == choosing.pixel;
      // t + 8
      if (adding.valid) begin
        for (int l = 0; l < int'(Lanes); l++) begin
          logic signed [31:0] sum, previous;
          sum = 32'(signed'(sum_i[l]));
          previous = again_q ? result_q[l] : previous_q[l];
          if (adding.first) result_q[l] <= sum;
          else if (adding.maximum) result_q[l] <= (sum > previous) ? sum : previous;
          else result_q[l] <= previous + sum;
        end
      end
      if (written.valid) older_q <= result_q;
    end
  end

  logic unused_bits;
  assign unused_bits = ^{reading, choosing, adding, written, older};

  assign result_o = result_q;

  // What is read while it is written comes from the registers a cycle later.
  `KEYWAY_ASSERT_NEXT(NoHazard, read && write && reading.pixel == written.pixel,
                      from_older_q || clear_i)

endmodule
