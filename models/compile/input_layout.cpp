// SPDX-License-Identifier: Apache-2.0
#include "compile/input_layout.hpp"

#include <algorithm>
#include <utility>

#include "common/integers.hpp"
#include "compile/channels.hpp"
#include "compile/cost.hpp"
#include "compile/layers.hpp"
#include "program/contract.hpp"

namespace keyway::compile {
namespace {

using quantise::Layer;
using quantise::LayerKind;
using quantise::Network;

constexpr uint64_t kPieces = 8;  ///< share of the image after which work starts, and that remains

constexpr int64_t kMostRows = largest(contract::load_input::kRows);

bool sees_single_pixels(const graph::Window& w) {
  return w.kernel_h == 1 && w.kernel_w == 1 && w.stride_h == 1 && w.stride_w == 1 &&
         w.pad_top == 0 && w.pad_left == 0;
}

/// The one layer that reads the input, if gathering is possible.
Layer* sole_reader(Network& network) {
  Layer* reader = nullptr;
  for (Layer& layer : network.layers) {
    if (layer.has_residual && layer.residual.tensor == network.input) return nullptr;
    if (layer.input != network.input) continue;
    if (reader != nullptr) return nullptr;
    if (layer.kind != LayerKind::kDense && !sees_single_pixels(layer.window)) return nullptr;
    reader = &layer;
  }
  return reader;
}

/// `layer` finds what every `rows` of its rows read beside what the rows before read.
void read_parts(Layer& layer, int64_t parts, int64_t rows, int64_t width) {
  std::vector<quantise::Region> regions;
  for (const quantise::Region& region : layer.regions) {
    for (int64_t part = 0; part < parts; ++part) {
      const int64_t first = std::max(region.y, part * rows);
      const int64_t last = std::min(region.y + region.height, (part + 1) * rows);
      if (first >= last) continue;
      regions.push_back(
          {first, region.x, last - first, region.width, region.post, -part * rows, part * width});
    }
  }
  layer.regions = std::move(regions);
}

uint32_t words_for(int64_t channels, const program::CoreConfig& core) {
  return static_cast<uint32_t>(common::ceil_div(channels, core.word_channels()));
}

/// [out][c][ky][kx] -> [out][(dy, dx, c)][ky'][kx'], where ky = dy or ky', kx = dx or kx'.
std::vector<uint8_t> gathered_codes(const std::vector<uint8_t>& codes, int64_t outputs,
                                    int64_t channels, const graph::Window& whole,
                                    const graph::Window& left) {
  std::vector<uint8_t> result;
  result.reserve(codes.size());
  for (int64_t o = 0; o < outputs; ++o) {
    for (int64_t dy = 0; dy < whole.kernel_h; dy += left.kernel_h) {
      for (int64_t dx = 0; dx < whole.kernel_w; dx += left.kernel_w) {
        for (int64_t c = 0; c < channels; ++c) {
          for (int64_t y = 0; y < left.kernel_h; ++y) {
            for (int64_t x = 0; x < left.kernel_w; ++x) {
              result.push_back(codes[static_cast<size_t>(
                  ((o * channels + c) * whole.kernel_h + dy + y) * whole.kernel_w + dx + x)]);
            }
          }
        }
      }
    }
  }
  return result;
}

void estimate(InputLayout& layout, const Network& network, const program::CoreConfig& core) {
  Network gathered;  // only what the estimate reads
  gathered.tensors = network.tensors;
  gathered.input = network.input;
  for (const Layer& layer : network.layers) {
    if (layer.input == network.input) gathered.layers.push_back(layer);
  }
  // The second layer fills the first's gaps if it continues it (leading_layers).
  if (network.layers.size() > 1 && network.layers[1].input == network.layers[0].output) {
    gathered.layers.push_back(network.layers[1]);
  }
  program::InputImage image = apply(layout, gathered, core);
  const int64_t channels = tensor(gathered, network.input).shape.channels;
  Mapping mapping = layout.shared ? shared_mapping(*layout.shared, channels, core)
                                  : identity_mapping(channels, core);
  place_input(image, layout, mapping, mapping.words, core);
  layout.bytes = image.bytes();
  const uint64_t load = common::ceil_div(layout.bytes, kBusBytes);
  uint64_t work = 0, next = 0;
  for (const Layer& layer : gathered.layers) {
    const Shape& out = tensor(gathered, layer.output).shape;
    const Shape& in = tensor(gathered, layer.input).shape;
    const bool first = layer.input == network.input;
    const Work of_block =
        work_of(core, layer, first ? mapping.words : words_for(in.channels, core));
    const auto blocks = static_cast<uint64_t>(common::ceil_div(out.channels, core.lanes));
    const uint64_t cycles = blocks * group_cycles(core, layer, of_block, out.height, out.width);
    (first ? work : next) += cycles;
  }
  layout.cycles = std::max(load + work / kPieces, load / kPieces + work + next);
}

/// In how many parts the rows of an image must be loaded; 0: no number is enough.
int64_t parts_of(const InputLayout& layout, const Shape& in, const Shape& out,
                 const graph::Window& w, int64_t rows_below) {
  if (!layout.gather_rows && in.height <= kMostRows) return 1;
  // Of a part the image has the rows that its output rows read.
  const int64_t stride = layout.gather_rows ? 1 : w.stride_h;
  const int64_t more = layout.gather_rows ? rows_below : w.kernel_h - 1;
  const int64_t most = (kMostRows - more - 1) / stride + 1;  // output rows of a part
  return more < kMostRows ? common::ceil_div(out.height, most) : 0;
}

/// The layouts that the network's sole reader of the input permits.
std::vector<InputLayout> layouts_for(const Layer& reader, const Shape& in, const Shape& out,
                                     const program::CoreConfig& core) {
  const graph::Window& w = reader.window;
  const bool rows = w.kernel_h > 1 || w.stride_h > 1;
  const bool columns = w.kernel_w > 1 || w.stride_w > 1;
  std::vector<InputLayout> layouts(1);
  if (rows) layouts.push_back({true, false});
  if (columns) layouts.push_back({false, true});
  if (rows && columns) layouts.push_back({true, true});
  if (out.width == 1) {
    InputLayout sharing{true, columns};
    sharing.shared = share_rows(w.kernel_h, w.kernel_w * in.channels, w.stride_h, core);
    if (sharing.shared) layouts.push_back(sharing);
  }
  std::vector<InputLayout> possible;
  for (InputLayout& layout : layouts) {
    int64_t below = 0;
    if (layout.shared) {
      const int64_t channels = w.kernel_h * w.kernel_w * in.channels;
      below = layout.shared->below(shared_mapping(*layout.shared, channels, core));
    }
    layout.parts = parts_of(layout, in, out, w, below);
    if (layout.parts > 1 && !columns) layout.gather_columns = true;  // pads may be left
    if (layout.parts == 1 || (layout.parts > 1 && layout.gather_columns))
      possible.push_back(layout);
  }
  return possible;
}

}  // namespace

Network readable(Network network) {
  const quantise::Tensor input = tensor(network, network.input);
  if (input.shape.height <= kMostRows || sole_reader(network) != nullptr) return network;
  const auto made = static_cast<int>(network.tensors.size());
  for (Layer& layer : network.layers) {
    if (layer.input == network.input) layer.input = made;
    if (layer.has_residual && layer.residual.tensor == network.input) layer.residual.tensor = made;
  }
  Layer copy;
  copy.name = input.name + ".copy";
  copy.kind = LayerKind::kSum;
  copy.input = network.input;
  copy.output = made;
  copy.regions.push_back(
      {0, 0, input.shape.height, input.shape.width,
       std::vector<quantise::ChannelPost>(static_cast<size_t>(input.shape.channels),
                                          unchanged(input.is_signed))});
  network.tensors.push_back(input);
  network.tensors.back().name = copy.name;
  network.layers.insert(network.layers.begin(), std::move(copy));
  return network;
}

std::vector<InputLayout> input_layouts(const Network& network, const program::CoreConfig& core) {
  Network copy;
  copy.tensors = network.tensors;
  copy.layers = network.layers;
  copy.input = network.input;
  std::vector<InputLayout> layouts(1);
  if (const Layer* reader = sole_reader(copy)) {
    layouts = layouts_for(*reader, tensor(copy, copy.input).shape,
                          tensor(copy, reader->output).shape, core);
  }
  for (InputLayout& layout : layouts) estimate(layout, network, core);
  std::stable_sort(layouts.begin(), layouts.end(), [](const InputLayout& a, const InputLayout& b) {
    return a.cycles != b.cycles ? a.cycles < b.cycles : a.bytes < b.bytes;
  });
  return layouts;
}

program::InputImage apply(const InputLayout& layout, Network& network,
                          const program::CoreConfig& core) {
  program::InputImage image;
  image.word_channels = core.word_channels();
  quantise::Tensor& input = network.tensors[static_cast<size_t>(network.input)];
  const Shape before = input.shape;
  int64_t taps_h = 1, taps_w = 1;
  int64_t part_rows = 0;  // from a part to the next, of the input
  if (layout.gather_rows || layout.gather_columns) {
    Layer& layer = *sole_reader(network);
    const Shape& out = tensor(network, layer.output).shape;
    graph::Window& w = layer.window;
    const graph::Window whole = w;
    if (layout.gather_rows) {
      taps_h = whole.kernel_h;
      image.stride_h = static_cast<int32_t>(w.stride_h);
      image.pad_top = static_cast<int32_t>(w.pad_top);
      input.shape.height = out.height;
      w.kernel_h = w.stride_h = 1;
      w.pad_top = w.pad_bottom = 0;
    }
    if (layout.gather_columns) {
      taps_w = whole.kernel_w;
      image.stride_w = static_cast<int32_t>(w.stride_w);
      image.pad_left = static_cast<int32_t>(w.pad_left);
      input.shape.width = out.width;
      w.kernel_w = w.stride_w = 1;
      w.pad_left = w.pad_right = 0;
    }
    // Those of a structure are not known; others than dense ones see single pixels.
    if (layer.kind == LayerKind::kDense && !layer.codes.empty()) {
      layer.codes = gathered_codes(layer.codes, out.channels, before.channels, whole, w);
    }
    input.shape.channels = taps_h * taps_w * before.channels;
    if (layout.parts > 1) {
      const int64_t rows = common::ceil_div(out.height, layout.parts);
      part_rows = rows * whole.stride_h;
      input.shape.height = rows;
      if (!layout.gather_rows) {
        image.pad_top = static_cast<int32_t>(w.pad_top);
        input.shape.height = (rows - 1) * w.stride_h + w.kernel_h;
        w.pad_top = w.pad_bottom = 0;
      }
      read_parts(layer, layout.parts, rows, input.shape.width);
      input.shape.width *= layout.parts;
    }
  }
  image.height = static_cast<uint32_t>(input.shape.height);
  image.width = static_cast<uint32_t>(input.shape.width / layout.parts);
  for (int64_t part = 0; part < layout.parts; ++part) {
    for (int64_t dy = 0; dy < taps_h; ++dy) {
      for (int64_t dx = 0; dx < taps_w; ++dx) {
        for (int64_t c = 0; c < before.channels; ++c) {
          image.lanes.push_back({static_cast<int32_t>(c),
                                 static_cast<int32_t>(part * part_rows + dy),
                                 static_cast<int32_t>(dx)});
        }
      }
    }
  }
  return image;
}

InputStorage place_input(program::InputImage& image, const InputLayout& layout,
                         const Mapping& mapping, uint32_t words, const program::CoreConfig& core) {
  const uint32_t wc = core.word_channels(), banks = core.block_banks();
  const auto parts = static_cast<uint32_t>(layout.parts);
  InputStorage storage{words};
  if (layout.shared) {
    storage.words = static_cast<uint32_t>(layout.shared->words);
    storage.rows_below = layout.shared->below(mapping);
    storage.block_rows = layout.shared->rows;
    image.height += static_cast<uint32_t>(storage.rows_below);
  }
  image.blocks = parts == 1 ? storage.words : common::round_up(storage.words, banks) * parts;
  std::vector<program::InputImage::Source> placed(size_t{image.blocks} * wc);
  for (size_t c = 0; c < mapping.position.size(); ++c) {
    const uint32_t word = mapping.position[c] / wc;
    if (word >= storage.words) continue;  // that of a row below
    for (uint32_t part = 0; part < parts; ++part) {
      // A block of all parts stands where the layer sees one of parts times the width.
      const uint32_t block = (word / banks * parts + part) * banks + word % banks;
      placed[size_t{block} * wc + mapping.position[c] % wc] =
          image.lanes[part * mapping.position.size() + c];
    }
  }
  image.lanes = std::move(placed);
  return storage;
}

}  // namespace keyway::compile
