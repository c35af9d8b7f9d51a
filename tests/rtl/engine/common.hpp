// SPDX-License-Identifier: Apache-2.0
/// Runs a scenario on the core and on the reference and compares what they store.
#pragma once

#include <string>

#include "bench.hpp"
#include "scenario.hpp"

namespace keyway::test {

/// Empty when equal, else the first difference. `golden` and `bench` keep their memories, so
/// several scenarios may follow each other.
std::string difference(const std::vector<StoredBlock>& expected,
                       const std::vector<StoredBlock>& actual);

/// Runs on a fresh core; REQUIREs equality; gives cycles and events.
RunResult check(const Scenario& scenario, const Stalls& stalls = {}, uint64_t seed = 1);

}  // namespace keyway::test
