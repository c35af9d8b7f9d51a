// SPDX-License-Identifier: Apache-2.0
/// Groups: a layer's output is cut into rectangles of at most 512 pixels, which the accumulators
/// hold; one MULTIPLY covers one output block over one group.
///
/// A region has three groups of rows where it can: what the next layer's first group reads is then
/// written before this layer's last group runs. Groups that are too small for their passes to hide
/// the fetch of a tile are avoided. Layers at the start, which must not wait for all of the input,
/// have smaller ones. A stride that exceeds its field means nothing to a group of one row or
/// column, so such a layer's groups have no more; and of a tall tensor a group reads no more rows
/// than a band has (emit.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "program/core_config.hpp"
#include "quantise/network.hpp"

namespace keyway::compile {

/// A rectangle of output pixels within one region of a layer: what one MULTIPLY covers.
struct Group {
  size_t region = 0;
  int64_t y = 0, x = 0, height = 0, width = 0;
  int64_t grid_y = 0, grid_x = 0;  ///< as which pixel the first is computed (quantise::Region)
};

/// Rows of a tall tensor that a group may read, and that a band begins behind the one before.
inline constexpr int64_t kBandRows = 2048;

/// Pixels of a group of a layer that reads the input while it arrives, and of the layer behind it.
inline constexpr int64_t kFirstGroupPixels = 64;
inline constexpr int64_t kSecondGroupPixels = 128;

/// The groups of a layer that reads `input`, in the order of execution: that of what they read.
/// `pixels`: how many a group should have, for layers that must not wait for all of their input; 0:
/// no matter.
std::vector<Group> make_groups(const program::CoreConfig& core, const quantise::Layer& layer,
                               const Shape& input, int64_t pixels);

}  // namespace keyway::compile
