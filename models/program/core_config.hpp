// SPDX-License-Identifier: Apache-2.0
/// The structure of a core: what a program is compiled for, and which programs a core runs.
/// Names and memories: rtl/pkg/contract.toml. Test: tests/compile.
#pragma once

#include <cstdint>
#include <string>

namespace keyway::program {

/// Size of a core. Named cores: see `core_from_name`.
struct CoreConfig {
  uint32_t lanes = 16;
  uint32_t depth = 16;
  uint32_t activation_bytes = 256 * 1024;
  uint32_t weight_bytes = 512 * 1024;

  // Derived as contract.toml's [core] says.
  uint32_t word_channels() const { return depth < 16 ? depth : 16; }
  uint32_t read_words() const { return depth / word_channels(); }
  uint32_t lane_words() const { return lanes / word_channels(); }
  uint32_t block_banks() const { return read_words() > lane_words() ? read_words() : lane_words(); }
  uint32_t max_columns() const { return depth / 3 < 5 ? depth / 3 : 5; }
  uint32_t weight_word_bytes() const { return 4 * lanes; }
  uint32_t tile_bytes() const { return lanes * depth; }
  uint32_t bank_words() const { return activation_bytes / word_channels() / 4 / block_banks(); }
  std::string array_name() const { return std::to_string(lanes) + "x" + std::to_string(depth); }
  /// With the memories, where they are a preset other than the standard one.
  std::string name() const;

  /// True if a program for `other` runs here: the same array, memories at least as large.
  bool runs(const CoreConfig& other) const {
    return lanes == other.lanes && depth == other.depth &&
           activation_bytes >= other.activation_bytes && weight_bytes >= other.weight_bytes;
  }
};

/// "8x8", "16x16", "32x32", with the standard memories or, as in "16x16-small", with those of a
/// preset (contract.toml, [[memory_preset]]). Throws Error(kUsage) that lists the known names.
CoreConfig core_from_name(const std::string& name);

}  // namespace keyway::program
