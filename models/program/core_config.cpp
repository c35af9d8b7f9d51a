// SPDX-License-Identifier: Apache-2.0
#include "program/core_config.hpp"

#include <algorithm>
#include <array>

#include "common/error.hpp"
#include "common/printable.hpp"
#include "program/contract.hpp"

namespace keyway::program {
namespace {

constexpr std::array<uint32_t, 3> kSizes{8, 16, 32};

std::string dashed(const std::string& part) { return part.empty() ? "" : "-" + part; }

bool is_default(const contract::MemoryPreset& preset) {
  return preset.name == std::string(contract::kDefaultMemory.name);
}

}  // namespace

std::string CoreConfig::array_name() const {
  const auto& kinds = contract::kArrayKinds;
  const auto kind = std::find_if(kinds.begin(), kinds.end(),
                                 [this](const auto& k) { return k.kind == array_kind; });
  const std::string suffix = kind == kinds.end()
                                 ? "kind" + std::to_string(static_cast<unsigned>(array_kind))
                                 : std::string(kind->suffix);
  return std::to_string(lanes) + "x" + std::to_string(depth) + dashed(suffix);
}

std::string CoreConfig::name() const {
  for (const contract::MemoryPreset& preset : contract::kMemoryPresets) {
    if (preset.activation_bytes == activation_bytes && preset.weight_bytes == weight_bytes) {
      return array_name() + (is_default(preset) ? "" : dashed(preset.name));
    }
  }
  return array_name();
}

CoreConfig core_from_name(const std::string& name) {
  std::string arrays, memories;
  for (const uint32_t size : kSizes) {
    for (const contract::ArrayKindInfo& kind : contract::kArrayKinds) {
      CoreConfig core;
      core.lanes = core.depth = size;
      core.array_kind = kind.kind;
      if (name == core.array_name()) return core;
      arrays += (arrays.empty() ? "" : ", ") + core.array_name();
      memories.clear();
      for (const contract::MemoryPreset& preset : contract::kMemoryPresets) {
        memories += (memories.empty() ? "" : ", ") + dashed(preset.name);
        if (name != core.array_name() + dashed(preset.name)) continue;
        core.activation_bytes = preset.activation_bytes;
        core.weight_bytes = preset.weight_bytes;
        return core;
      }
    }
  }
  throw Error(ErrorKind::kUsage, "unknown core " + common::quoted(name) + "; known are: " + arrays +
                                     ", each with one of the memories " + memories);
}

}  // namespace keyway::program
