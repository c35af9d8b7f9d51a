// SPDX-License-Identifier: Apache-2.0
#include "arith/int4.hpp"

#include "arith/ladder.hpp"

namespace keyway::arith::int4 {

int32_t operand(uint8_t code, const Table&, ArrayKind) {
  const int bits = code & 15;
  return bits >= 8 ? bits - 16 : bits;
}

double exact_value(uint8_t code, const Table&) {
  double value = 0;
  for (int bit = 0; bit < 4; ++bit) {
    if ((code >> bit & 1) != 0) value += bit == 3 ? -8.0 : static_cast<double>(1 << bit);
  }
  return value;
}

double unit(ArrayKind) { return 1; }

CodeFields fields(uint8_t code) {
  return {{"integer", bits_of(code, 0, 4), operand(code, {}, ArrayKind::kMultiplier)}};
}

Coding encode(const WeightProblem& problem) { return encode_on_ladder(problem, operand); }

}  // namespace keyway::arith::int4
