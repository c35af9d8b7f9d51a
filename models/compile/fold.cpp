// SPDX-License-Identifier: Apache-2.0
#include "compile/fold.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "common/error.hpp"
#include "common/integers.hpp"
#include "common/printable.hpp"
#include "compile/cost.hpp"
#include "compile/layers.hpp"
#include "compile/transpose.hpp"

namespace keyway::compile {
namespace {

using quantise::ChannelPost;
using quantise::Layer;
using quantise::LayerKind;
using quantise::Network;
using quantise::Region;

constexpr int64_t kMostRows = largest(contract::layer::kKernelH);
constexpr int64_t kMostColumns = largest(contract::layer::kKernelW);

/// How the rows of a window stand: `parts` of `rows`, beside each other. Windows that overlap can
/// share the rows of each part where no part lacks any: then they are `stride` rows apart, as in
/// the image.
struct Fold {
  int64_t rows = 0, parts = 0, stride = 0;
};

/// The layer with its window folded; codes as they were.
Layer folded(Layer layer, const Fold& fold) {
  graph::Window& w = layer.window;
  w.kernel_h = fold.rows;
  w.stride_h = fold.stride;
  w.kernel_w = w.stride_w = fold.parts * w.kernel_w;
  w.pad_top = w.pad_left = w.pad_bottom = w.pad_right = 0;
  return layer;
}

/// The fastest fold, one of those whose parts all have as many rows if `even`; nothing if there is
/// none.
std::optional<Fold> fastest(const Layer& layer, uint32_t words, const program::CoreConfig& core,
                            bool even) {
  const int64_t height = layer.window.kernel_h, width = layer.window.kernel_w;
  Layer shape;  // what the estimate reads
  shape.kind = layer.kind;
  std::optional<std::tuple<uint64_t, int64_t, int64_t>> best;  // cycles, positions, parts
  for (int64_t parts = common::ceil_div(height, kMostRows); parts * width <= kMostColumns;
       ++parts) {
    const int64_t rows = common::ceil_div(height, parts);
    shape.window = layer.window;
    shape = folded(std::move(shape), {rows, parts, rows});
    const uint64_t cycles = group_cycles(core, shape, work_of(core, shape, words), 1, 1);
    const auto cost = std::make_tuple(cycles, rows * parts, parts);
    const bool fits = even ? rows * parts == height : (parts - 1) * rows < height;
    if (fits && (!best || cost < *best)) best = cost;
  }
  if (!best) return std::nullopt;
  const int64_t parts = std::get<2>(*best), rows = common::ceil_div(height, parts);
  return Fold{rows, parts, rows};
}

/// For a window that is copied: shared rows where that is possible and saves any.
Fold choose(const Layer& layer, uint32_t words, const program::CoreConfig& core, bool is_copied) {
  const graph::Window& w = layer.window;
  if (is_copied) {
    std::optional<Fold> shared = fastest(layer, words, core, true);
    if (shared && w.stride_h < shared->rows) {
      shared->stride = w.stride_h;
      return *shared;
    }
  }
  if (const auto fold = fastest(layer, words, core, false)) return *fold;
  throw Error(ErrorKind::kFit, "layer " + common::quoted(layer.name) + ": a window of " +
                                   std::to_string(w.kernel_h) + " x " + std::to_string(w.kernel_w) +
                                   " positions; the core's kernels hold " +
                                   std::to_string(kMostRows) + " x " +
                                   std::to_string(kMostColumns));
}

/// [...][rows][columns] -> [...][fold.rows][fold.parts * columns]. Positions that the window lacks
/// have the codes of the part before: they meet zeros, and codes stay as frequent as they were.
std::vector<uint8_t> folded_codes(const std::vector<uint8_t>& codes, const graph::Window& window,
                                  const Fold& fold) {
  const auto width = static_cast<size_t>(window.kernel_w);
  const size_t taps = static_cast<size_t>(window.kernel_h) * width;
  std::vector<uint8_t> result;
  for (size_t plane = 0; plane < codes.size(); plane += taps) {
    for (int64_t y = 0; y < fold.rows; ++y) {
      for (int64_t part = 0; part < fold.parts; ++part) {
        int64_t row = part * fold.rows + y;
        if (row >= window.kernel_h) row -= fold.rows;
        const auto from =
            codes.begin() + static_cast<std::ptrdiff_t>(plane + static_cast<size_t>(row) * width);
        result.insert(result.end(), from, from + static_cast<std::ptrdiff_t>(width));
      }
    }
  }
  return result;
}

/// Makes every byte `value`.
ChannelPost constant(int32_t value, bool is_signed) {
  ChannelPost post = unchanged(is_signed);
  post.m = 0;
  if (value != 0) post.lo = post.hi = value;
  return post;
}

/// The byte that changes no result of the layer.
int32_t neutral(const Layer& reader, bool is_signed) {
  return reader.kind == LayerKind::kMax && is_signed ? -128 : 0;
}

struct Rectangle {
  int64_t y = 0, x = 0, height = 0, width = 0;
};

/// The regions of one layer.
class Regions {
 public:
  Regions(int64_t channels, ChannelPost filling)
      : filling_(static_cast<size_t>(channels), filling) {}

  /// `to` is computed as though it stood at (y, x).
  void place(const Rectangle& to, int64_t y, int64_t x, const std::vector<ChannelPost>& post) {
    if (to.height <= 0 || to.width <= 0) return;
    regions_.push_back({to.y, to.x, to.height, to.width, post, y - to.y, x - to.x});
  }
  /// What it is computed from does not matter, if it is there.
  void fill(const Rectangle& to) { place(to, 0, 0, filling_); }
  /// All of `whole` that is not in `hole`.
  void fill_around(const Rectangle& whole, const Rectangle& hole) {
    const int64_t below = hole.y + hole.height, right = hole.x + hole.width;
    fill({whole.y, whole.x, hole.y - whole.y, whole.width});
    fill({below, whole.x, whole.y + whole.height - below, whole.width});
    fill({hole.y, whole.x, hole.height, hole.x - whole.x});
    fill({hole.y, right, hole.height, whole.x + whole.width - right});
  }
  std::vector<Region> take() { return std::move(regions_); }

 private:
  std::vector<ChannelPost> filling_;
  std::vector<Region> regions_;
};

/// The layer that makes the input of `reader`, if that is the whole of one window and nobody
/// else's.
Layer* sole_maker(Network& network, const Layer& reader) {
  const Shape &in = tensor(network, reader.input).shape,
              &out = tensor(network, reader.output).shape;
  const graph::Window& w = reader.window;
  if (out.pixels() != 1 || w.pad_top != 0 || w.pad_left != 0 || w.kernel_h != in.height ||
      w.kernel_w != in.width || reader.input == network.output) {
    return nullptr;
  }
  Layer* maker = nullptr;
  int readers = 0;
  for (Layer& layer : network.layers) {
    if (layer.output == reader.input) maker = &layer;
    if (layer.input == reader.input) ++readers;
    if (layer.has_residual && layer.residual.tensor == reader.input) ++readers;
  }
  return readers == 1 ? maker : nullptr;
}

/// Lets `maker` write its output, which `reader` reads, folded.
void write_folded(Network& network, Layer& maker, const Layer& reader, const Fold& fold) {
  quantise::Tensor& made = network.tensors[static_cast<size_t>(maker.output)];
  const int64_t height = made.shape.height, width = made.shape.width;
  Regions regions(made.shape.channels, constant(neutral(reader, made.is_signed), made.is_signed));
  for (const Region& region : maker.regions) {
    for (int64_t part = 0; part < fold.parts; ++part) {
      const int64_t first = std::max(region.y, part * fold.rows);
      const int64_t last = std::min(region.y + region.height, (part + 1) * fold.rows);
      regions.place({first - part * fold.rows, part * width + region.x, last - first, region.width},
                    first + region.shift_y, region.x + region.shift_x, region.post);
    }
  }
  const int64_t lacks = fold.parts * fold.rows - height;
  regions.fill({fold.rows - lacks, (fold.parts - 1) * width, lacks, width});
  maker.regions = regions.take();
  made.shape.height = fold.rows;
  made.shape.width = fold.parts * width;
}

/// A layer that copies the windows of `reader` into a tensor of its own, which `reader` then reads.
Layer copy_windows(Network& network, std::vector<Mapping>& mappings, Layer& reader,
                   const Fold& fold, const program::CoreConfig& core) {
  const quantise::Tensor source = tensor(network, reader.input);
  const Shape& out = tensor(network, reader.output).shape;
  const graph::Window& w = reader.window;
  quantise::Tensor windows = source;
  windows.name = reader.name + ".windows";
  // Of one window, or of all that share rows.
  const int64_t runs = fold.stride < fold.rows ? 1 : out.height;
  const int64_t height =
      fold.stride < fold.rows ? (out.height - 1) * fold.stride + fold.rows : fold.rows;
  windows.shape.height = runs * height;
  windows.shape.width = out.width * fold.parts * w.kernel_w;
  if (windows.shape.elements() > static_cast<int64_t>(core.activation_bytes)) {
    throw Error(ErrorKind::kFit,
                "activation memory: layer " + common::quoted(reader.name) + " has windows of " +
                    std::to_string(w.kernel_h) + " x " + std::to_string(w.kernel_w) +
                    " positions, more than the " + std::to_string(kMostRows) + " x " +
                    std::to_string(kMostColumns) + " of a kernel; copied " +
                    (runs == 1 ? "beside each other" : "one by one") + " they need at least " +
                    std::to_string(windows.shape.elements()) + " bytes, the core has " +
                    std::to_string(core.activation_bytes));
  }
  const std::vector<ChannelPost> post(static_cast<size_t>(source.shape.channels),
                                      unchanged(source.is_signed));
  Regions regions(source.shape.channels,
                  constant(neutral(reader, source.is_signed), source.is_signed));
  for (int64_t oy = 0; oy < runs; ++oy) {
    for (int64_t ox = 0; ox < out.width; ++ox) {
      for (int64_t part = 0; part < fold.parts; ++part) {
        const Rectangle whole{oy * height, (ox * fold.parts + part) * w.kernel_w, height,
                              w.kernel_w};
        // The image's pixels under this part, and where they go.
        const int64_t y = oy * w.stride_h - w.pad_top + part * fold.rows;
        const int64_t x = ox * w.stride_w - w.pad_left;
        const int64_t rows = std::min(height, height - fold.rows + w.kernel_h - part * fold.rows);
        const int64_t top = std::clamp<int64_t>(-y, 0, rows),
                      left = std::clamp<int64_t>(-x, 0, w.kernel_w);
        const int64_t bottom = std::clamp<int64_t>(source.shape.height - y, top, rows);
        const int64_t right = std::clamp<int64_t>(source.shape.width - x, left, w.kernel_w);
        const Rectangle inside{whole.y + top, whole.x + left, bottom - top, right - left};
        regions.place(inside, y + top, x + left, post);
        regions.fill_around(whole, inside);
      }
    }
  }
  Layer copy;
  copy.name = windows.name;
  copy.kind = LayerKind::kSum;
  copy.input = reader.input;
  copy.output = reader.input = static_cast<int>(network.tensors.size());
  copy.regions = regions.take();
  network.tensors.push_back(std::move(windows));
  mappings.push_back(mappings[static_cast<size_t>(copy.input)]);
  return copy;
}

/// Folds every window that has too many rows.
void fold_rows(Network& network, std::vector<Mapping>& mappings, const program::CoreConfig& core) {
  for (size_t l = 0; l < network.layers.size(); ++l) {
    Layer& layer = network.layers[l];
    if (layer.window.kernel_h <= kMostRows) continue;
    Layer* const maker = sole_maker(network, layer);
    const uint32_t words = mappings[static_cast<size_t>(layer.input)].words;
    const Fold fold = choose(layer, words, core, maker == nullptr);
    std::optional<Layer> copy;
    if (maker != nullptr) {
      write_folded(network, *maker, layer, fold);
    } else {
      copy = copy_windows(network, mappings, layer, fold, core);
    }
    layer.codes = folded_codes(layer.codes, layer.window, fold);
    layer = folded(std::move(layer), fold);
    if (copy) {
      network.layers.insert(network.layers.begin() + static_cast<std::ptrdiff_t>(l++),
                            std::move(*copy));
    }
  }
}

}  // namespace

void fold_windows(Network& network, std::vector<Mapping>& mappings,
                  const program::CoreConfig& core) {
  const auto any = [&](int64_t graph::Window::*kernel, int64_t most) {
    return std::any_of(network.layers.begin(), network.layers.end(),
                       [&](const Layer& layer) { return layer.window.*kernel > most; });
  };
  if (any(&graph::Window::kernel_h, kMostRows)) fold_rows(network, mappings, core);
  if (any(&graph::Window::kernel_w, kMostColumns)) {
    network = transposed(std::move(network));
    fold_rows(network, mappings, core);
    network = transposed(std::move(network));
  }
}

}  // namespace keyway::compile
