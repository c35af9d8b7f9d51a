// SPDX-License-Identifier: Apache-2.0
/// fp8: 8-bit floating-point numbers of the form E4M3.
///
/// Mathematics: bit 7 is the sign, bits 6..3 the exponent e, bits 2..0 the fraction m: the number
/// is 2^(e - 7) * (1 + m / 8), for e = 0 it is 2^-6 * m / 8; the largest is 448. s.1111.111 (not a
/// number) counts as zero and is never chosen. Arrays that multiply integers have operands of 12
/// bits: 4 times the number, so the window is 2^-3 to 2^9. Source: OCP 8-bit Floating Point
/// Specification (OFP8), revision 1.0, section 5; Micikevicius et al., arXiv 2209.05433, section 3.
/// Twin: rtl/arith/fp8.sv. Test: tests/arith, against published values.
#pragma once

#include <cstdint>

#include "arith/number_system.hpp"

namespace keyway::arith::fp8 {

/// The decoder, bit for bit.
int32_t operand(uint8_t code, const Table& table, ArrayKind kind);

/// Codes for a tensor: the nearest number, in steps of the channel (ladder.hpp).
Coding encode(const WeightProblem& problem);

/// The number by the definition above.
double exact_value(uint8_t code, const Table& table);
double unit(ArrayKind kind);
/// Sign, exponent e and fraction m.
CodeFields fields(uint8_t code);

}  // namespace keyway::arith::fp8
