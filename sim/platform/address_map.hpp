// SPDX-License-Identifier: Apache-2.0
/// Where the simulated board's memory is. Above 4 GiB, so that a kernel which loses the upper half
/// of an address fails in every test; anything else answers with a decode error (DECERR).
#pragma once

#include <cstdint>

namespace keyway::platform {

inline constexpr uint64_t kMemoryBase = uint64_t{1} << 32;
inline constexpr uint64_t kMemoryBytes = uint64_t{16} << 30;

}  // namespace keyway::platform
