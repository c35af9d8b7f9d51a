// SPDX-License-Identifier: Apache-2.0
// Accumulator: adds the sums of a group's pixels over the passes of a job.
//
// Mathematics: first pass: acc(pixel) = sum; later ones: acc(pixel) + sum (maximum: the larger), in 32
//   bits that wrap. The last pass's result leaves at once and is not stored.
// Timing: memory is read at t + 5, chosen at t + 6, added at t + 7, result stands (and is written) at
//   t + 8; one pixel a cycle. A pixel that returns one to three cycles later (small groups) gets its sum
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
    input  token_t                               token_t5_i,
    input  token_t                               token_t6_i,
    input  token_t                               token_t7_i,
    input  logic signed [Lanes-1:0][SumBits-1:0] sum_i,
    output token_t                               token_t8_o,
    output logic        [Lanes-1:0][       31:0] result_o
);

  logic read, write, from_t8, from_t9, from_t8_q;
  token_t token_t8_q, token_t9_q;
  logic [Lanes-1:0][31:0] stored, previous_q, result_q, older_q;

  assign read    = token_t5_i.valid && !token_t5_i.first;
  assign write   = token_t8_q.valid && !token_t8_q.last;
  assign from_t8 = token_t8_q.valid && token_t8_q.pixel == token_t6_i.pixel;
  assign from_t9 = token_t9_q.valid && token_t9_q.pixel == token_t6_i.pixel;

  ram_1r1w #(
      .Width(32 * Lanes),
      .Words(AccumulatorPixels)
  ) u_ram (
      .clk_i,
      .rst_ni,
      .read_enable_i  (read || clear_i),
      .read_address_i (clear_i ? '0 : token_t5_i.pixel),
      .read_data_o    (stored),
      .write_enable_i (clear_i ? 32'(clear_address_i) < AccumulatorPixels : write),
      .write_address_i(clear_i ? clear_address_i[PixelBits-1:0] : token_t8_q.pixel),
      .write_data_i   (clear_i ? '0 : result_q)
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      token_t8_q <= '0;
      token_t9_q <= '0;
    end else begin
      token_t8_q <= token_t7_i;
      token_t9_q <= token_t8_q;
    end
  end

  always_ff @(posedge clk_i) begin
    if (clear_i) begin
      previous_q <= '0;
      result_q   <= '0;
      older_q    <= '0;
      from_t8_q  <= 1'b0;
    end else begin
      // t + 6: what the pixel had; the result of the cycle before is not made yet.
      previous_q <= from_t8 ? result_q : from_t9 ? older_q : stored;
      from_t8_q  <= token_t7_i.valid && token_t7_i.pixel == token_t6_i.pixel;
      // t + 7
      if (token_t7_i.valid) begin
        for (int l = 0; l < int'(Lanes); l++) begin
          logic signed [31:0] sum, previous;
          sum = 32'(signed'(sum_i[l]));
          previous = from_t8_q ? result_q[l] : previous_q[l];
          if (token_t7_i.first) result_q[l] <= sum;
          else if (token_t7_i.maximum) result_q[l] <= (sum > previous) ? sum : previous;
          else result_q[l] <= previous + sum;
        end
      end
      if (token_t8_q.valid) older_q <= result_q;
    end
  end

  logic unused_bits;
  assign unused_bits = ^{token_t5_i, token_t6_i, token_t9_q};

  assign token_t8_o = token_t8_q;
  assign result_o = result_q;

  // What is read while it is written comes from the registers a cycle later.
  `KEYWAY_ASSERT(NoHazard,
                 (read && write && token_t5_i.pixel == token_t8_q.pixel) |=> (from_t9 || clear_i))

endmodule
