// SPDX-License-Identifier: Apache-2.0
#include "quantise/structure.hpp"

#include <cmath>
#include <utility>

namespace keyway::quantise {
namespace {

ChannelPost guess(const FloatLayer& from, size_t channel) {
  const bool is_clamped = std::isfinite(from.clamp.lo) && from.clamp.lo != 0;
  ChannelPost post;
  post.mr = from.has_residual && from.residual.channel[channel] >= 0 ? 1 : 0;
  post.lo = is_clamped ? 1 : 0;  // of bytes whose least is zero
  return post;
}

Layer layer_of(const FloatLayer& from, int64_t channels, const std::vector<int>& index,
               arith::NumberSystem system, arith::ArrayKind kind) {
  Layer layer;
  layer.name = from.name;
  layer.kind = from.kind;
  layer.input = index[static_cast<size_t>(from.input)];
  layer.output = index[static_cast<size_t>(from.output)];
  layer.window = from.window;
  layer.macs = from.macs;
  layer.number_system = from.selects ? arith::selecting_system(system, kind) : system;
  layer.has_residual = from.has_residual;
  if (from.has_residual) {
    layer.residual = from.residual;
    layer.residual.tensor = index[static_cast<size_t>(from.residual.tensor)];
  }
  for (const Part& part : from.parts) {
    Region region{part.y, part.x, part.height, part.width, {}};
    for (size_t c = 0; c < static_cast<size_t>(channels); ++c) {
      region.post.push_back(guess(from, c));
    }
    layer.regions.push_back(std::move(region));
  }
  return layer;
}

}  // namespace

Structure structure_of(const graph::Graph& graph, const FloatNetwork& lowered,
                       arith::NumberSystem system, arith::ArrayKind kind) {
  Structure result;
  Network& network = result.network;
  result.index.assign(graph.tensors.size(), -1);
  network.name = graph.name;
  network.input_layout = graph.input_layout;
  network.output_layout = graph.output_layout;
  network.input_scale = graph.input_scale;
  network.input_offset = graph.input_offset;
  network.input_padding = lowered.padding;
  network.input_pad_value = lowered.pad_value;
  network.output_function = graph.output_function;
  network.output_selection = graph.output_selection;
  network.macs = graph.macs;
  network.number_system = system;
  network.array_kind = kind;

  const auto add_tensor = [&](int graph_tensor) -> Tensor& {
    result.index[static_cast<size_t>(graph_tensor)] = static_cast<int>(network.tensors.size());
    const graph::Tensor& from = graph.tensors[static_cast<size_t>(graph_tensor)];
    Tensor& tensor = network.tensors.emplace_back();
    tensor.name = from.name;
    tensor.shape = from.shape;
    return tensor;
  };
  // The host pads the user's image, whose name the input keeps.
  add_tensor(lowered.input).name = graph.tensors[static_cast<size_t>(graph.input)].name;
  network.input = 0;
  for (const FloatLayer& layer : lowered.layers) add_tensor(layer.output);
  network.output = result.index[static_cast<size_t>(graph.output)];
  for (const FloatLayer& layer : lowered.layers) {
    const Shape& out = graph.tensors[static_cast<size_t>(layer.output)].shape;
    network.layers.push_back(layer_of(layer, out.channels, result.index, system, kind));
  }
  return result;
}

}  // namespace keyway::quantise
