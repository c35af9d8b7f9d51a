// SPDX-License-Identifier: Apache-2.0
/// Bytes for soft locks that a seed repeats.
#pragma once

#include "graphs.hpp"
#include "soft/scales.hpp"

namespace keyway::test {

/// `random` must outlive what this gives.
inline soft::RandomBytes random_bytes(Random& random) {
  return [&random](uint8_t* bytes, size_t size) {
    for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<uint8_t>(random.integer(0, 255));
  };
}

}  // namespace keyway::test
