// SPDX-License-Identifier: Apache-2.0
// Arithmetic of GF(2^128) for GHASH: polynomials over GF(2) modulo x^128 + x^7 + x^2 + x + 1.
//
// An element is a vector whose bit i is the coefficient of x^i. GHASH numbers the bits of a byte from
// its most significant one, so bit i of an element is bit 7 - i mod 8 of byte i / 8: `element` turns
// blocks (keyway_lock_pkg's byte order) into elements and back; in hardware it is only wires.
//
// The product of polynomials is two levels of Karatsuba over 32 x 32 bits: 9 * 1024 ANDs instead of
// 16384, and in simulation nine loops over 64-bit words. A register may stand behind the nine:
// product = reduce(combine(partial_products(a, b))).
//
// Source: SP 800-38D, section 6.3. Test: tests/rtl/lock/test_ghash.cpp.
package keyway_gf128_pkg;

  typedef logic [127:0] element_t;

  // Reverses the bits of every byte; its own inverse.
  function automatic logic [127:0] element(logic [127:0] block);
    logic [127:0] x;
    x = ((block >> 1) & {16{8'h55}}) | ((block & {16{8'h55}}) << 1);
    x = ((x >> 2) & {16{8'h33}}) | ((x & {16{8'h33}}) << 2);
    return ((x >> 4) & {16{8'h0f}}) | ((x & {16{8'h0f}}) << 4);
  endfunction

  function automatic logic [63:0] multiply32(logic [31:0] a, logic [31:0] b);
    logic [63:0] sum;
    sum = 64'd0;
    for (int unsigned i = 0; i < 32; i++) sum = sum ^ ({64{b[i]}} & ({32'd0, a} << i));
    return sum;
  endfunction

  typedef logic [2:0][63:0] products64_t;  // of the halves' sums, of the high halves, of the low ones
  typedef products64_t [2:0] products_t;

  function automatic products64_t partial_products64(logic [63:0] a, logic [63:0] b);
    return {
      multiply32(a[63:32] ^ a[31:0], b[63:32] ^ b[31:0]),
      multiply32(a[63:32], b[63:32]),
      multiply32(a[31:0], b[31:0])
    };
  endfunction

  function automatic products_t partial_products(logic [127:0] a, logic [127:0] b);
    return {
      partial_products64(a[127:64] ^ a[63:0], b[127:64] ^ b[63:0]),
      partial_products64(a[127:64], b[127:64]),
      partial_products64(a[63:0], b[63:0])
    };
  endfunction

  function automatic logic [127:0] combine64(products64_t p);
    logic [63:0] middle;
    middle = p[2] ^ p[1] ^ p[0];
    return {p[1][63:32], p[1][31:0] ^ middle[63:32], p[0][63:32] ^ middle[31:0], p[0][31:0]};
  endfunction

  function automatic logic [255:0] combine(products_t p);
    logic [127:0] low, high, middle;
    low = combine64(p[0]);
    high = combine64(p[1]);
    middle = combine64(p[2]) ^ high ^ low;
    return {high[127:64], high[63:0] ^ middle[127:64], low[127:64] ^ middle[63:0], low[63:0]};
  endfunction

  // high * x^128 for a polynomial short enough to need no second fold: x^128 = x^7 + x^2 + x + 1.
  function automatic logic [127:0] fold(logic [119:0] high);
    return {8'd0, high} ^ {7'd0, high, 1'b0} ^ {6'd0, high, 2'b0} ^ {1'b0, high, 7'd0};
  endfunction

  // The top byte of a product is folded first: it is worth up to x^135 in units of x^120, which still
  // leaves something above x^128 for the second fold.
  function automatic logic [127:0] reduce(logic [255:0] product);
    logic [247:0] once;
    once = product[247:0] ^ (248'(fold(120'(product[255:248]))) << 120);
    return once[127:0] ^ fold(once[247:128]);
  endfunction

endpackage
