// SPDX-License-Identifier: Apache-2.0
#include "arith/qf8.hpp"

#include "arith/coding.hpp"
#include "arith/quantile_fit.hpp"

namespace keyway::arith::qf8 {

int32_t operand(uint8_t code, const Table& table, ArrayKind) {
  // The decode memory holds the low 12 bits; bit 11 is the sign.
  const int entry = table[code] & 0xfff;
  return entry >= 0x800 ? entry - 0x1000 : entry;
}

double unit(ArrayKind) { return 1; }

double exact_value(uint8_t code, const Table& table) {
  double value = 0;
  for (int bit = 0; bit < kOperandBits; ++bit) {
    if ((table[code] >> bit & 1) == 0) continue;
    value += bit == kOperandBits - 1 ? -2048.0 : static_cast<double>(1 << bit);
  }
  return value;
}

Table tabulate(const Operands& operands) {
  Table table{};
  for (size_t code = 0; code < table.size(); ++code) {
    table[code] = static_cast<int16_t>(operands[code]);
  }
  return table;
}

CodeFields fields(uint8_t code) { return {{"entry", bits_of(code, 0, 8), code}}; }

Coding encode(const WeightProblem& problem) { return encode_quantiles(problem, 256); }

}  // namespace keyway::arith::qf8
