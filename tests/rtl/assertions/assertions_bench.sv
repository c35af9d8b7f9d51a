// SPDX-License-Identifier: Apache-2.0
// One assertion of each kind (assert.svh), with its parts as ports (test_assertions.cpp). Every part is
// of two ports, as in the modules that use them: an argument has to count as a whole.
`include "assert.svh"

module assertions_bench (
    input logic        clk_i,
    input logic        rst_ni,
    input logic        clear_i,
    input logic [ 1:0] always_i,
    input logic [ 1:0] before_i,
    input logic [ 1:0] now_i,
    input logic [ 1:0] out_valid_i,
    input logic [ 1:0] out_ready_i,
    input logic [15:0] out_i,
    input logic [ 1:0] in_valid_i,
    input logic [ 1:0] in_ready_i,
    input logic [15:0] in_i,
    input logic [ 1:0] kept_valid_i,
    input logic [ 1:0] kept_ready_i,
    input logic [15:0] kept_i,
    input logic [ 1:0] dropped_i,
    input logic        early_i,
    input logic        late_i,
    input logic        long_rst_ni
);

  `KEYWAY_ASSERT(Always, always_i[0] || always_i[1])
  `KEYWAY_ASSERT_NEXT(Next, before_i[0] || before_i[1], now_i[0] || now_i[1])
  `KEYWAY_ASSERT_HOLD(Hold, out_valid_i[0] || out_valid_i[1], out_ready_i[0] || out_ready_i[1], out_i)
  `KEYWAY_ASSERT_HOLD_IN(HoldIn, in_valid_i[0] || in_valid_i[1], in_ready_i[0] || in_ready_i[1], {
                         in_i[7:0], in_i[15:8]})
  `KEYWAY_ASSERT_HOLD_UNLESS(HoldUnless, kept_valid_i[0] || kept_valid_i[1],
                             kept_ready_i[0] || kept_ready_i[1], {kept_i[7:0], kept_i[15:8]},
                             dropped_i[0] || dropped_i[1])
  `KEYWAY_ASSERT(Past, late_i == $past(early_i))

  if (1) begin : gen_reset
    // verilator lint_off VARHIDDEN
    logic rst_ni;
    // verilator lint_on VARHIDDEN
    assign rst_ni = long_rst_ni;
    `KEYWAY_ASSERT_RESET(Reset, 3)
  end

endmodule
