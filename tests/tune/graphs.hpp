// SPDX-License-Identifier: Apache-2.0
/// Small graphs for the tests of this folder.
#pragma once

#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "graph/check.hpp"
#include "graph/graph.hpp"

namespace keyway::tune::testing {

inline constexpr graph::Clamp kRelu{0};

/// Builds a graph node by node; the last one's output is the graph's.
class GraphBuilder {
 public:
  GraphBuilder(const Shape& input, uint64_t seed) : random_(seed) {
    graph_.name = "test";
    graph_.input = add_tensor(input);
    graph_.input_scale.assign(static_cast<size_t>(input.channels), 1.0F);
    graph_.input_offset.assign(static_cast<size_t>(input.channels), 0.0F);
    graph_.input_layout = planar(input);
  }

  int64_t between(int64_t least, int64_t most) {
    return std::uniform_int_distribution<int64_t>(least, most)(random_);
  }
  std::vector<float> floats(int64_t count, float scale = 1) {
    std::normal_distribution<float> normal(0, scale);
    std::vector<float> values(static_cast<size_t>(count));
    for (float& value : values) value = normal(random_);
    return values;
  }

  int last() const { return static_cast<int>(graph_.tensors.size()) - 1; }
  const Shape& shape(int tensor) const { return graph_.tensors[static_cast<size_t>(tensor)].shape; }

  /// Reads `input` (negative: the last tensor), and `other` for an addition. The output's size
  /// follows from the window, weights are random.
  int add(graph::OpKind kind, const graph::Window& window, int64_t channels,
          const graph::Clamp& clamp = {}, int input = -1, int other = -1) {
    graph::Node node;
    node.kind = kind;
    node.name = "node" + std::to_string(graph_.nodes.size());
    node.inputs = {input < 0 ? last() : input};
    if (other >= 0) node.inputs.push_back(other);
    node.window = window;
    node.clamp = clamp;
    const Shape in = shape(node.inputs[0]);
    Shape out = in;
    out.channels = channels;
    if (kind == graph::OpKind::kPad) {
      out.height += window.pad_top + window.pad_bottom;
      out.width += window.pad_left + window.pad_right;
    } else if (kind != graph::OpKind::kAdd) {
      out.height =
          outputs(in.height, window.kernel_h, window.stride_h, window.pad_top + window.pad_bottom);
      out.width =
          outputs(in.width, window.kernel_w, window.stride_w, window.pad_left + window.pad_right);
    }
    const bool dense = kind == graph::OpKind::kConv;
    if (dense || kind == graph::OpKind::kDepthwiseConv) {
      const int64_t taps = (dense ? in.channels : 1) * window.kernel_h * window.kernel_w;
      node.weights = floats(channels * taps, 1 / std::sqrt(static_cast<float>(taps)));
      node.bias = floats(channels, 0.1F);
    }
    node.output = add_tensor(out);
    graph_.nodes.push_back(std::move(node));
    return last();
  }

  graph::Node& node() { return graph_.nodes.back(); }

  graph::Graph graph() {
    graph_.output = last();
    graph_.output_layout = planar(shape(graph_.output));
    graph::check(graph_);
    return graph_;
  }

 private:
  static int64_t outputs(int64_t in, int64_t kernel, int64_t stride, int64_t pads) {
    return (in + pads - kernel) / stride + 1;
  }
  static Layout planar(const Shape& s) {
    if (s.pixels() == 1) return {{s.channels}, 1, 1, 1};
    return {{s.channels, s.height, s.width}, s.pixels(), s.width, 1};
  }
  int add_tensor(const Shape& shape) {
    graph_.tensors.push_back({"t" + std::to_string(graph_.tensors.size()), shape});
    return last();
  }

  graph::Graph graph_;
  std::mt19937_64 random_;
};

}  // namespace keyway::tune::testing
