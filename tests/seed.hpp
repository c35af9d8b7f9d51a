// SPDX-License-Identifier: Apache-2.0
/// Seeds of random tests. A test case that fails is followed by the command that repeats it
/// (main.cpp), with the seed that it took here.
#pragma once

#include <cstdint>

namespace keyway::test {

/// KEYWAY_SEED of the environment, or one that nobody chose.
uint64_t seed();

}  // namespace keyway::test
