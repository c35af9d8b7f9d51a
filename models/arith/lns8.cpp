// SPDX-License-Identifier: Apache-2.0
#include "arith/lns8.hpp"

#include <array>
#include <cmath>

#include "arith/ladder.hpp"

namespace keyway::arith::lns8 {
namespace {

constexpr int kFractionBits = 3;  ///< of the logarithm
constexpr int kWindowShift = 9;   ///< of integer operands
constexpr std::array<int32_t, 1 << kFractionBits> kMantissa{16, 17, 19, 21, 23, 25, 27, 29};

}  // namespace

int32_t operand(uint8_t code, const Table&, ArrayKind) {
  const int logarithm = code & 0x7f;
  if (logarithm == 0) return 0;
  const int32_t value = kMantissa[static_cast<size_t>(logarithm & 7)]
                        << (logarithm >> kFractionBits);
  const int32_t magnitude = (value + (1 << (kWindowShift - 1))) >> kWindowShift;
  return (code & 0x80) != 0 ? -magnitude : magnitude;
}

double exact_value(uint8_t code, const Table&) {
  if (code == 0x80) return 1;
  const int logarithm = code % 128;
  if (logarithm == 0) return 0;
  const double mantissa = kMantissa[static_cast<size_t>(logarithm % 8)];
  return (code < 128 ? mantissa : -mantissa) * std::exp2(logarithm / 8);
}

double unit(ArrayKind) { return std::exp2(kWindowShift); }

Coding encode(const WeightProblem& problem) { return encode_on_ladder(problem, operand); }

}  // namespace keyway::arith::lns8
