// SPDX-License-Identifier: Apache-2.0
/// The number systems that a test may choose from: those that run on the array of its core.
#pragma once

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <vector>

#include "arith/number_system.hpp"

namespace keyway::test {

/// Never none; added ones too.
inline std::vector<arith::NumberSystemInfo> systems_on(contract::ArrayKind kind) {
  const auto& all = arith::number_systems();
  std::vector<arith::NumberSystemInfo> systems;
  std::copy_if(all.begin(), all.end(), std::back_inserter(systems),
               [kind](const auto& system) { return system.runs_on(kind); });
  if (systems.empty()) throw std::runtime_error("no number system runs on this kind of array");
  return systems;
}

}  // namespace keyway::test
