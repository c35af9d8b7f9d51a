// SPDX-License-Identifier: Apache-2.0
/// lns8: sign and logarithm of the magnitude, eight steps an octave, over 14.8 octaves.
///
/// Mathematics: bit 7 is the sign, bits 6..0 are L = 8 i + f; L = 0 is zero. From L = 48 on the
/// magnitude is M(f) * 2^(i - 6) with M = 32, 35, 38, 41, 44, 48, 52, 56: 32 * 2^(f/8) to sums of
/// three from a set of few powers of two, chosen so that an array can make a product of two
/// additions and a shift, and for steps as even as that allows (their mean square error is 16 %
/// above that of equal ones). Like subnormal numbers the smallest lose their fraction: 2^(i - 1)
/// for i = 1..5, 1 for L = 1..7. Numbers from 1 to 28,672, all integers. On arrays of logarithms
/// they are the operands; arrays that multiply integers of 12 bits take a sixteenth, so the upper
/// eleven octaves count. Source: logarithmic numbers: Kingsbury and Rayner, Electronics Letters
/// 7(2), 1971; as weights: Miyashita, Lee and Murmann, arXiv 1603.01025. Twins: rtl/arith/lns8.sv,
/// lns8_logarithm.sv. Test: tests/arith.
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
/// Sign, octave i and step f.
CodeFields fields(uint8_t code);

}  // namespace keyway::arith::lns8
