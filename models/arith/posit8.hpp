// SPDX-License-Identifier: Apache-2.0
/// posit8: posits of 8 bits with two bits of exponent.
///
/// Mathematics: a negative code is the two's complement of its magnitude. Behind the sign a run of
/// equal bits says the regime (k + 1 ones mean k, -k zeros mean k), then come two bits of exponent
/// e and the fraction, as many bits as there are: the number is 2^(4k + e) * (1 + fraction), from
/// 2^-24 to 2^24. Between 1/16 and 16 the fraction has three bits. 0x80 (not a real) counts as zero
/// and is never chosen. Arrays that multiply integers have operands of 12 bits: 64 times the
/// number, at most 2047, so the window is 2^-7 to 2^5. Source: Standard for Posit Arithmetic
/// (2022), section 3. Twin: rtl/arith/posit8.sv. Test: tests/arith, against published values.
#pragma once

#include <cstdint>

#include "arith/number_system.hpp"

namespace keyway::arith::posit8 {

/// The decoder, bit for bit.
int32_t operand(uint8_t code, const Table& table, ArrayKind kind);

/// Codes for a tensor: the nearest number, in steps of the channel (ladder.hpp).
Coding encode(const WeightProblem& problem);

/// The number by the definition above.
double exact_value(uint8_t code, const Table& table);
double unit(ArrayKind kind);
/// Sign, regime k, exponent e and the fraction in units of its last bit, as far as there are bits.
CodeFields fields(uint8_t code);

}  // namespace keyway::arith::posit8
