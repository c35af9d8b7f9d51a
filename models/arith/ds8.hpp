// SPDX-License-Identifier: Apache-2.0
/// ds8: four signed digits to base four.
///
/// Mathematics: digit j of a code, bits 2j+1..2j in two's complement, is -2..1, and the number is
/// the sum of digit_j * 4^j: every integer of -170..85 by one code. The weight it stands for is
/// step[channel] * number. A tile has a number of digits: where the lower ones do not count, they
/// are zero for the array whatever the code says (upper_digits), and the number is a multiple of a
/// power of four. Contract: the table is not looked at. Source: signed digits to base
/// four: Avizienis, IRE Transactions on Electronic Computers 10(3), 1961. Twin: rtl/arith/ds8.sv.
/// Test: tests/arith.
#pragma once

#include <cstdint>

#include "arith/number_system.hpp"

namespace keyway::arith::ds8 {

/// The decoder, bit for bit.
int32_t operand(uint8_t code, const Table& table, ArrayKind kind);

/// Codes for a tensor, of as many digits as the problem says (digit_coding.hpp).
Coding encode(const WeightProblem& problem);

/// The number by the definition above.
double exact_value(uint8_t code, const Table& table);
double unit(ArrayKind kind);
/// Digits 3 to 0.
CodeFields fields(uint8_t code);

}  // namespace keyway::arith::ds8
