// SPDX-License-Identifier: Apache-2.0
#include "arith/ds8.hpp"

#include <array>

#include "arith/digit_coding.hpp"

namespace keyway::arith::ds8 {
namespace {

constexpr int32_t kUppers = 0xaa;  ///< the upper bits of all digits, and what they weigh

}  // namespace

int32_t operand(uint8_t code, const Table&, ArrayKind) { return (code ^ kUppers) - kUppers; }

double exact_value(uint8_t code, const Table&) {
  double value = 0, weight = 1;
  for (int rest = code; rest > 0; rest /= 4, weight *= 4) {
    const int digit = rest % 4;
    value += weight * (digit < 2 ? digit : digit - 4);
  }
  return value;
}

double unit(ArrayKind) { return 1; }

CodeFields fields(uint8_t code) {
  constexpr std::array<const char*, contract::kMostDigits> kNames{"digit 3", "digit 2", "digit 1",
                                                                  "digit 0"};
  CodeFields fields;
  for (int digit = contract::kMostDigits - 1; digit >= 0; --digit) {
    const int bits = code >> (2 * digit) & 3;
    fields.push_back(
        {kNames[fields.size()], bits_of(code, 2 * digit, 2), bits < 2 ? bits : bits - 4});
  }
  return fields;
}

Coding encode(const WeightProblem& problem) { return encode_digits(problem, operand); }

}  // namespace keyway::arith::ds8
