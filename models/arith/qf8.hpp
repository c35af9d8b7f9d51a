// SPDX-License-Identifier: Apache-2.0
/// qf8: quantile codes. All 256 codes are equally likely over a tensor, by construction.
///
/// Mathematics: the weights of a tensor, each divided by its output channel's step, are ranked; the
/// n weights fall into 256 buckets of consecutive ranks, bucket = floor(256 rank / n), so that
/// counts differ by at most one. The code is the bucket's number; its operand is the bucket's
/// weighted mean (the value of least square error), scaled to 12 signed bits and rounded to
/// nearest. Equal weights are ranked in pseudo-random order, so they spread over the codes of their
/// buckets. Ranking and channel steps are found in turn: given codes, a channel's best step is a
/// least-squares fit. The weight that a code stands for is step[channel] * operand, exact given the
/// table; the error of a weight is bounded by its bucket's width, largest in the two outermost
/// buckets. With fewer than 256 weights the codes in use are distinct and chosen at random, and the
/// unused entries are interpolated, so that the table does not tell which are used. Contract: the
/// operand of a code is its table entry, whatever the table holds; sign is bit 11. Source: "Locking
/// Machine Learning Models into Hardware", arXiv 2405.20990; quantile quantisation after Dettmers
/// et al., arXiv 2110.02861, section 2. Twin: rtl/arith/qf8.sv. Test: tests/arith.
#pragma once

#include <cstdint>

#include "arith/number_system.hpp"

namespace keyway::arith::qf8 {

/// The decoder, bit for bit.
int16_t operand(uint8_t code, const Table& table);

/// Codes and table for a tensor.
Coding encode(const WeightProblem& problem);

/// The operand by the definition above.
double exact_value(uint8_t code, const Table& table);

/// The table under which the codes have these operands.
Table tabulate(const Operands& operands);

}  // namespace keyway::arith::qf8
