// SPDX-License-Identifier: Apache-2.0
#include "compile/plan.hpp"

#include <algorithm>

#include "program/contract.hpp"

namespace keyway::compile {
namespace {

constexpr int64_t kGroupPixels = contract::kAccumulatorPixels;
constexpr size_t kBusBytes = 16;  // a cycle

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// Below this, a pass hardly hides the fetch of the next tile.
int64_t least_pixels(const program::CoreConfig& core) {
  return std::max<int64_t>(12, 2 * (core.depth / 4));
}

/// Number of row groups of a region `height` x `width` (width <= 512). Three hide the latency at a
/// layer's end: what the next layer's first group reads is then written before the last group runs.
int64_t row_groups(const program::CoreConfig& core, int64_t height, int64_t width, int64_t pixels) {
  const int64_t least = ceil_div(height, std::max<int64_t>(1, kGroupPixels / width));
  int64_t wanted = 3;
  if (pixels > 0) wanted = std::max<int64_t>(wanted, height * width / pixels);
  const int64_t most = std::max<int64_t>(1, height * width / least_pixels(core));
  if (most < 3 && least == 1) return 1;
  return std::min(height, std::max(least, std::min(wanted, most)));
}

}  // namespace

Work work_of(const program::CoreConfig& core, const quantise::Layer& layer, uint32_t input_words) {
  const int64_t kh = layer.window.kernel_h, kw = layer.window.kernel_w;
  Work work;
  if (layer.kind == quantise::LayerKind::kDense) {
    const int64_t words = input_words, rw = core.read_words();
    const int64_t blocks_paired = kh * kw * ceil_div(words, rw);
    const int64_t rows_paired = ceil_div(kh, rw) * kw * words;
    work.pair_rows = rows_paired < blocks_paired;
    work.passes = static_cast<uint64_t>(std::min(blocks_paired, rows_paired));
  } else {
    work.passes = static_cast<uint64_t>(ceil_div(kh, contract::kWindowRows) *
                                        ceil_div(kw, core.max_columns()));
  }
  if (has_weights(layer)) work.tile_cycles = core.depth / 4;
  return work;
}

uint64_t group_cycles(const program::CoreConfig& core, const quantise::Layer& layer,
                      const Work& work, int64_t height, int64_t width) {
  if (layer.kind == quantise::LayerKind::kDense) {
    return work.passes * std::max(static_cast<uint64_t>(height * width), work.tile_cycles);
  }
  uint64_t cycles = 0;
  const int64_t kw = layer.window.kernel_w, most = core.max_columns();
  const auto row_passes =
      static_cast<uint64_t>(ceil_div(layer.window.kernel_h, contract::kWindowRows));
  for (int64_t kx = 0; kx < kw; kx += most) {
    const int64_t columns = (width - 1) * layer.window.stride_w + std::min(most, kw - kx);
    cycles += row_passes * std::max(static_cast<uint64_t>(height * columns), work.tile_cycles);
  }
  return cycles;
}

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

size_t leading_layers(const program::CoreConfig& core, const quantise::Network& network,
                      const program::InputImage& image, const std::vector<Mapping>& mappings) {
  if (network.layers.size() < 2) return 1;
  const quantise::Layer &first = network.layers[0], &second = network.layers[1];
  if (first.input != network.input || second.input != first.output) return 1;
  const Shape& out = tensor(network, first.output).shape;
  const Work work = work_of(core, first, mappings[static_cast<size_t>(first.input)].words);
  const uint64_t cycles = mappings[static_cast<size_t>(first.output)].blocks(core) *
                          group_cycles(core, first, work, out.height, out.width);
  return image.bytes() / kBusBytes > cycles ? 2 : 1;
}

RowRange input_rows(const quantise::Layer& layer, const Shape& input, int64_t y, int64_t height) {
  const graph::Window& w = layer.window;
  const int64_t first = y * w.stride_h - w.pad_top;
  const int64_t last = first + (height - 1) * w.stride_h + w.kernel_h;
  RowRange range{std::clamp<int64_t>(first, 0, input.height),
                 std::clamp<int64_t>(last, 0, input.height)};
  if (range.first >= range.last) return {};
  return range;
}

const char* kind_name(quantise::LayerKind kind) {
  switch (kind) {
    case quantise::LayerKind::kDense:
      return "dense";
    case quantise::LayerKind::kDepthwise:
      return "depthwise";
    case quantise::LayerKind::kSum:
      return "sum";
    case quantise::LayerKind::kMax:
      return "max";
  }
  return "unknown";
}

}  // namespace keyway::compile
