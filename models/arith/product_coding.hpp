// SPDX-License-Identifier: Apache-2.0
/// Better codes where products are not operand times activation: what counts is what the array
/// makes of a code and the activations that it meets.
///
/// Mathematics: over columns of activations x_t that a layer's taps met, with p(code, x) the
/// products, weights move to neighbouring rungs of the ladder of about what codes come to, one
/// after the other and some rounds, as long as the deviation of
///
///     sum over taps of  step * p(code_t, x_t) - weight_t * x_t
///
/// from its mean, which the bias takes, falls; then every channel's step is fitted. So errors of
/// taps that see like activations are made to cancel. What few columns cannot tell is left to each
/// weight's own error, by importance, as in a gram matrix (quantise/calibration_run.hpp).
/// Deterministic. Test: tests/arith/test_refine.cpp.
#pragma once

#include "arith/ladder.hpp"
#include "arith/products.hpp"

namespace keyway::arith {

/// Does nothing without columns.
void refine_products(const WeightProblem& problem, const Products& products, const Ladder& ladder,
                     Coding& coding);

}  // namespace keyway::arith
