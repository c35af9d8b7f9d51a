// SPDX-License-Identifier: Apache-2.0
// Operands of arrays of kind `logarithmic`: how product_logarithm makes a product of an activation x,
// (first + second) * x * 2^shift, or its negative, of the operand that decoders give it.

package keyway_logarithm_pkg;

  // The two terms of the fraction. The first is 32 x and one shift of x besides, or nothing, and the second
  // is added to it: for both, choice and addition are one look-up table of six inputs a bit.
  typedef enum logic [1:0] {
    First0,
    First34,
    First40,
    First48
  } first_e;

  typedef enum logic [1:0] {
    Second0,
    Second1,
    Second4,
    Second8
  } second_e;

  typedef struct packed {
    logic [3:0] shift;  // at most 11
    logic negative;
    first_e first;
    second_e second;
  } logarithm_t;

  parameter int unsigned MostFraction = 56;
  parameter int unsigned MagnitudeBits = 15;  // of a weight
  // The weight one.
  parameter logarithm_t LogarithmOne = '{shift: 0, negative: 0, first: First0, second: Second1};

endpackage
