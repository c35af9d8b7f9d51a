// SPDX-License-Identifier: Apache-2.0
// GHASH: Y(0) = 0, Y(i) = (Y(i-1) + X(i)) * H in GF(2^128); the hash is the last Y.
//
// DigitBits = 128: the whole product in one cycle, a block a cycle.
// DigitBits < 128 (8, 16, 32, 64): Horner's rule over digits of Y + X from the highest power of x,
//   acc = acc * x^DigitBits + digit * H, after a cycle for Y + X: a block takes 128 / DigitBits + 1 cycles.
//
// Timing: a block is taken when block_valid_i and block_ready_o. digest_valid_o is a pulse, one cycle
// (128) or 128 / DigitBits + 1 cycles after the block with block_last_i; digest_o is Y in that cycle,
// as an element (keyway_gf128_pkg); element(digest_o) is the block.
// Contract: key_i (H) changes only between messages; block_first_i starts a message from Y = 0.
// clear_i zeroes H and Y.
// Source: SP 800-38D, section 6.4. Test: tests/rtl/lock/test_ghash.cpp.
module ghash
  import keyway_lock_pkg::*;
  import keyway_gf128_pkg::*;
#(
    parameter int unsigned DigitBits = 128
) (
    input  logic     clk_i,
    input  logic     rst_ni,
    input  logic     clear_i,
    input  logic     key_valid_i,
    input  block_t   key_i,
    input  logic     block_valid_i,
    output logic     block_ready_o,
    input  logic     block_first_i,
    input  logic     block_last_i,
    input  block_t   block_i,
    output logic     digest_valid_o,
    output element_t digest_o
);

  element_t h_q, y_q;
  logic digest_valid_q;

  assign digest_valid_o = digest_valid_q;
  assign digest_o       = y_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) h_q <= '0;
    else if (key_valid_i) h_q <= element(key_i);
  end

  if (DigitBits == 128) begin : gen_parallel

    assign block_ready_o = 1'b1;

    always_ff @(posedge clk_i) begin
      if (!rst_ni || clear_i) begin
        y_q            <= '0;
        digest_valid_q <= 1'b0;
      end else begin
        digest_valid_q <= block_valid_i && block_last_i;
        if (block_valid_i) begin
          y_q <= multiply(element(block_i) ^ (block_first_i ? '0 : y_q), h_q);
        end
      end
    end

  end else begin : gen_serial

    localparam int unsigned Digits = 128 / DigitBits;
    localparam int unsigned CountBits = $clog2(Digits + 1);

    // acc * x^DigitBits + digit * H, reduced.
    function automatic element_t step(element_t acc, logic [DigitBits-1:0] digit, element_t h);
      logic [DigitBits+127:0] sum;
      sum = {acc, DigitBits'(0)};
      for (int unsigned i = 0; i < DigitBits; i++) begin
        if (digit[i]) sum = sum ^ ({DigitBits'(0), h} << i);
      end
      return sum[127:0] ^ fold(120'(sum[DigitBits+127:128]));
    endfunction

    logic     [CountBits-1:0] digits_q;  // still to multiply
    logic                     ready_q;  // none
    logic                     fresh_q;  // none of this block yet: the sum begins with zero
    logic                     last_q;
    element_t                 factor_q;  // from its top digit at hand

    assign block_ready_o = ready_q;

    // While it is ready, whatever stands at the input comes in: only ready_q knows whether it is a block,
    // since that is known late and these registers are many.
    always_ff @(posedge clk_i) begin
      if (!rst_ni || clear_i) begin
        y_q            <= '0;
        factor_q       <= '0;
        digits_q       <= '0;
        ready_q        <= 1'b1;
        fresh_q        <= 1'b0;
        last_q         <= 1'b0;
        digest_valid_q <= 1'b0;
      end else begin
        digest_valid_q <= digits_q == CountBits'(1) && last_q;
        fresh_q        <= ready_q;
        if (ready_q) begin
          factor_q <= element(block_i) ^ (block_first_i ? '0 : y_q);
          if (block_valid_i) begin
            ready_q  <= 1'b0;
            digits_q <= CountBits'(Digits);
            last_q   <= block_last_i;
          end
        end else begin
          y_q      <= step(fresh_q ? '0 : y_q, factor_q[127-:DigitBits], h_q);
          factor_q <= factor_q << DigitBits;
          digits_q <= digits_q - CountBits'(1);
          ready_q  <= digits_q == CountBits'(1);
        end
      end
    end

  end

endmodule
