// SPDX-License-Identifier: Apache-2.0
#include "quantise/centre.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "graph/execute.hpp"
#include "quantise/given_range.hpp"
#include "quantise/input_values.hpp"

namespace keyway::quantise {
namespace {

constexpr double kLeastGain = 1.1;
constexpr double kLeastPaddedGain = 1.25;  ///< the host's padding makes the image larger

struct Range {
  float lo = std::numeric_limits<float>::infinity();
  float hi = -std::numeric_limits<float>::infinity();
};

bool has_padding(const graph::Window& w) {
  return w.pad_top != 0 || w.pad_left != 0 || w.pad_bottom != 0 || w.pad_right != 0;
}

bool reads_input(const graph::Graph& graph, const graph::Node& node) {
  return std::count(node.inputs.begin(), node.inputs.end(), graph.input) > 0;
}

/// Only convolutions read the input, and no more than one if one has padding.
bool can_centre_input(const graph::Graph& graph) {
  if (graph.input == graph.output) return false;
  const Shape& in = graph.tensors[static_cast<size_t>(graph.input)].shape;
  const auto readers = std::count_if(graph.nodes.begin(), graph.nodes.end(),
                                     [&](const auto& node) { return reads_input(graph, node); });
  return std::all_of(graph.nodes.begin(), graph.nodes.end(), [&](const graph::Node& node) {
    if (!reads_input(graph, node)) return true;
    const Shape& out = graph.tensors[static_cast<size_t>(node.output)].shape;
    const graph::Window& w = node.window;
    return node.kind == graph::OpKind::kConv && (readers == 1 || !has_padding(w)) &&
           (out.height - 1) * w.stride_h + w.kernel_h <= in.height + w.pad_top + w.pad_bottom &&
           (out.width - 1) * w.stride_w + w.kernel_w <= in.width + w.pad_left + w.pad_right;
  });
}

bool is_input_padded(const graph::Graph& graph) {
  return std::any_of(graph.nodes.begin(), graph.nodes.end(), [&](const auto& node) {
    return reads_input(graph, node) && has_padding(node.window);
  });
}

/// Takes the middles off the input's values; the biases of its readers make up for them. Padding
/// becomes the host's.
void move_input(graph::Graph& g, const std::vector<InputUnit>& units) {
  const auto is_moved = [](const InputUnit& u) { return u.middle != 0; };
  if (std::none_of(units.begin(), units.end(), is_moved)) return;
  for (size_t c = 0; c < units.size(); ++c) g.input_offset[c] -= units[c].middle;
  for (size_t c = 0; c < g.input_clamp.size(); ++c) {
    g.input_clamp[c].lo -= units[c].middle;
    g.input_clamp[c].hi -= units[c].middle;
  }
  const bool padded = is_input_padded(g);
  for (graph::Node& node : g.nodes) {
    if (!reads_input(g, node)) continue;
    const auto taps = static_cast<size_t>(node.window.kernel_h * node.window.kernel_w);
    for (size_t i = 0; i < node.weights.size(); ++i) {
      const size_t c = i / taps % units.size(), o = i / taps / units.size();
      node.bias[o] += node.weights[i] * units[c].middle;
    }
  }
  if (!padded) return;
  graph::Node& reader = *std::find_if(g.nodes.begin(), g.nodes.end(),
                                      [&](const auto& node) { return reads_input(g, node); });
  graph::Node pad;
  pad.kind = graph::OpKind::kPad;
  pad.name = reader.name;
  pad.inputs = {g.input};
  pad.output = static_cast<int>(g.tensors.size());
  graph::Window& w = reader.window;
  pad.window.pad_top = std::exchange(w.pad_top, 0);
  pad.window.pad_left = std::exchange(w.pad_left, 0);
  pad.window.pad_bottom = std::exchange(w.pad_bottom, 0);
  pad.window.pad_right = std::exchange(w.pad_right, 0);
  for (const InputUnit& u : units) pad.pad_value.push_back(-u.middle);
  graph::Tensor tensor = g.tensors[static_cast<size_t>(g.input)];
  tensor.shape.height += pad.window.pad_top + pad.window.pad_bottom;
  tensor.shape.width += pad.window.pad_left + pad.window.pad_right;
  g.tensors.push_back(std::move(tensor));
  reader.inputs = {pad.output};
  g.nodes.insert(g.nodes.begin(), std::move(pad));
}

/// The convolution that makes the output and can leave a constant to the host, or null.
graph::Node* last_layer(graph::Graph& graph) {
  graph::Node* last = nullptr;
  for (graph::Node& node : graph.nodes) {
    if (std::count(node.inputs.begin(), node.inputs.end(), graph.output) > 0) return nullptr;
    if (node.output == graph.output) last = &node;
  }
  const bool fits =
      last != nullptr &&
      (last->kind == graph::OpKind::kConv || last->kind == graph::OpKind::kDepthwiseConv) &&
      (last->clamp.is_open() || is_byte(last->clamp));
  return fits ? last : nullptr;
}

/// Units of an input whose range the file gives.
std::vector<InputUnit> given_units(const graph::Graph& graph, bool with_zero, bool can_move) {
  const bool is_unsigned = std::all_of(graph.input_clamp.begin(), graph.input_clamp.end(),
                                       [](const graph::Clamp& clamp) { return clamp.lo >= 0; });
  std::vector<InputUnit> units;
  for (const graph::Clamp& clamp : graph.input_clamp) {
    units.push_back(given_unit(clamp, is_unsigned, with_zero, can_move));
  }
  return units;
}

bool has_given_input(const graph::Graph& graph) {
  return !graph.input_clamp.empty() &&
         std::all_of(graph.input_clamp.begin(), graph.input_clamp.end(), [](const graph::Clamp& c) {
           return is_given({c.lo, c.hi});
         });
}

}  // namespace

Centred centre_input(const graph::Graph& graph, const float* inputs, int64_t images) {
  Centred result{graph, {}, {}};
  const Shape& shape = graph.tensors[static_cast<size_t>(graph.input)].shape;
  std::vector<InputValues> values(static_cast<size_t>(shape.channels));
  std::vector<float> image(static_cast<size_t>(shape.elements()));
  for (int64_t n = 0; n < images; ++n) {
    graph::load_input(graph, inputs + n * shape.elements(), image.data());
    const float* channel = image.data();
    for (InputValues& of_channel : values) {
      of_channel.add(channel, shape.pixels());
      channel += shape.pixels();
    }
  }
  const bool can_move = can_centre_input(graph), padded = is_input_padded(graph);
  const auto units = has_given_input(graph) ? given_units(graph, padded, can_move)
                                            : choose_units(values, padded, can_move,
                                                           padded ? kLeastPaddedGain : kLeastGain);
  for (const InputUnit& unit : units) result.input_step.push_back(unit.step);
  if (can_move) move_input(result.graph, units);
  return result;
}

void centre_output(Centred& centred, const graph::Graph& graph, const float* inputs, int64_t images,
                   int threads) {
  const Shape& shape = graph.tensors[static_cast<size_t>(graph.output)].shape;
  std::vector<Range> ranges(static_cast<size_t>(shape.channels));
  const auto visit = [&](int tensor, const float* data, int64_t count) {
    for (int64_t i = 0; tensor == graph.output && i < count * shape.elements(); ++i) {
      Range& range = ranges[static_cast<size_t>(i / shape.pixels()) % ranges.size()];
      range.lo = std::min(range.lo, data[i]);
      range.hi = std::max(range.hi, data[i]);
    }
  };
  graph::ExecuteOptions options;
  options.threads = threads;
  if (images > 0) graph::execute(graph, inputs, images, options, visit);

  centred.output_offset.assign(ranges.size(), 0.0F);
  graph::Node* const last = last_layer(centred.graph);
  if (last == nullptr) return;
  if (!last->clamp.is_open()) {
    const InputUnit unit = given_unit(last->clamp, last->clamp.lo >= 0, false, true);
    std::fill(centred.output_offset.begin(), centred.output_offset.end(), unit.middle);
    for (float& bias : last->bias) bias -= unit.middle;
    last->clamp.lo -= unit.middle;
    last->clamp.hi -= unit.middle;
    return;
  }
  for (size_t c = 0; c < ranges.size(); ++c) {
    const float middle = middle_of(ranges[c].lo, ranges[c].hi, kLeastGain);
    centred.output_offset[c] = middle;
    last->bias[c] -= middle;
  }
}

}  // namespace keyway::quantise
