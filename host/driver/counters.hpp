// SPDX-License-Identifier: Apache-2.0
/// What a core counts of one start; names and meanings: contract::kCounters.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "program/contract.hpp"

namespace keyway::driver {

using Counters = std::array<uint64_t, contract::kCounters.size()>;

inline uint64_t value(const Counters& counters, contract::Counter which) {
  return counters[static_cast<size_t>(which)];
}

}  // namespace keyway::driver
