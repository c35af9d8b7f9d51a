// SPDX-License-Identifier: Apache-2.0
/// lns8: sign and logarithm of the magnitude, eight steps an octave over 15.9 octaves.
///
/// Mathematics: bit 7 is the sign, bits 6..0 are L = 8 i + f; L = 0 is zero, otherwise the
/// magnitude is M(f) * 2^i with M = 16, 17, 19, 21, 23, 25, 27, 29: 16 * 2^(f/8) to an odd integer
/// of at most three signed powers of two, so that a product with an integer is a sum of three and a
/// shift. A step is 6 to 12 %, so a weight is off by 6 % at most and by 2 % in the mean. Code 0x80,
/// zero with a sign, is the number one: below the smallest of the others, it makes copies of
/// channels exact where operands are exact. Arrays that multiply integers have operands of 12 bits:
/// the numbers over 2^9, so the upper eleven octaves count. Source: logarithmic numbers: Kingsbury
/// and Rayner, Electronics Letters 7(2), 1971; as weights: Miyashita, Lee and Murmann, arXiv
/// 1603.01025. Twin: rtl/arith/lns8.sv. Test: tests/arith.
#pragma once

#include <cstdint>

#include "arith/number_system.hpp"

namespace keyway::arith::lns8 {

/// The decoder, bit for bit.
int32_t operand(uint8_t code, const Table& table, ArrayKind kind);

/// Codes for a tensor: the nearest number, in steps of the channel (ladder.hpp).
Coding encode(const WeightProblem& problem);

/// The number by the definition above.
double exact_value(uint8_t code, const Table& table);
double unit(ArrayKind kind);

}  // namespace keyway::arith::lns8
