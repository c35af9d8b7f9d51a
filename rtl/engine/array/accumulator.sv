// SPDX-License-Identifier: Apache-2.0
// Accumulator: adds the sums of a group's pixels over the passes of a job, from the bias on.
//
// Mathematics: first pass: acc(pixel) = bias + sum; later ones: acc(pixel) + sum, in 33 bits that wrap. The
//   last pass's result leaves at once and is not stored. Maxima are compared in the lanes, in 9 bits: they
//   get the one so far (maximum_before_o; -256, which never wins, in the first pass), and the last pass adds
//   the bias.
// Timing: memory is read at t + 7, chosen at t + 8, added at t + 9, result stands (and is written) at
//   t + 10; one pixel a cycle. A pixel that returns one to three cycles later (small groups) gets its sum
//   from the registers instead of the memory.
// Contract: pixels below AccumulatorPixels. bias_i is the token's at t + 8. After the bypass no read meets
//   the write of its own pixel (assertion NoHazard). clear_i overwrites pixel clear_address_i with zeros,
//   and then what was read last.
// Test: tests/rtl/engine (groups of 1, 2, 3, 4 and 512 pixels over several passes).
`include "assert.svh"

module accumulator
  import keyway_contract_pkg::*;
  import keyway_pkg::*;
#(
    parameter int unsigned Lanes   = 16,
    parameter int unsigned SumBits = 25
) (
    input  logic                                  clk_i,
    input  logic                                  rst_ni,
    input  logic                                  clear_i,
    input  weight_address_t                       clear_address_i,
    input  token_pipe_t                           tokens_i,
    input  logic signed     [               31:0] bias_i          [Lanes],
    output logic signed     [ ActivationBits-1:0] maximum_before_o[Lanes],
    input  logic signed     [        SumBits-1:0] sum_i           [Lanes],
    output logic signed     [AccumulatorBits-1:0] result_o        [Lanes]
);

  typedef logic signed [AccumulatorBits-1:0] accumulator_t;

  logic read, write;
  // At StageSum: the pixel's value is not in memory, but with this token.
  logic from_sum_q, from_result_q, from_older_q;
  logic again_q;  // at StageAccumulate: it is the result that was just made
  token_t reading, choosing, adding, written, older;
  // A word is the lower 32 bits of all lanes, and beside them the upper one of each.
  typedef struct packed {
    logic [Lanes-1:0][AccumulatorBits-33:0] upper;
    logic [Lanes-1:0][31:0] lower;
  } word_t;
  word_t stored, results;

  assign reading  = tokens_i[StageQuad];
  assign choosing = tokens_i[StageSum];
  assign adding   = tokens_i[StageAccumulate];
  assign written  = tokens_i[StageScale];
  assign older    = tokens_i[StageTotal];

  assign read     = reading.valid && !reading.first;
  assign write    = written.valid && !written.last;

  ram_1r1w #(
      .Width($bits(word_t)),
      .Words(AccumulatorPixels)
  ) u_ram (
      .clk_i,
      .rst_ni,
      .read_enable_i  (read || clear_i),
      .read_address_i (clear_i ? '0 : reading.pixel),
      .read_data_o    (stored),
      .write_enable_i (clear_i ? 32'(clear_address_i) < AccumulatorPixels : write),
      .write_address_i(clear_i ? clear_address_i[PixelBits-1:0] : written.pixel),
      .write_data_i   (clear_i ? '0 : results)
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      from_sum_q    <= 1'b0;
      from_result_q <= 1'b0;
      from_older_q  <= 1'b0;
      again_q       <= 1'b0;
    end else begin
      from_sum_q    <= choosing.valid && choosing.pixel == reading.pixel;
      from_result_q <= adding.valid && adding.pixel == reading.pixel;
      from_older_q  <= written.valid && written.pixel == reading.pixel;
      again_q       <= from_sum_q && !choosing.first && !choosing.maximum;
    end
  end

  // Arrays as in lane: simulation works on vectors.
  accumulator_t previous[Lanes], addend_q[Lanes], result_q[Lanes], older_q[Lanes];

  for (genvar l = 0; l < int'(Lanes); l++) begin : gen_lane
    assign previous[l] = from_result_q ? result_q[l] : from_older_q ? older_q[l] :
        signed'({stored.upper[l], stored.lower[l]});
    assign maximum_before_o[l] = choosing.first ? NeverWins :
        from_sum_q ? signed'(sum_i[l][ActivationBits-1:0]) : signed'(previous[l][ActivationBits-1:0]);
    assign {results.upper[l], results.lower[l]} = result_q[l];
  end

  always_ff @(posedge clk_i) begin
    accumulator_t addend[Lanes], result[Lanes];
    for (int l = 0; l < int'(Lanes); l++) begin
      if (choosing.maximum ? choosing.last : choosing.first) addend[l] = accumulator_t'(bias_i[l]);
      else addend[l] = choosing.maximum ? '0 : previous[l];
      result[l] = accumulator_t'(sum_i[l]) + (again_q ? result_q[l] : addend_q[l]);
    end
    if (clear_i) begin
      addend_q <= '{default: '0};
      result_q <= '{default: '0};
      older_q  <= '{default: '0};
    end else begin
      addend_q <= addend;
      if (adding.valid) result_q <= result;
      if (written.valid) older_q <= result_q;
    end
  end

  assign result_o = result_q;

  logic unused_bits;
  assign unused_bits = ^{reading, choosing, adding, written, older};

  // What is read while it is written comes from the registers a cycle later.
  `KEYWAY_ASSERT_NEXT(NoHazard, read && write && reading.pixel == written.pixel,
                      from_older_q || clear_i)

endmodule
