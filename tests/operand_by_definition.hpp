// SPDX-License-Identifier: Apache-2.0
/// What the array multiplies by, from the number that a code stands for: the definition that
/// decoders and their twins implement bit by bit (models/arith/number_system.hpp).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "arith/number_system.hpp"

namespace keyway::test {

inline int32_t operand_by_definition(const arith::NumberSystemInfo& system, uint8_t code,
                                     const arith::Table& table, arith::ArrayKind kind) {
  const double operand = std::round(system.exact_value(code, table) / system.unit(kind));
  if (kind == arith::ArrayKind::kLogarithmic) return static_cast<int32_t>(operand);  // all of them
  return static_cast<int32_t>(std::clamp<double>(
      operand, system.has_table ? arith::kOperandMin : -arith::kOperandMax, arith::kOperandMax));
}

/// Of a code and an activation.
inline int64_t product_by_definition(const arith::NumberSystemInfo& system, uint8_t code,
                                     int32_t activation, const arith::Table& table,
                                     arith::ArrayKind kind) {
  if (!system.has_corrections) {
    return int64_t{operand_by_definition(system, code, table, kind)} * activation;
  }
  // The formula of mit8.hpp, in real numbers.
  const double weight = std::abs(system.exact_value(code, table)), x = std::abs(activation);
  if (weight == 0 || x == 0) return 0;
  const double i = std::floor(std::log2(weight)), k = std::floor(std::log2(x));
  const double f = weight / std::exp2(i) - 1, g = std::floor(64 * (x / std::exp2(k) - 1)) / 64;
  const auto entry = static_cast<size_t>(8 * std::floor(8 * f) + std::floor(8 * g));
  const double sum = i + k + f + g + (table[entry] & 15) / 32.0;
  const double e = std::fmod(std::floor(sum), 16), h = 64 * (sum - std::floor(sum));
  const auto size = static_cast<int64_t>((2 * (64 + h) + 1) * std::exp2(e));
  return (code >= 128) != (activation < 0) ? -size : size;
}

}  // namespace keyway::test
