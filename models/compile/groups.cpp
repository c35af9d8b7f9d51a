// SPDX-License-Identifier: Apache-2.0
#include "compile/groups.hpp"

#include <algorithm>

#include "common/integers.hpp"
#include "compile/cost.hpp"
#include "compile/layers.hpp"
#include "program/contract.hpp"

namespace keyway::compile {
namespace {

constexpr int64_t kGroupPixels = contract::kAccumulatorPixels;

using common::ceil_div;

/// Below this, a pass hardly hides the fetch of the next tile.
int64_t least_pixels(const program::CoreConfig& core, const quantise::Layer& layer) {
  const uint32_t cycles = core.tile_bytes(code_bits(layer)) / core.weight_word_bytes();
  const uint32_t steps = cycles / core.step_cycles();
  return std::max<int64_t>(12, 2 * int64_t{steps});
}

/// Most rows and columns that a group may have.
struct Most {
  int64_t rows = kGroupPixels, columns = kGroupPixels;
};

Most most_of(const quantise::Layer& layer, const Shape& input) {
  using namespace contract::layer;
  const graph::Window& w = layer.window;
  const quantise::Residual& r = layer.residual;
  Most most;
  if (input.height > largest(kInputHeight)) {
    most.rows = std::max<int64_t>(1, (kBandRows - w.kernel_h) / w.stride_h + 1);
  }
  if (w.stride_h > largest(kStrideY) || r.stride_h > largest(kResidualStrideY)) most.rows = 1;
  if (w.stride_w > largest(kStrideX) || r.stride_w > largest(kResidualStrideX)) most.columns = 1;
  return most;
}

/// Number of row groups of a region `height` x `width` (width <= 512).
int64_t row_groups(int64_t height, int64_t width, int64_t most_rows, int64_t pixels,
                   int64_t least_pixels) {
  const int64_t tallest = std::clamp<int64_t>(kGroupPixels / width, 1, most_rows);
  const int64_t least = ceil_div(height, tallest);
  int64_t wanted = 3;
  if (pixels > 0) wanted = std::max<int64_t>(wanted, height * width / pixels);
  const int64_t most = std::max<int64_t>(1, height * width / least_pixels);
  if (most < 3 && least == 1) return 1;
  return std::min(height, std::max(least, std::min(wanted, most)));
}

}  // namespace

std::vector<Group> make_groups(const program::CoreConfig& core, const quantise::Layer& layer,
                               const Shape& input, int64_t pixels) {
  const Most most = most_of(layer, input);
  std::vector<Group> groups;
  for (size_t r = 0; r < layer.regions.size(); ++r) {
    const quantise::Region& region = layer.regions[r];
    const int64_t parts = ceil_div(region.width, most.columns);
    const int64_t widest = ceil_div(region.width, parts);
    const int64_t rows =
        row_groups(region.height, widest, most.rows, pixels, least_pixels(core, layer));
    for (int64_t i = 0; i < rows; ++i) {
      const int64_t first = ceil_div(region.height * i, rows);
      const int64_t last = ceil_div(region.height * (i + 1), rows);
      for (int64_t x = 0; x < region.width; x += widest) {
        Group group{r, region.y + first, region.x + x, last - first,
                    std::min(widest, region.width - x)};
        group.grid_y = group.y + region.shift_y;
        group.grid_x = group.x + region.shift_x;
        groups.push_back(group);
      }
    }
  }
  std::stable_sort(groups.begin(), groups.end(), [](const Group& a, const Group& b) {
    return a.grid_y != b.grid_y ? a.grid_y < b.grid_y : a.grid_x < b.grid_x;
  });
  return groups;
}

}  // namespace keyway::compile
