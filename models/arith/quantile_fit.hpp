// SPDX-License-Identifier: Apache-2.0
/// Codes and operands for weights in a system of quantile codes: all codes equally likely over a
/// tensor, their operands a table.
///
/// Mathematics: the weights of a tensor, each divided by its output channel's step, fill buckets,
/// one a code, whose counts differ by at most one; the code is the bucket's number. Which weights a
/// bucket takes, and what happens with equal weights and with fewer than codes: `quantile.hpp`. A
/// bucket's operand is its weighted mean (the value of least square error), scaled to 12 signed
/// bits and rounded to nearest. Buckets, operands and channel steps (a least-squares fit for given
/// codes) are found in turn, for several shares of weights that may go wherever there is room; the
/// share of least error is kept (of a large tensor, some taps of every channel decide that). Then
/// weights exchange codes and entries move, which keeps the counts, as long as the error at the
/// layer's outputs falls (`refine.hpp`). Entries of codes that no weight has are interpolated, so
/// that the table does not tell which are used.
///
/// Source: quantile quantisation after Dettmers et al., arXiv 2110.02861, section 2.
/// Test: tests/arith/test_number_systems.cpp.
#pragma once

#include <cstddef>

#include "arith/coding.hpp"

namespace keyway::arith {

/// `codes` is a power of two, at most 256; what the operands say of codes beyond it is what they
/// say of the lower bits.
Coding encode_quantiles(const WeightProblem& problem, size_t codes);

}  // namespace keyway::arith
