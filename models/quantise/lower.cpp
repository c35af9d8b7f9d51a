// SPDX-License-Identifier: Apache-2.0
#include "quantise/lower.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "common/error.hpp"
#include "common/printable.hpp"

namespace keyway::quantise {
namespace {

using graph::Graph;
using graph::Node;
using graph::OpKind;

/// Runs of output positions along one axis that see the same number of input positions.
struct Run {
  int64_t begin = 0, length = 0, taps = 0;
};

std::vector<Run> runs(int64_t out, int64_t in, int64_t kernel, int64_t stride, int64_t pad) {
  std::vector<Run> result;
  for (int64_t o = 0; o < out; ++o) {
    const int64_t first = o * stride - pad;
    const int64_t taps =
        std::max<int64_t>(0, std::min(first + kernel, in) - std::max<int64_t>(first, 0));
    if (result.empty() || result.back().taps != taps) result.push_back({o, 0, taps});
    ++result.back().length;
  }
  return result;
}

class Lowering {
 public:
  explicit Lowering(const Graph& graph)
      : graph_(graph),
        producer_(graph.tensors.size(), -1),
        readers_(graph.tensors.size(), 0),
        fused_into_(graph.nodes.size(), -1),
        added_to_(graph.nodes.size()),
        residual_reads_(graph.tensors.size(), 0) {
    for (size_t n = 0; n < graph.nodes.size(); ++n) {
      producer_[static_cast<size_t>(graph.nodes[n].output)] = static_cast<int>(n);
      for (const int t : graph.nodes[n].inputs) ++readers_[static_cast<size_t>(t)];
    }
    ++readers_[static_cast<size_t>(graph.output)];
  }

  FloatNetwork run() {
    network_.input = graph_.input;
    for (size_t n = 0; n < graph_.nodes.size(); ++n) {
      if (graph_.nodes[n].kind == OpKind::kAdd) plan_addition(n);
    }
    for (size_t n = 0; n < graph_.nodes.size(); ++n) emit(n);
    return std::move(network_);
  }

 private:
  /// How an addition is done: the operand that a layer computes, and the one it adds.
  struct Addition {
    int main = -1;
    int other = -1;
  };

  const Node* producer(int tensor) const {
    const int n = producer_[static_cast<size_t>(tensor)];
    return n < 0 ? nullptr : &graph_.nodes[static_cast<size_t>(n)];
  }
  const Shape& shape(int tensor) const { return graph_.tensors[static_cast<size_t>(tensor)].shape; }

  bool is_shortcut(int tensor) const {
    const Node* node = producer(tensor);
    return node != nullptr && node->kind == OpKind::kShortcut && node->clamp.is_open();
  }

  /// The layer that makes `tensor` can make the sum instead.
  bool can_fuse(int tensor) const {
    const Node* node = producer(tensor);
    return node != nullptr && readers_[static_cast<size_t>(tensor)] == 1 && node->clamp.is_open() &&
           (node->kind == OpKind::kConv || node->kind == OpKind::kDepthwiseConv ||
            node->kind == OpKind::kAveragePool);
  }

  void plan_addition(size_t n) {
    const Node& node = graph_.nodes[n];
    const int a = node.inputs.at(0), b = node.inputs.at(1);
    Addition& addition = added_to_[n];
    addition = {a, b};
    if (a == b) return;
    const int pa = producer_[static_cast<size_t>(a)], pb = producer_[static_cast<size_t>(b)];
    const bool fuse_a = can_fuse(a), fuse_b = can_fuse(b);
    if (fuse_a || fuse_b) {
      // Where either would do, the later one: its input need not live longer than before.
      if (!fuse_a || (fuse_b && pb > pa)) std::swap(addition.main, addition.other);
      fused_into_[static_cast<size_t>(producer_[static_cast<size_t>(addition.main)])] =
          static_cast<int>(n);
    } else if (is_shortcut(a)) {
      std::swap(addition.main, addition.other);
    }
    if (is_shortcut(addition.other)) ++residual_reads_[static_cast<size_t>(addition.other)];
  }

  FloatLayer start(const Node& node) const {
    FloatLayer layer;
    layer.name = node.name;
    layer.input = node.inputs.at(0);
    layer.output = node.output;
    layer.clamp = node.clamp;
    const Shape& out = shape(node.output);
    layer.parts = {{0, 0, out.height, out.width, 1.0}};
    return layer;
  }

  void emit(size_t n) {
    const Node& node = graph_.nodes[n];
    if (fused_into_[n] >= 0) return;
    switch (node.kind) {
      case OpKind::kConv:
      case OpKind::kDepthwiseConv:
      case OpKind::kAveragePool:
        network_.layers.push_back(computed(node));
        return;
      case OpKind::kMaxPool: {
        FloatLayer layer = start(node);
        layer.kind = LayerKind::kMax;
        layer.window = node.window;
        layer.keeps_values = node.clamp.is_open();
        network_.layers.push_back(std::move(layer));
        return;
      }
      case OpKind::kPad: {
        if (!node.pad_value.empty()) {
          pad_input(node);
          return;
        }
        FloatLayer layer = start(node);
        layer.kind = LayerKind::kSum;
        layer.window = node.window;
        layer.window.kernel_h = layer.window.kernel_w = 1;
        layer.window.stride_h = layer.window.stride_w = 1;
        layer.keeps_values = node.clamp.is_open();
        network_.layers.push_back(std::move(layer));
        return;
      }
      case OpKind::kShortcut:
        if (residual_reads_[static_cast<size_t>(node.output)] !=
            readers_[static_cast<size_t>(node.output)]) {
          network_.layers.push_back(shortcut(node));
        }
        return;
      case OpKind::kAdd:
        network_.layers.push_back(addition(n));
        return;
    }
    throw Error(ErrorKind::kUnsupported,
                "node " + common::quoted(node.name) + ": unknown kind of layer");
  }

  void pad_input(const Node& node) {
    if (node.inputs.at(0) != graph_.input || readers_[static_cast<size_t>(graph_.input)] != 1) {
      throw Error(ErrorKind::kUnsupported,
                  "node " + common::quoted(node.name) + ": padding with values inside the network");
    }
    network_.input = node.output;
    network_.padding = node.window;
    network_.pad_value = node.pad_value;
  }

  /// Convolutions and averages: what can also be the main operand of an addition.
  FloatLayer computed(const Node& node) const {
    FloatLayer layer = start(node);
    layer.window = node.window;
    const Shape &in = shape(layer.input), &out = shape(layer.output);
    if (node.kind == OpKind::kAveragePool) {
      layer.kind = LayerKind::kSum;
      layer.parts = average_parts(node, in, out);
      return layer;
    }
    layer.kind = node.kind == OpKind::kConv ? LayerKind::kDense : LayerKind::kDepthwise;
    layer.weights = node.weights;
    layer.bias = node.bias;
    layer.bias.resize(static_cast<size_t>(out.channels), 0.0F);
    const int64_t taps = node.window.kernel_h * node.window.kernel_w *
                         (layer.kind == LayerKind::kDense ? in.channels : 1);
    if (static_cast<int64_t>(layer.weights.size()) != out.channels * taps) {
      throw Error(ErrorKind::kUnsupported, "node " + common::quoted(node.name) + ": " +
                                               std::to_string(layer.weights.size()) +
                                               " weights, but its shape needs " +
                                               std::to_string(out.channels * taps));
    }
    layer.macs = static_cast<uint64_t>(out.elements() * taps);
    return layer;
  }

  std::vector<Part> average_parts(const Node& node, const Shape& in, const Shape& out) const {
    const graph::Window& w = node.window;
    const auto whole = static_cast<double>(w.kernel_h * w.kernel_w);
    if (node.count_include_pad) return {{0, 0, out.height, out.width, whole}};
    std::vector<Part> parts;
    const auto columns = runs(out.width, in.width, w.kernel_w, w.stride_w, w.pad_left);
    for (const Run& row : runs(out.height, in.height, w.kernel_h, w.stride_h, w.pad_top)) {
      for (const Run& column : columns) {
        parts.push_back({row.begin, column.begin, row.length, column.length,
                         static_cast<double>(std::max<int64_t>(1, row.taps * column.taps))});
      }
    }
    return parts;
  }

  FloatLayer shortcut(const Node& node) const {
    FloatLayer layer = start(node);
    layer.window = node.window;
    layer.window.kernel_h = layer.window.kernel_w = 1;
    layer.window.pad_top = layer.window.pad_left = 0;
    layer.window.pad_bottom = layer.window.pad_right = 0;
    layer.keeps_values = node.clamp.is_open();
    const Shape &in = shape(layer.input), &out = shape(layer.output);
    if (node.channel_before == 0 && in.channels == out.channels) {
      layer.kind = LayerKind::kSum;
      return layer;
    }
    layer.kind = LayerKind::kDense;
    layer.selects = true;
    layer.weights.assign(static_cast<size_t>(in.channels * out.channels), 0.0F);
    layer.bias.assign(static_cast<size_t>(out.channels), 0.0F);
    for (int64_t c = 0; c < in.channels; ++c) {
      const int64_t to = node.channel_before + c;
      if (to >= 0 && to < out.channels) {
        layer.weights[static_cast<size_t>(to * in.channels + c)] = 1.0F;
      }
    }
    // Channels move, so scales are shared through the map, not one to one.
    layer.keeps_values = false;
    return layer;
  }

  FloatLayer addition(size_t n) const {
    const Node& node = graph_.nodes[n];
    const auto [main, other] = added_to_[n];
    FloatLayer layer;
    const int made_by = producer_[static_cast<size_t>(main)];
    if (made_by >= 0 && fused_into_[static_cast<size_t>(made_by)] == static_cast<int>(n)) {
      layer = computed(graph_.nodes[static_cast<size_t>(made_by)]);
    } else {
      layer = start(node);
      layer.kind = LayerKind::kSum;
      layer.input = main;
      if (main == other) {
        layer.gain = 2;
        return layer;
      }
    }
    layer.output = node.output;
    layer.clamp = node.clamp;
    layer.has_residual = true;
    layer.residual = residual(other, node.output);
    return layer;
  }

  Residual residual(int other, int output) const {
    Residual result;
    result.channel.resize(static_cast<size_t>(shape(output).channels));
    const Node* from = is_shortcut(other) ? producer(other) : nullptr;
    result.tensor = from == nullptr ? other : from->inputs.at(0);
    const int64_t before = from == nullptr ? 0 : from->channel_before;
    if (from != nullptr) {
      result.stride_h = from->window.stride_h;
      result.stride_w = from->window.stride_w;
    }
    const int64_t channels = shape(result.tensor).channels;
    for (size_t c = 0; c < result.channel.size(); ++c) {
      const int64_t source = static_cast<int64_t>(c) - before;
      result.channel[c] = source >= 0 && source < channels ? source : -1;
    }
    return result;
  }

  const Graph& graph_;
  std::vector<int> producer_;        ///< of a tensor: node, or -1
  std::vector<int> readers_;         ///< of a tensor; the network's output is one more
  std::vector<int> fused_into_;      ///< of a node: the addition that it computes, or -1
  std::vector<Addition> added_to_;   ///< of an addition
  std::vector<int> residual_reads_;  ///< of a shortcut's tensor: readers that read through it
  FloatNetwork network_;
};

}  // namespace

FloatNetwork lower(const Graph& graph) { return Lowering(graph).run(); }

}  // namespace keyway::quantise
