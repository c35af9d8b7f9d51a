// SPDX-License-Identifier: Apache-2.0
#include "arith/lns8.hpp"

#include <array>
#include <cmath>

#include "arith/ladder.hpp"

namespace keyway::arith::lns8 {
namespace {

constexpr std::array<int32_t, 8> kFraction{32, 35, 38, 41, 44, 48, 52, 56};
constexpr int kFirstOctave = 6;  ///< of those that have fractions
constexpr int kWindowShift = 4;  ///< of integer operands

}  // namespace

int32_t operand(uint8_t code, const Table&, ArrayKind kind) {
  const int logarithm = code & 0x7f, octave = logarithm >> 3;
  if (logarithm == 0) return 0;
  int32_t magnitude = 1;
  if (octave >= kFirstOctave) {
    magnitude = kFraction[static_cast<size_t>(logarithm & 7)] << (octave - kFirstOctave);
  } else if (octave > 0) {
    magnitude = 1 << (octave - 1);
  }
  if (kind != ArrayKind::kLogarithmic) {
    magnitude = (magnitude + (1 << (kWindowShift - 1))) >> kWindowShift;
  }
  return (code & 0x80) != 0 ? -magnitude : magnitude;
}

double exact_value(uint8_t code, const Table&) {
  const int logarithm = code % 128, octave = logarithm / 8;
  if (logarithm == 0) return 0;
  double magnitude = std::exp2(std::max(octave - 1, 0));
  if (octave >= kFirstOctave) magnitude *= kFraction[static_cast<size_t>(logarithm % 8)] / 32.0;
  return code < 128 ? magnitude : -magnitude;
}

double unit(ArrayKind kind) {
  return kind == ArrayKind::kLogarithmic ? 1 : std::exp2(kWindowShift);
}

CodeFields fields(uint8_t code) {
  CodeFields fields{{"sign", bits_of(code, 7, 1), code < 128 ? 1 : -1}};
  if (code % 128 == 0) {
    fields.push_back({"zero", bits_of(code, 0, 7), 0});
  } else {
    fields.push_back({"octave", bits_of(code, 3, 4), code >> 3 & 15});
    fields.push_back({"step", bits_of(code, 0, 3), code & 7});
  }
  return fields;
}

Coding encode(const WeightProblem& problem) { return encode_on_ladder(problem, operand); }

}  // namespace keyway::arith::lns8
