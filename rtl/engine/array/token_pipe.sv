// SPDX-License-Identifier: Apache-2.0
// Token pipe: carries the token of a step beside its products, through the stages of stage_e.
//
// Timing: token_i comes with the operands; tokens_o[s] is the token whose product is in stage s. It never
//   stalls: what holds, holds before it (address_generator).
// Contract: a token without valid means nothing; it follows the one before it through the stages all the
//   same.
// Test: tests/rtl/engine.

module token_pipe
  import keyway_pkg::*;
(
    input  logic        clk_i,
    input  logic        rst_ni,
    input  logic        clear_i,
    input  token_t      token_i,
    output token_pipe_t tokens_o
);

  assign tokens_o[StageOperands] = token_i;

  for (genvar s = int'(StageOperands) + 1; s <= int'(StageClamp); s++) begin : gen_stage
    token_t token_q;

    always_ff @(posedge clk_i) begin
      if (!rst_ni || clear_i) token_q <= '0;
      else token_q <= tokens_o[s-1];
    end

    assign tokens_o[s] = token_q;
  end

endmodule
