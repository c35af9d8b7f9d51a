// SPDX-License-Identifier: Apache-2.0
#include "arith/qf4.hpp"

#include <algorithm>

#include "arith/coding.hpp"
#include "arith/qf8.hpp"
#include "arith/quantile_fit.hpp"

namespace keyway::arith::qf4 {
namespace {

constexpr uint8_t kCodes = contract::kShortTableEntries;

}  // namespace

int32_t operand(uint8_t code, const Table& table, ArrayKind kind) {
  return qf8::operand(code % kCodes, table, kind);
}

double unit(ArrayKind kind) { return qf8::unit(kind); }

double exact_value(uint8_t code, const Table& table) {
  return qf8::exact_value(code % kCodes, table);
}

Table tabulate(const Operands& operands) {
  Table table = qf8::tabulate(operands);
  std::fill(table.begin() + kCodes, table.end(), int16_t{0});
  return table;
}

CodeFields fields(uint8_t code) { return {{"entry", bits_of(code, 0, 4), code % kCodes}}; }

Coding encode(const WeightProblem& problem) { return encode_quantiles(problem, kCodes); }

}  // namespace keyway::arith::qf4
