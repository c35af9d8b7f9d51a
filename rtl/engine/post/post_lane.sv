// SPDX-License-Identifier: Apache-2.0
// Post-processing of one lane: from a sum of 33 bits, the bias in it, to a byte.
//
// Mathematics: q = clamp((m * acc + mr * residual + 2^(shift-1)) >>> shift, lo, hi), exact but for the one
//   rounding. The product has 51 bits, the total 52. The product is made of two halves,
//   m * (high * 2^17 + low), each one DSP multiplier; low and residual are added first, and what is above
//   2^17 of their sum is added in the DSP of the other half.
//   The shift is made in two steps, by a multiple of eight and by less than eight. Rounding is half a unit of
//   the result before the shift, which is the same as the highest bit shifted out, after it:
//   (total + 2^(shift-1)) >>> shift = (total >>> shift) + total[shift-1].
// Timing: acc and residual at t + 10, byte stands at t + 14; one a cycle.
// Contract: 1 <= shift <= 47; shift 0 adds no rounding.
// Source: the requantisation of the numeric contract, models/quantise/network.hpp, its twin.
//   Test: tests/rtl/engine (extremes of every field).

module post_lane
  import keyway_pkg::*;
(
    input  logic                              clk_i,
    input  logic                              clear_i,
    input  post_steps_t                       steps_i,
    input  logic signed [AccumulatorBits-1:0] acc_i,           // with the bias
    input  logic signed [               17:0] m_i,
    input  logic signed [               17:0] mr_i,
    input  logic signed [ ActivationBits-1:0] residual_i,
    input  logic        [                2:0] coarse_shift_i,
    input  logic        [                2:0] fine_shift_i,
    input  logic signed [                8:0] lo_i,
    input  logic signed [                8:0] hi_i,
    output logic        [                7:0] q_o
);

  logic signed [35:0] low_q;
  logic signed [33:0] high_q;
  logic signed [26:0] residual_q;
  logic signed [34:0] total_high_q;
  logic [16:0] total_low_q;
  // After the first step, with the highest bit shifted out; a shift by 7 leaves the 9 bits of the limits.
  logic signed [16:0] coarse_q;
  logic coarse_fits_q;  // its other bits are copies of its sign
  logic negative_q;
  logic [7:0] q_q;

  always_ff @(posedge clk_i) begin
    if (clear_i) begin
      low_q         <= '0;
      high_q        <= '0;
      residual_q    <= '0;
      total_high_q  <= '0;
      total_low_q   <= '0;
      coarse_q      <= '0;
      coarse_fits_q <= 1'b0;
      negative_q    <= 1'b0;
      q_q           <= '0;
    end else begin
      if (steps_i.scale) begin
        low_q      <= 36'(m_i) * 36'(signed'({1'b0, acc_i[16:0]}));
        high_q     <= 34'(m_i) * 34'(signed'(acc_i[32:17]));
        residual_q <= 27'(mr_i) * 27'(residual_i);
      end
      if (steps_i.total) begin
        logic signed [36:0] low;
        low = 37'(low_q) + 37'(residual_q);
        total_high_q <= 35'(high_q) + 35'(low >>> 17);
        total_low_q  <= low[16:0];
      end
      if (steps_i.shift) begin
        logic signed [52:0] shifted;
        shifted = signed'({total_high_q, total_low_q, 1'b0}) >>> {coarse_shift_i, 3'd0};
        coarse_q      <= shifted[16:0];
        coarse_fits_q <= shifted[52:16] == '0 || shifted[52:16] == '1;
        negative_q    <= shifted[52];
      end
      if (steps_i.clamp) begin
        logic signed [16:0] shifted;
        logic signed [9:0] rounded;
        logic fits;  // in 9 bits before it is rounded, as both limits do
        shifted = coarse_q >>> fine_shift_i;
        rounded = 10'(signed'(shifted[9:1])) + signed'({9'd0, shifted[0]});
        fits    = coarse_fits_q && (shifted[16:9] == '0 || shifted[16:9] == '1);
        if (fits ? rounded < 10'(lo_i) : negative_q) q_q <= lo_i[7:0];
        else if (!fits || rounded > 10'(hi_i)) q_q <= hi_i[7:0];
        else q_q <= rounded[7:0];
      end
    end
  end

  assign q_o = q_q;

endmodule
