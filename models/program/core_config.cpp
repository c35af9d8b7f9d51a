// SPDX-License-Identifier: Apache-2.0
#include "program/core_config.hpp"

#include <array>

#include "common/error.hpp"
#include "program/contract.hpp"

namespace keyway::program {
namespace {

constexpr std::array<uint32_t, 3> kSizes{8, 16, 32};
constexpr const char* kStandard = "standard";

}  // namespace

std::string CoreConfig::name() const {
  for (const contract::MemoryPreset& preset : contract::kMemoryPresets) {
    if (preset.name != std::string(kStandard) && preset.activation_bytes == activation_bytes &&
        preset.weight_bytes == weight_bytes) {
      return array_name() + "-" + preset.name;
    }
  }
  return array_name();
}

CoreConfig core_from_name(const std::string& name) {
  std::string known, presets;
  for (const uint32_t size : kSizes) {
    CoreConfig core;
    core.lanes = core.depth = size;
    if (name == core.array_name()) return core;
    known += (known.empty() ? "" : ", ") + core.array_name();
    presets.clear();
    for (const contract::MemoryPreset& preset : contract::kMemoryPresets) {
      presets += std::string(presets.empty() ? "-" : ", -") + preset.name;
      if (name != core.array_name() + "-" + preset.name) continue;
      core.activation_bytes = preset.activation_bytes;
      core.weight_bytes = preset.weight_bytes;
      return core;
    }
  }
  throw Error(ErrorKind::kUsage, "unknown core '" + name + "'; known are: " + known +
                                     ", each with one of the memories " + presets);
}

}  // namespace keyway::program
