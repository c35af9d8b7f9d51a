// SPDX-License-Identifier: Apache-2.0
/// What a core takes of an UltraScale+ part without its lock, as synthesis counted it:
/// rtl/area.csv, which scripts/synth_ultrascale.sh --record writes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "program/core_config.hpp"

namespace keyway::tool {

struct CoreArea {
  uint64_t lut = 0, ff = 0, dsp = 0;
  double ramb36 = 0;
  std::string rtl;  ///< the state of the RTL that was measured

  /// A multiplier of an array is a DSP or some fifty LUTs: the measure that holds for both.
  uint64_t lut_and_dsp() const { return lut + kLutsOfDsp * dsp; }
  static constexpr uint64_t kLutsOfDsp = 50;
};

/// Nothing for a core that was not synthesised.
std::optional<CoreArea> area_of(const program::CoreConfig& core);

}  // namespace keyway::tool
