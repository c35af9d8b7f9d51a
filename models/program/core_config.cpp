// SPDX-License-Identifier: Apache-2.0
#include "program/core_config.hpp"

#include <vector>

#include "common/error.hpp"
#include "common/printable.hpp"
#include "program/array_kind.hpp"
#include "program/contract.hpp"

namespace keyway::program {
namespace {

std::string dashed(const std::string& part) { return part.empty() ? "" : "-" + part; }

bool is_default(const contract::MemoryPreset& preset) {
  return preset.name == std::string(contract::kDefaultMemory.name);
}

/// Every array, with standard memories.
std::vector<CoreConfig> standard_cores() {
  std::vector<CoreConfig> cores;
  for (const uint32_t size : contract::kArraySizes) {
    for (const contract::ArrayKindInfo& kind : array_kinds()) {
      CoreConfig core;
      core.lanes = core.depth = size;
      core.array_kind = kind.kind;
      cores.push_back(core);
    }
  }
  return cores;
}

}  // namespace

const contract::ArrayKindInfo& CoreConfig::kind_info() const {
  if (const contract::ArrayKindInfo* kind = find_array_kind(array_kind)) return *kind;
  throw Error(ErrorKind::kFit, "core " + array_name() + ": unknown kind of array");
}

std::string CoreConfig::array_name() const {
  const contract::ArrayKindInfo* kind = find_array_kind(array_kind);
  const std::string suffix = kind == nullptr
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

std::string known_cores() {
  std::string arrays, memories;
  for (const CoreConfig& core : standard_cores()) {
    arrays += (arrays.empty() ? "" : ", ") + core.array_name();
  }
  for (const contract::MemoryPreset& preset : contract::kMemoryPresets) {
    memories += (memories.empty() ? "" : ", ") + dashed(preset.name);
  }
  return arrays + ", each with one of the memories " + memories;
}

CoreConfig core_from_name(const std::string& name) {
  for (CoreConfig core : standard_cores()) {
    if (name == core.array_name()) return core;
    for (const contract::MemoryPreset& preset : contract::kMemoryPresets) {
      if (name != core.array_name() + dashed(preset.name)) continue;
      core.activation_bytes = preset.activation_bytes;
      core.weight_bytes = preset.weight_bytes;
      return core;
    }
  }
  throw Error(ErrorKind::kUsage,
              "unknown core " + common::quoted(name) + "; known are: " + known_cores());
}

}  // namespace keyway::program
