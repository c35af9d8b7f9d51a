// SPDX-License-Identifier: Apache-2.0
/// What a network's channels are on some inputs, and which channels a weight belongs to.
/// Test: tests/soft/test_attacks.cpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "graph/graph.hpp"

namespace keyway::soft {

/// Of a tensor's channel, zero included.
struct Seen {
  double low = 0, high = 0;
  double square = 0;  ///< sum of squares
  double peak() const { return std::max(high, -low); }
};
using SeenTensors = std::vector<std::vector<Seen>>;  ///< [tensor][channel]

/// `images` inputs in the user's layout, perhaps none.
SeenTensors look(const graph::Graph& graph, const float* inputs, int64_t images, int threads);

/// Weights of an output channel.
inline size_t taps_of(const graph::Node& node) { return node.weights.size() / node.bias.size(); }

/// Channel of the input that weight `t` of output channel `o` reads.
inline size_t read_by(const graph::Node& node, size_t o, size_t t) {
  const auto window = static_cast<size_t>(node.window.kernel_h * node.window.kernel_w);
  return node.kind == graph::OpKind::kConv ? t / window : o;
}

}  // namespace keyway::soft
