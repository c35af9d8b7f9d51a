// SPDX-License-Identifier: Apache-2.0
#include "quantise/centre.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "graph/execute.hpp"

namespace keyway::quantise {
namespace {

constexpr double kLeastGain = 1.1;

struct Range {
  float lo = std::numeric_limits<float>::infinity();
  float hi = -std::numeric_limits<float>::infinity();

  /// The middle, if a byte's step is smaller around it.
  float middle() const {
    const double around = (static_cast<double>(hi) - lo) / 254;
    const double now = lo >= 0 ? static_cast<double>(hi) / 255
                               : std::max(static_cast<double>(hi), -static_cast<double>(lo)) / 127;
    return std::isfinite(around) && now > kLeastGain * around ? lo + (hi - lo) / 2 : 0.0F;
  }
};

bool has_padding(const graph::Window& w) {
  return w.pad_top != 0 || w.pad_left != 0 || w.pad_bottom != 0 || w.pad_right != 0;
}

bool can_centre_input(const graph::Graph& graph) {
  if (graph.input == graph.output) return false;
  const graph::Shape& in = graph.tensors[static_cast<size_t>(graph.input)].shape;
  return std::all_of(graph.nodes.begin(), graph.nodes.end(), [&](const graph::Node& node) {
    if (std::find(node.inputs.begin(), node.inputs.end(), graph.input) == node.inputs.end()) {
      return true;
    }
    const graph::Shape& out = graph.tensors[static_cast<size_t>(node.output)].shape;
    const graph::Window& w = node.window;
    return node.kind == graph::OpKind::kConv && !has_padding(w) &&
           (out.height - 1) * w.stride_h + w.kernel_h <= in.height &&
           (out.width - 1) * w.stride_w + w.kernel_w <= in.width;
  });
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
      std::isinf(last->clamp.lo) && std::isinf(last->clamp.hi);
  return fits ? last : nullptr;
}

}  // namespace

Centred centre(const graph::Graph& graph, const float* inputs, int64_t images, int threads) {
  Centred result{graph, {}};
  graph::Graph& g = result.graph;
  const auto shape = [&](int tensor) { return g.tensors[static_cast<size_t>(tensor)].shape; };
  result.output_offset.assign(static_cast<size_t>(shape(g.output).channels), 0.0F);
  graph::Node* last = last_layer(g);
  const bool input = can_centre_input(g);
  if (!input && last == nullptr) return result;

  std::vector<Range> of_input(static_cast<size_t>(shape(g.input).channels));
  std::vector<Range> of_output(result.output_offset.size());
  const auto visit = [&](int tensor, const float* data, int64_t count) {
    if (tensor != g.input && tensor != g.output) return;
    std::vector<Range>& ranges = tensor == g.input ? of_input : of_output;
    const int64_t pixels = shape(tensor).pixels();
    for (int64_t i = 0; i < count * shape(tensor).elements(); ++i) {
      Range& range = ranges[static_cast<size_t>(i / pixels) % ranges.size()];
      range.lo = std::min(range.lo, data[i]);
      range.hi = std::max(range.hi, data[i]);
    }
  };
  graph::ExecuteOptions options;
  options.threads = threads;
  graph::execute(graph, inputs, images, options, visit);

  if (input) {
    for (graph::Node& node : g.nodes) {
      if (std::count(node.inputs.begin(), node.inputs.end(), g.input) == 0) continue;
      const auto taps = static_cast<size_t>(node.window.kernel_h * node.window.kernel_w);
      for (size_t i = 0; i < node.weights.size(); ++i) {
        const size_t c = i / taps % of_input.size(), o = i / taps / of_input.size();
        node.bias[o] += node.weights[i] * of_input[c].middle();
      }
    }
    for (size_t c = 0; c < of_input.size(); ++c) g.input_offset[c] -= of_input[c].middle();
  }
  if (last != nullptr) {
    for (size_t c = 0; c < of_output.size(); ++c) {
      result.output_offset[c] = of_output[c].middle();
      last->bias[c] -= of_output[c].middle();
    }
  }
  return result;
}

}  // namespace keyway::quantise
