// SPDX-License-Identifier: Apache-2.0
// Operands of arrays of kind `logarithmic`. A logarithm_t says how product_logarithm makes an exact product
// of an activation x, (first + second) * x * 2^shift, or its negative; a mitchell_t, which has its own bit
// set, that the logarithms of weight and activation are added (product_mitchell).
// A test of one block uses some of it only.
// verilator lint_off UNUSEDPARAM
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

  // The weight (1 + fraction / 16) * 2^octave, or its negative. The corrections of its products stand beside
  // it, one for each class of the activation's fraction.
  typedef struct packed {
    logic mitchell;
    logic [1:0] unused;
    logic negative;
    logic nonzero;
    logic [2:0] octave;
    logic [3:0] fraction;
  } mitchell_t;

  // An activation in such products: (1 + fraction / 64) * 2^octave, or its negative.
  typedef struct packed {
    logic negative;
    logic nonzero;
    logic [2:0] octave;
    logic [5:0] fraction;
  } activation_logarithm_t;

  parameter int unsigned CorrectionBits = 4;  // in 32nds of an octave
  parameter int unsigned CorrectionClassBits = 3;  // upper bits of a fraction, which choose among them
  parameter int unsigned CorrectionClasses = 2 ** CorrectionClassBits;

  typedef logic [CorrectionClasses-1:0][CorrectionBits-1:0] corrections_t;

  parameter int unsigned MostFraction = 56;
  parameter int unsigned MagnitudeBits = 15;  // of a weight
  // The weight one.
  parameter logarithm_t LogarithmOne = '{shift: 0, negative: 0, first: First0, second: Second1};

endpackage
// verilator lint_on UNUSEDPARAM
