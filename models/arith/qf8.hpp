// SPDX-License-Identifier: Apache-2.0
/// qf8: quantile codes. All 256 codes are equally likely over a tensor, by construction.
///
/// Mathematics: codes and their operands, 12 signed bits each: `quantile_fit.hpp`. The weight that
/// a code stands for is step[channel] * operand, exact given the table.
///
/// Contract: the operand of a code is its table entry, whatever the table holds; sign is bit 11.
/// Source: "Locking Machine Learning Models into Hardware", arXiv 2405.20990. Twin:
/// rtl/arith/qf8.sv. Test: tests/arith.
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
/// The whole code is the number of an entry.
CodeFields fields(uint8_t code);

/// The table under which the codes have these operands.
Table tabulate(const Operands& operands);

}  // namespace keyway::arith::qf8
