// SPDX-License-Identifier: Apache-2.0
/// Where the code of a lane and a depth stands in a weight tile (contract.toml, MULTIPLY): four
/// consecutive depths, a group, have consecutive bytes; a byte holds as many codes as fit, of so
/// many consecutive groups, the first one lowest.
#pragma once

#include <cstdint>

#include "program/core_config.hpp"

namespace keyway::program {

struct CodePlace {
  uint32_t byte = 0, shift = 0;
};

inline CodePlace code_place(const CoreConfig& core, uint32_t code_bits, uint32_t lane,
                            uint32_t depth) {
  const uint32_t group = depth / contract::kLaneWeightBytes, groups = 8 / code_bits;
  return {group / groups * core.weight_word_bytes() + contract::kLaneWeightBytes * lane +
              depth % contract::kLaneWeightBytes,
          group % groups * code_bits};
}

}  // namespace keyway::program
