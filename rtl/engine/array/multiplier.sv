// SPDX-License-Identifier: Apache-2.0
// Multiplier: one of the Lanes x Depth, with its weight.
//
// Mathematics: product_o = weight * x, x the broadcast operand or, in window mode, the lane's own tap
//   (0 where the window has none). Exact, 21 bits.
// Timing: operands are chosen in cycle t + 4, which brings them from far, multiplied in t + 5; the product
//   keeps its value while emit_t5_i is low. The next tile's weight waits in the shadow; start_i, in t + 4 of
//   a pass's first step, makes it the active one for the following cycle.
// Contract: see array (a shadow is complete before start_i).
// Test: tests/rtl/engine.

module multiplier
  import keyway_contract_pkg::*;
  import keyway_pkg::*;
(
    input  logic                                         clk_i,
    input  logic                                         clear_i,
    // Weight
    input  logic                                         write_i,
    input  logic signed [               OperandBits-1:0] weight_i,
    input  logic                                         ones_i,
    input  logic                                         start_i,
    // Operands
    input  logic                                         emit_i,
    input  logic                                         emit_t5_i,
    input  logic                                         window_i,
    input  logic signed [            ActivationBits-1:0] dense_i,
    input  logic signed [            ActivationBits-1:0] tap_i,
    input  logic                                         tap_live_i,
    output logic signed [OperandBits+ActivationBits-1:0] product_o
);

  logic signed [OperandBits-1:0] shadow_q, active_q;
  logic signed [ActivationBits-1:0] x_q;
  logic signed [OperandBits+ActivationBits-1:0] product_q;

  always_ff @(posedge clk_i) begin
    if (clear_i) shadow_q <= '0;
    else if (ones_i) shadow_q <= OperandBits'(1);
    else if (write_i) shadow_q <= weight_i;
  end

  always_ff @(posedge clk_i) begin
    if (clear_i) active_q <= '0;
    else if (start_i) active_q <= shadow_q;
  end

  always_ff @(posedge clk_i) begin
    if (clear_i) begin
      x_q <= '0;
    end else if (emit_i) begin
      if (!window_i) x_q <= dense_i;
      else if (tap_live_i) x_q <= tap_i;
      else x_q <= '0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (clear_i) product_q <= '0;
    else if (emit_t5_i) product_q <= active_q * x_q;
  end

  assign product_o = product_q;

endmodule
