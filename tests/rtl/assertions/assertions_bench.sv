// SPDX-License-Identifier: Apache-2.0
// One assertion of each kind (assert.svh), with its parts as ports (test_assertions.cpp).
`include "assert.svh"

module assertions_bench (
    input logic        clk_i,
    input logic        rst_ni,
    input logic        clear_i,
    input logic        always_i,
    input logic        before_i,
    input logic        now_i,
    input logic        out_valid_i,
    input logic        out_ready_i,
    input logic [15:0] out_i,
    input logic        in_valid_i,
    input logic        in_ready_i,
    input logic [15:0] in_i
);

  `KEYWAY_ASSERT(Always, always_i)
  `KEYWAY_ASSERT_NEXT(Next, before_i, now_i)
  `KEYWAY_ASSERT_HOLD(Hold, out_valid_i, out_ready_i, out_i)
  `KEYWAY_ASSERT_HOLD_IN(HoldIn, in_valid_i, in_ready_i, {in_i[7:0], in_i[15:8]})

endmodule
