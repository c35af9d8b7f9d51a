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

}  // namespace keyway::test
