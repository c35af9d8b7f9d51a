// SPDX-License-Identifier: Apache-2.0
/// int8: plain two's complement with one step per output channel, the reference number system.
///
/// Mathematics: code b7..b0 has the operand -128 b7 + sum of 2^i b_i, that is the code
/// sign-extended to 12 bits; exact. The weight it stands for is step[channel] * operand. `encode`
/// uses -127..127 only. Rounding is to nearest, so a weight inside the range is off by at most step
/// / 2; a few large weights may be clamped where a smaller step makes the whole channel's error
/// smaller. Contract: the table is not looked at.
/// Source: two's complement per-channel symmetric quantisation, Krishnamoorthi, arXiv 1806.08342,
/// section 3. Twin: rtl/arith/int8.sv. Test: tests/arith.
#pragma once

#include <cstdint>

#include "arith/number_system.hpp"

namespace keyway::arith::int8 {

/// The decoder, bit for bit.
int32_t operand(uint8_t code, const Table& table, ArrayKind kind);

/// Codes and table for a tensor.
Coding encode(const WeightProblem& problem);

/// The operand by the definition above.
double exact_value(uint8_t code, const Table& table);
double unit(ArrayKind kind);
/// The whole code is one number.
CodeFields fields(uint8_t code);

}  // namespace keyway::arith::int8
