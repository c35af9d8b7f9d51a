// SPDX-License-Identifier: Apache-2.0
#include "compile/groups.hpp"

#include <algorithm>

#include "common/integers.hpp"
#include "compile/cost.hpp"
#include "program/contract.hpp"

namespace keyway::compile {
namespace {

constexpr int64_t kGroupPixels = contract::kAccumulatorPixels;

using common::ceil_div;

/// Below this, a pass hardly hides the fetch of the next tile.
int64_t least_pixels(const program::CoreConfig& core) {
  const uint64_t steps = tile_cycles(core) / core.step_cycles();
  return std::max<int64_t>(12, 2 * static_cast<int64_t>(steps));
}

/// Number of row groups of a region `height` x `width` (width <= 512).
int64_t row_groups(const program::CoreConfig& core, int64_t height, int64_t width, int64_t pixels) {
  const int64_t least = ceil_div(height, std::max<int64_t>(1, kGroupPixels / width));
  int64_t wanted = 3;
  if (pixels > 0) wanted = std::max<int64_t>(wanted, height * width / pixels);
  const int64_t most = std::max<int64_t>(1, height * width / least_pixels(core));
  if (most < 3 && least == 1) return 1;
  return std::min(height, std::max(least, std::min(wanted, most)));
}

}  // namespace

std::vector<Group> make_groups(const program::CoreConfig& core, const quantise::Layer& layer,
                               int64_t pixels) {
  std::vector<Group> groups;
  for (size_t r = 0; r < layer.regions.size(); ++r) {
    const quantise::Region& region = layer.regions[r];
    const int64_t parts = ceil_div(region.width, kGroupPixels);
    const int64_t widest = ceil_div(region.width, parts);
    const int64_t rows = row_groups(core, region.height, widest, pixels);
    for (int64_t i = 0; i < rows; ++i) {
      const int64_t first = ceil_div(region.height * i, rows);
      const int64_t last = ceil_div(region.height * (i + 1), rows);
      for (int64_t x = 0; x < region.width; x += widest) {
        groups.push_back(
            {r, region.y + first, region.x + x, last - first, std::min(widest, region.width - x)});
      }
    }
  }
  std::stable_sort(groups.begin(), groups.end(), [](const Group& a, const Group& b) {
    return a.y != b.y ? a.y < b.y : a.x < b.x;
  });
  return groups;
}

}  // namespace keyway::compile
