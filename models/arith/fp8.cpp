// SPDX-License-Identifier: Apache-2.0
#include "arith/fp8.hpp"

#include <cmath>

#include "arith/ladder.hpp"

namespace keyway::arith::fp8 {

int32_t operand(uint8_t code, const Table&, ArrayKind) {
  if ((code & 0x7f) == 0x7f) return 0;
  const int exponent = code >> 3 & 15;
  const int32_t significand = 8 + (code & 7);
  int32_t magnitude = 0;
  if (exponent >= 8) {
    magnitude = significand << (exponent - 8);
  } else if (exponent > 3) {
    magnitude = ((2 * significand >> (8 - exponent)) + 1) >> 1;
  }
  return (code & 0x80) != 0 ? -magnitude : magnitude;
}

double exact_value(uint8_t code, const Table&) {
  const int exponent = code / 8 % 16;
  const double fraction = code % 8 / 8.0;
  if (exponent == 15 && code % 8 == 7) return 0;
  const double magnitude =
      exponent == 0 ? std::exp2(-6) * fraction : std::exp2(exponent - 7) * (1 + fraction);
  return code < 128 ? magnitude : -magnitude;
}

double unit(ArrayKind) { return 0.25; }

CodeFields fields(uint8_t code) {
  CodeFields fields{{"sign", bits_of(code, 7, 1), code < 128 ? 1 : -1}};
  if (code % 128 == 127) {
    fields.push_back({"not a number", bits_of(code, 0, 7), 0});
  } else {
    fields.push_back({"exponent", bits_of(code, 3, 4), code >> 3 & 15});
    fields.push_back({"fraction", bits_of(code, 0, 3), code & 7});
  }
  return fields;
}

Coding encode(const WeightProblem& problem) { return encode_on_ladder(problem, operand); }

}  // namespace keyway::arith::fp8
