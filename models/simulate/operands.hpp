// SPDX-License-Identifier: Apache-2.0
/// Weight tiles decoded into the order in which the kernels read them (kernels.hpp).
///
/// A tap is one activation word that meets the array: row ky and column kx of the kernel, input
/// block. The order of taps is that of the tiles, and sums are 32 bits, so it does not matter.
#pragma once

#include <cstdint>
#include <vector>

#include "arith/number_system.hpp"
#include "simulate/decoded.hpp"

namespace keyway::simulate {

struct Tap {
  int64_t ky = 0, kx = 0, block = 0;
  uint64_t pass = 0;   ///< whose tile holds its codes
  uint32_t depth = 0;  ///< of its first code in the tile
};

std::vector<Tap> taps_of(const program::CoreConfig& core, const MultiplyStep& step);

/// Codes instead of operands where a number system's products are no operand times activation.
/// `tiles` is the weight memory from weight_address on; not looked at if the step reads no weights
/// (then every operand is one). Empty for maxima.
std::vector<int16_t> decode_operands(const program::CoreConfig& core, const MultiplyStep& step,
                                     const std::vector<Tap>& taps, const uint8_t* tiles,
                                     const arith::Table& table);

}  // namespace keyway::simulate
