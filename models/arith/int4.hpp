// SPDX-License-Identifier: Apache-2.0
/// int4: two's complement of four bits with one step per output channel, for comparison.
///
/// Mathematics: code b3..b0 has the operand -8 b3 + 4 b2 + 2 b1 + b0; exact. `encode` uses all
/// sixteen. Contract: of a code the four lower bits count; the table is not looked at.
/// Source: Krishnamoorthi, arXiv 1806.08342, section 3. Twin: rtl/arith/int4.sv. Test: tests/arith.
#pragma once

#include <cstdint>

#include "arith/number_system.hpp"

namespace keyway::arith::int4 {

/// The decoder, bit for bit.
int32_t operand(uint8_t code, const Table& table, ArrayKind kind);

/// Codes for a tensor: the nearest integer, in steps of the channel (ladder.hpp).
Coding encode(const WeightProblem& problem);

/// The operand by the definition above.
double exact_value(uint8_t code, const Table& table);
double unit(ArrayKind kind);
/// The whole code is one number.
CodeFields fields(uint8_t code);

}  // namespace keyway::arith::int4
