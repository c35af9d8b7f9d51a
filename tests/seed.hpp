// SPDX-License-Identifier: Apache-2.0
/// Seeds and sizes of random tests. A test case that fails is followed by the command that repeats
/// it (main.cpp), with the seed that it took here.
#pragma once

#include <cstdint>

namespace keyway::test {

/// KEYWAY_SEED of the environment, or one that nobody chose.
uint64_t seed();

/// Another number of the environment, such as KEYWAY_PROGRAMS.
uint64_t setting(const char* variable, uint64_t otherwise);

}  // namespace keyway::test
