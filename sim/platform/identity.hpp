// SPDX-License-Identifier: Apache-2.0
/// The identity pins of a simulated device: what a chip's fuses would drive into the core. No bus
/// register reads or writes them. Nothing else of the simulated platform opens a device file; who
/// does outside of it: lock/parties.hpp.
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace keyway::platform {

struct Identity {
  std::array<uint8_t, 32> secret{};     ///< secret_i; byte k is bits 8k+7..8k
  std::array<uint8_t, 32> owner_key{};  ///< owner_key_i; zero unless enrolled
  bool enrolled = false;                ///< enrolled_i
};

/// Identity of the device file at `path`; with an empty path that of a blank device: all zeros, not
/// enrolled, so that it opens nothing but plain packages. Throws Error(kFile).
Identity load_identity(const std::string& path);

}  // namespace keyway::platform
