// SPDX-License-Identifier: Apache-2.0
#include "soft/streams.hpp"

#include <cmath>
#include <numeric>

namespace keyway::soft {
namespace {

using graph::Node;
using graph::OpKind;

/// Disjoint sets of the channels of all tensors.
class Sets {
 public:
  explicit Sets(const graph::Graph& graph) {
    size_t count = 0;
    for (const graph::Tensor& tensor : graph.tensors) {
      first_.push_back(count);
      count += static_cast<size_t>(tensor.shape.channels);
    }
    parent_.resize(count);
    std::iota(parent_.begin(), parent_.end(), size_t{0});
  }

  size_t size() const { return parent_.size(); }
  size_t number(int tensor, int64_t channel) const {
    return first_[static_cast<size_t>(tensor)] + static_cast<size_t>(channel);
  }
  size_t root(size_t number) {
    while (parent_[number] != number) number = parent_[number] = parent_[parent_[number]];
    return number;
  }
  void join(size_t a, size_t b) { parent_[root(a)] = root(b); }

 private:
  std::vector<size_t> first_, parent_;
};

}  // namespace

bool is_homogeneous(const graph::Clamp& clamp) {
  return (clamp.lo == 0 || std::isinf(clamp.lo)) && (clamp.hi == 0 || std::isinf(clamp.hi)) &&
         clamp.step == 0;
}

Streams::Streams(const graph::Graph& graph) {
  Sets sets(graph);
  const auto channels = [&](int tensor) {
    return graph.tensors[static_cast<size_t>(tensor)].shape.channels;
  };
  for (const Node& node : graph.nodes) {
    if (node.kind == OpKind::kConv || node.kind == OpKind::kDepthwiseConv) continue;
    for (const int input : node.inputs) {
      for (int64_t c = 0; c < channels(input); ++c) {
        sets.join(sets.number(input, c), sets.number(node.output, c + node.channel_before));
      }
    }
  }
  std::vector<bool> is_fixed(sets.size(), false);
  const auto fix = [&](int tensor) {
    for (int64_t c = 0; c < channels(tensor); ++c)
      is_fixed[sets.root(sets.number(tensor, c))] = true;
  };
  fix(graph.input);
  fix(graph.output);
  for (const Node& node : graph.nodes) {
    if (!is_homogeneous(node.clamp)) fix(node.output);
  }
  std::vector<size_t> of_root(sets.size(), sets.size());
  group_.resize(graph.tensors.size());
  for (size_t t = 0; t < group_.size(); ++t) {
    for (int64_t c = 0; c < channels(static_cast<int>(t)); ++c) {
      const size_t root = sets.root(sets.number(static_cast<int>(t), c));
      if (of_root[root] == sets.size()) {
        of_root[root] = fixed_.size();
        fixed_.push_back(is_fixed[root]);
      }
      group_[t].push_back(of_root[root]);
    }
  }
}

size_t Streams::group(int tensor, int64_t channel) const {
  return group_[static_cast<size_t>(tensor)][static_cast<size_t>(channel)];
}

void rescale(graph::Graph& graph, const Streams& streams, const std::vector<double>& factors) {
  for (Node& node : graph.nodes) {
    const auto factor = [&](int tensor, size_t channel) {
      return factors[streams.group(tensor, static_cast<int64_t>(channel))];
    };
    const auto scale = [](float& value, double by) {
      value = static_cast<float>(static_cast<double>(value) * by);
    };
    for (size_t c = 0; c < node.pad_value.size(); ++c) {
      scale(node.pad_value[c], factor(node.output, c));
    }
    if (node.weights.empty()) continue;
    const auto window = static_cast<size_t>(node.window.kernel_h * node.window.kernel_w);
    const size_t taps = node.weights.size() / node.bias.size();
    for (size_t o = 0; o < node.bias.size(); ++o) {
      const double made = factor(node.output, o);
      scale(node.bias[o], made);
      for (size_t t = 0; t < taps; ++t) {
        const size_t read = node.kind == OpKind::kConv ? t / window : o;
        scale(node.weights[o * taps + t], made / factor(node.inputs[0], read));
      }
    }
  }
}

}  // namespace keyway::soft
