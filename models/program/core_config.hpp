// SPDX-License-Identifier: Apache-2.0
/// The structure of a core: what a program is compiled for, and which programs a core runs.
/// Names and memories: rtl/pkg/contract.toml. Test: tests/compile.
#pragma once

#include <cstdint>
#include <string>

#include "program/contract.hpp"

namespace keyway::program {

/// Size of a core. Named cores: see `core_from_name`.
struct CoreConfig {
  uint32_t lanes = 16;
  uint32_t depth = 16;
  contract::ArrayKind array_kind = contract::ArrayKind::kMultiplier;
  uint32_t activation_bytes = contract::kDefaultMemory.activation_bytes;
  uint32_t weight_bytes = contract::kDefaultMemory.weight_bytes;

  // Derived as contract.toml's [core] says.
  uint32_t word_channels() const {
    return depth < contract::kMaxWordChannels ? depth : contract::kMaxWordChannels;
  }
  uint32_t read_words() const { return depth / word_channels(); }
  uint32_t lane_words() const { return lanes / word_channels(); }
  uint32_t block_banks() const { return read_words() > lane_words() ? read_words() : lane_words(); }
  uint32_t max_columns() const {
    const uint32_t fit = depth / contract::kWindowRows;
    return fit < contract::kMaxWindowColumns ? fit : contract::kMaxWindowColumns;
  }
  uint32_t weight_word_bytes() const { return contract::kLaneWeightBytes * lanes; }
  uint32_t tile_codes() const { return lanes * depth; }
  uint32_t tile_bytes(uint32_t code_bits) const { return tile_codes() * code_bits / 8; }
  uint32_t bank_words() const {
    return activation_bytes / word_channels() / contract::kRowBanks / block_banks();
  }
  /// Throws Error(kFit) for an unknown kind.
  const contract::ArrayKindInfo& kind_info() const;
  /// For which the array is busy with one step.
  uint32_t step_cycles() const { return kind_info().step_cycles; }
  /// A pass takes one digit of its weights.
  bool digit_passes() const { return kind_info().digit_passes; }
  /// Lanes, depth and kind.
  std::string array_name() const;
  /// With the memories, where they are a preset other than the standard one.
  std::string name() const;

  /// True if a program for `other` runs here: the same array, memories at least as large.
  bool runs(const CoreConfig& other) const {
    return lanes == other.lanes && depth == other.depth && array_kind == other.array_kind &&
           activation_bytes >= other.activation_bytes && weight_bytes >= other.weight_bytes;
  }
};

/// "8x8", "16x16", "32x32", then the suffix of the array's kind and, with a dash in front, the name
/// of its memories, as in "16x16-small" (contract.toml, [[array_kind]] and [[memory_preset]]); a
/// kind without a suffix and standard memories go without saying. Throws Error(kUsage) that lists
/// the known names.
CoreConfig core_from_name(const std::string& name);
/// Those names, for help and errors.
std::string known_cores();

}  // namespace keyway::program
