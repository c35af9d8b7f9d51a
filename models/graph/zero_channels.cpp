// SPDX-License-Identifier: Apache-2.0
#include "graph/zero_channels.hpp"

#include <algorithm>
#include <cstddef>

namespace keyway::graph {
namespace {

bool has_weights(const Node& node) {
  return node.kind == OpKind::kConv || node.kind == OpKind::kDepthwiseConv;
}

/// Channel of the input that weight `t` of an output channel `o` reads.
size_t read_by(const Node& node, size_t o, size_t t) {
  const auto window = static_cast<size_t>(node.window.kernel_h * node.window.kernel_w);
  return node.kind == OpKind::kConv ? t / window : o;
}

/// Does the clamp make `x` zero? The step leaves zero as it is.
bool makes_zero(const Clamp& clamp, float x) {
  return std::min(std::max(x, clamp.lo), clamp.hi) == 0;
}

/// Of a layer with weights; `zero` are its input's channels.
bool is_zero(const Node& node, size_t o, const std::vector<bool>& zero, bool input_never_negative) {
  const size_t taps = node.weights.size() / node.bias.size();
  bool has_negative = false;
  for (size_t t = 0; t < taps; ++t) {
    const float weight = node.weights[o * taps + t];
    if (weight == 0 || zero[read_by(node, o, t)]) continue;
    if (weight > 0 || !input_never_negative) return false;
    has_negative = true;
  }
  // Sums from minus infinity up to the bias, or the bias alone.
  if (has_negative) return node.bias[o] <= 0 && node.clamp.lo == 0 && node.clamp.hi >= 0;
  return makes_zero(node.clamp, node.bias[o]);
}

}  // namespace

std::vector<bool> never_negative(const Graph& graph) {
  std::vector<bool> never(graph.tensors.size(), false);
  const auto of = [&](int tensor) { return never[static_cast<size_t>(tensor)]; };
  never[static_cast<size_t>(graph.input)] =
      !graph.input_clamp.empty() && std::all_of(graph.input_clamp.begin(), graph.input_clamp.end(),
                                                [](const Clamp& clamp) { return clamp.lo >= 0; });
  for (const Node& node : graph.nodes) {
    bool is_never = std::all_of(node.inputs.begin(), node.inputs.end(), of);
    if (has_weights(node)) is_never = false;
    if (std::any_of(node.pad_value.begin(), node.pad_value.end(), [](float v) { return v < 0; })) {
      is_never = false;
    }
    never[static_cast<size_t>(node.output)] =
        node.clamp.hi >= 0 && (is_never || node.clamp.lo >= 0);
  }
  return never;
}

std::vector<std::vector<bool>> zero_channels(const Graph& graph) {
  const std::vector<bool> never = never_negative(graph);
  std::vector<std::vector<bool>> zero(graph.tensors.size());
  for (size_t t = 0; t < zero.size(); ++t) {
    zero[t].assign(static_cast<size_t>(graph.tensors[t].shape.channels), false);
  }
  for (const Node& node : graph.nodes) {
    std::vector<bool>& made = zero[static_cast<size_t>(node.output)];
    const auto first = static_cast<size_t>(node.inputs[0]);
    for (size_t c = 0; c < made.size(); ++c) {
      if (has_weights(node)) {
        made[c] = is_zero(node, c, zero[first], never[first]);
        continue;
      }
      made[c] = makes_zero(node.clamp, 0) && (node.pad_value.empty() || node.pad_value[c] == 0);
      const auto from = static_cast<size_t>(static_cast<int64_t>(c) - node.channel_before);
      for (const int input : node.inputs) {
        const std::vector<bool>& read = zero[static_cast<size_t>(input)];
        if (from < read.size() && !read[from]) made[c] = false;
      }
    }
  }
  return zero;
}

void clear_zero_channels(Graph& graph) {
  const std::vector<std::vector<bool>> zero = zero_channels(graph);
  for (Node& node : graph.nodes) {
    if (!has_weights(node)) continue;
    const std::vector<bool>&made = zero[static_cast<size_t>(node.output)],
          &read = zero[static_cast<size_t>(node.inputs[0])];
    const size_t taps = node.weights.size() / node.bias.size();
    for (size_t o = 0; o < made.size(); ++o) {
      if (made[o]) node.bias[o] = 0;
      for (size_t t = 0; t < taps; ++t) {
        if (made[o] || read[read_by(node, o, t)]) node.weights[o * taps + t] = 0;
      }
    }
  }
}

}  // namespace keyway::graph
