// SPDX-License-Identifier: Apache-2.0
/// The check that most tests here end in: a network, compiled and simulated, gives the bytes of the
/// reference executor, and its program's waits are proved.
#pragma once

#include <cstdint>

#include "program/program.hpp"
#include "quantise/network.hpp"

namespace keyway::test {

/// Requires equality on `images` random inputs, and no hazards. Returns the program.
program::Program check_network(const quantise::Network& network, const program::CoreConfig& core,
                               uint64_t seed, int images = 1);

}  // namespace keyway::test
