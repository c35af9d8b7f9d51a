// SPDX-License-Identifier: Apache-2.0
// Operands of arrays of kind `logarithmic`: how product_logarithm makes a product of an activation x,
// (32 + first + second) * x * 2^shift, or its negative, of the operand that decoders give it.

package keyway_logarithm_pkg;

  // The two terms of the fraction that are chosen; each is one shift of x, so that a choice and its addition are
  // one look-up table a bit.
  typedef enum logic [1:0] {
    FirstMinus32,
    FirstPlus2,
    FirstPlus8,
    FirstPlus16
  } first_e;

  typedef enum logic [1:0] {
    SecondPlus1,
    SecondPlus4,
    SecondPlus8,
    SecondMinus8
  } second_e;

  typedef struct packed {
    logic [3:0] shift;  // at most MostShift
    logic negative;
    logic nonzero;
    first_e first;
    second_e second;
  } logarithm_t;

  parameter int unsigned MostShift = 9;
  parameter int unsigned MostFraction = 56;
  // The weight one.
  parameter logarithm_t LogarithmOne = '{
      shift: 0,
      negative: 0,
      nonzero: 1,
      first: FirstMinus32,
      second: SecondPlus1
  };

endpackage
