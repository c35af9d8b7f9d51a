// SPDX-License-Identifier: Apache-2.0
/// The identity pins of a simulated device: what a chip's fuses and its PUF would drive into the
/// core. No bus register reads or writes them. Nothing else of the simulated platform opens a
/// device file; who does outside of it: lock/parties.hpp.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace keyway::platform {

struct Identity {
  uint8_t sources = 0;                  ///< sources_i
  std::array<uint8_t, 32> fuse{};       ///< fuse_i; byte k is bits 8k+7..8k
  std::array<uint8_t, 32> owner_key{};  ///< owner_key_i; zero unless enrolled
  bool enrolled = false;                ///< enrolled_i
  std::vector<uint8_t> cells;           ///< of the PUF, at this boot, a byte each: puf_cell_i
  std::vector<uint8_t> helper;          ///< helper data and check value: bit by bit on helper_i
};

/// Identity of the device file at `path`, with the noise of a boot of its own; with an empty path
/// that of a blank device: all zeros, not enrolled, so that it opens nothing but plain packages.
/// Throws Error(kFile).
Identity load_identity(const std::string& path);

}  // namespace keyway::platform
