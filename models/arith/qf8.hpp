// SPDX-License-Identifier: Apache-2.0
/// qf8: quantile codes. All 256 codes are equally likely over a tensor, by construction.
///
/// Mathematics: the weights of a tensor, each divided by its output channel's step, fill 256
/// buckets whose counts differ by at most one; the code is the bucket's number. Which weights a
/// bucket takes, and what happens with equal weights and with fewer than 256: `quantile.hpp`. A
/// bucket's operand is its weighted mean (the value of least square error), scaled to 12 signed
/// bits and rounded to nearest. Buckets, operands and channel steps (a least-squares fit for given
/// codes) are found in turn, for several shares of weights that may go wherever there is room; the
/// share of least error is kept (of a large tensor, some taps of every channel decide that). Then
/// weights exchange codes and entries move, which keeps the counts, as long as the error at the
/// layer's outputs falls (`refine.hpp`). The weight that a code stands for is step[channel] *
/// operand, exact given the table. Entries of codes that no weight has are interpolated, so that
/// the table does not tell which are used.
///
/// Contract: the operand of a code is its table entry, whatever the table holds; sign is bit 11.
/// Source: "Locking Machine Learning Models into Hardware", arXiv 2405.20990; quantile quantisation
/// after Dettmers et al., arXiv 2110.02861, section 2. Twin: rtl/arith/qf8.sv. Test: tests/arith.
#pragma once

#include <cstdint>

#include "arith/number_system.hpp"

namespace keyway::arith::qf8 {

/// The decoder, bit for bit.
int32_t operand(uint8_t code, const Table& table, ArrayKind kind);

/// Codes and table for a tensor.
Coding encode(const WeightProblem& problem);

/// The operand by the definition above.
double exact_value(uint8_t code, const Table& table);
double unit(ArrayKind kind);

/// The table under which the codes have these operands.
Table tabulate(const Operands& operands);

}  // namespace keyway::arith::qf8
