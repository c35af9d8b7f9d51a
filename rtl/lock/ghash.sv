// SPDX-License-Identifier: Apache-2.0
// GHASH: Y(0) = 0, Y(i) = (Y(i-1) + X(i)) * H in GF(2^128); the hash is the last Y.
//
// DigitBits = 128: a block a cycle, with a product that takes two. So there are two chains, each of every
//   second block, whose factor is H^2 but for the last block's, which is H:
//     R(i) = (R(i-2) + X(i)) * H^2,   R(n) = (R(n-2) + X(n)) * H,   hash = R(n) + R(n-1).
// DigitBits < 128 (8, 16, 32, 64): Horner's rule over digits of Y + X from the highest power of x,
//   acc = acc * x^DigitBits + digit * H, after a cycle for Y + X: a block takes 128 / DigitBits + 1 cycles.
//
// Timing: a block is taken when block_valid_i and block_ready_o. digest_valid_o is a pulse, three cycles
// (128) or 128 / DigitBits + 1 cycles after the block with block_last_i; digest_o is the hash in that cycle,
// as an element (keyway_gf128_pkg); element(digest_o) is the block. H^2 is made in the cycle after H came,
// in which no block is taken.
// Contract: key_i (H) changes only between messages; block_first_i starts a message from Y = 0.
// clear_i zeroes H and all that comes of it.
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

  element_t h_q, y_q;  // y_q: Y, or the newest R and in the end the hash
  logic digest_valid_q;

  assign digest_valid_o = digest_valid_q;
  assign digest_o       = y_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) h_q <= '0;
    else if (key_valid_i) h_q <= element(key_i);
  end

  if (DigitBits == 128) begin : gen_parallel

    // H itself goes through as a message of one block, whose hash is H^2.
    typedef struct packed {
      logic valid;
      logic is_key;
      logic first;
      logic last;
    } stage_t;

    stage_t
        in_q, product_q;  // of the block whose products are made, and of the one they are made of
    logic ready_q;
    logic second_q;  // the block after the first one
    element_t h2_q, older_q, block_q, factor, earlier, result;
    products_t products_q;

    assign block_ready_o = ready_q;

    // R(i-2): the newest that is made if that of the block before is still to come.
    assign earlier = (in_q.first || second_q) ? '0 : product_q.valid ? y_q : older_q;
    assign factor = in_q.last ? h_q : h2_q;
    assign result = reduce(combine(products_q));

    always_ff @(posedge clk_i) begin
      if (!rst_ni || clear_i) begin
        in_q           <= '0;
        product_q      <= '0;
        ready_q        <= 1'b1;
        second_q       <= 1'b0;
        h2_q           <= '0;
        older_q        <= '0;
        block_q        <= '0;
        products_q     <= '0;
        y_q            <= '0;
        digest_valid_q <= 1'b0;
      end else begin
        ready_q <= !key_valid_i;
        in_q <= '{
            valid: key_valid_i || (block_valid_i && ready_q),
            is_key: key_valid_i,
            first: key_valid_i || block_first_i,
            last: key_valid_i || block_last_i
        };
        if (key_valid_i || block_valid_i) block_q <= element(key_valid_i ? key_i : block_i);

        product_q <= in_q;
        if (in_q.valid) begin
          products_q <= partial_products(block_q ^ earlier, factor);
          second_q   <= in_q.first;
        end

        digest_valid_q <= product_q.valid && product_q.last && !product_q.is_key;
        if (product_q.valid) begin
          if (product_q.is_key) begin
            h2_q <= result;
          end else begin
            older_q <= y_q;
            y_q     <= result ^ ((product_q.last && !product_q.first) ? y_q : '0);
          end
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
