// SPDX-License-Identifier: Apache-2.0
#include "soft/hidden.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "graph/zero_channels.hpp"

namespace keyway::soft {
namespace {

using graph::Graph;
using graph::Node;
using graph::OpKind;

/// Follows the tensor to its readers; false where it goes elsewhere too.
bool follow(const Graph& graph, Hidden& hidden) {
  for (size_t i = 0; i < hidden.tensors.size(); ++i) {
    const int tensor = hidden.tensors[i];
    if (tensor == graph.output) return false;
    for (size_t n = 0; n < graph.nodes.size(); ++n) {
      const Node& node = graph.nodes[n];
      if (std::count(node.inputs.begin(), node.inputs.end(), tensor) == 0) continue;
      if (node.clamp.step > 0) return false;
      switch (node.kind) {
        case OpKind::kConv:
          hidden.readers.push_back(n);
          continue;
        case OpKind::kDepthwiseConv:
          hidden.depthwise.push_back(n);
          break;
        case OpKind::kMaxPool:
        case OpKind::kAveragePool:
          break;
        case OpKind::kPad:
          if (!node.pad_value.empty()) return false;
          break;
        case OpKind::kAdd:
        case OpKind::kShortcut:
          return false;
      }
      // Zero has to stay zero.
      if (node.clamp.lo > 0 || node.clamp.hi < 0) return false;
      hidden.tensors.push_back(node.output);
    }
  }
  return !hidden.readers.empty();
}

/// Window positions of a layer's weights.
size_t positions(const Node& node) {
  return static_cast<size_t>(node.window.kernel_h * node.window.kernel_w);
}

}  // namespace

std::vector<Hidden> hidden_tensors(const Graph& graph) {
  const std::vector<bool> never = graph::never_negative(graph);
  std::vector<Hidden> all;
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    if (node.kind != OpKind::kConv || !never[static_cast<size_t>(node.inputs[0])]) continue;
    if (node.clamp.lo != 0 || !(node.clamp.hi > 0) || node.clamp.step > 0) continue;
    Hidden hidden;
    hidden.maker = n;
    hidden.tensors.push_back(node.output);
    if (follow(graph, hidden)) all.push_back(std::move(hidden));
  }
  return all;
}

void add_channel(Graph& graph, const Hidden& hidden) {
  const auto append_output = [](Node& node) {
    const size_t taps = node.weights.size() / node.bias.size();
    node.weights.insert(node.weights.end(), taps, 0.0F);
    node.bias.push_back(0);
  };
  append_output(graph.nodes[hidden.maker]);
  for (const size_t n : hidden.depthwise) append_output(graph.nodes[n]);
  for (const size_t n : hidden.readers) {
    Node& node = graph.nodes[n];
    const size_t taps = node.weights.size() / node.bias.size();
    std::vector<float> weights;
    for (size_t o = 0; o < node.bias.size(); ++o) {
      const auto row = node.weights.begin() + static_cast<std::ptrdiff_t>(o * taps);
      weights.insert(weights.end(), row, row + static_cast<std::ptrdiff_t>(taps));
      weights.insert(weights.end(), positions(node), 0.0F);
    }
    node.weights = std::move(weights);
  }
  for (const int t : hidden.tensors) ++graph.tensors[static_cast<size_t>(t)].shape.channels;
}

void clear_channel(Graph& graph, const Hidden& hidden, int64_t channel) {
  const auto c = static_cast<size_t>(channel);
  const auto clear = [](Node& node, size_t first, size_t count) {
    std::fill_n(node.weights.begin() + static_cast<std::ptrdiff_t>(first), count, 0.0F);
  };
  const auto clear_output = [&](Node& node) {
    const size_t taps = node.weights.size() / node.bias.size();
    clear(node, c * taps, taps);
    node.bias[c] = 0;
  };
  clear_output(graph.nodes[hidden.maker]);
  for (const size_t n : hidden.depthwise) clear_output(graph.nodes[n]);
  for (const size_t n : hidden.readers) {
    Node& node = graph.nodes[n];
    const size_t taps = node.weights.size() / node.bias.size(), window = positions(node);
    for (size_t o = 0; o < node.bias.size(); ++o) clear(node, o * taps + c * window, window);
  }
}

}  // namespace keyway::soft
