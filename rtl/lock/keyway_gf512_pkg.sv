// SPDX-License-Identifier: Apache-2.0
// Arithmetic of GF(2^9) for the code that corrects what cells of a PUF read otherwise: polynomials over
// GF(2) modulo contract.toml's field_polynomial, whose root `Alpha` generates all elements but zero.
//
// Bit i of an element is the coefficient of x^i.
// Source: any text on BCH codes, as Lin and Costello, Error Control Coding, chapter 2.
// Test: tests/rtl/lock/test_puf.cpp.
// verilator lint_off UNUSEDPARAM
package keyway_gf512_pkg;

  parameter int unsigned Degree = keyway_contract_pkg::PufFieldBits;
  parameter int unsigned Order = 2 ** Degree - 1;  // of Alpha, and bits of a word of the code

  typedef logic [Degree-1:0] element_t;

  parameter element_t One = element_t'(1);
  parameter element_t Alpha = element_t'(2);

  // x * a.
  function automatic element_t times_alpha(element_t a);
    return element_t'(a << 1) ^ (a[Degree-1] ? element_t'(keyway_contract_pkg::PufFieldPolynomial) : '0);
  endfunction

  // Sums of partial products column by column, then the powers of x from Degree on by what they are modulo
  // the polynomial: trees instead of a chain.
  function automatic element_t multiply(element_t a, element_t b);
    element_t reversed, sum, power;
    logic [2*Degree-2:0] product;
    for (int unsigned i = 0; i < Degree; i++) reversed[i] = b[Degree-1-i];
    for (int unsigned k = 0; k < 2 * Degree - 1; k++) begin
      product[k] = ^(a & (k < Degree ? reversed >> (Degree - 1 - k) : reversed << (k - Degree + 1)));
    end
    sum   = product[Degree-1:0];
    power = element_t'(1) << (Degree - 1);
    for (int unsigned k = Degree; k < 2 * Degree - 1; k++) begin
      power = times_alpha(power);
      sum   = sum ^ (power & {Degree{product[k]}});
    end
    return sum;
  endfunction

endpackage
// verilator lint_on UNUSEDPARAM
