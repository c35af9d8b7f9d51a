// SPDX-License-Identifier: Apache-2.0
// What is zero for every input is found, and nothing that is not.
#include <algorithm>
#include <catch2/catch.hpp>
#include <vector>

#include "graph/execute.hpp"
#include "graph/zero_channels.hpp"
#include "graphs.hpp"
#include "seed.hpp"

using namespace keyway;
using namespace keyway::test;

namespace {

/// Makes channel `o` of the last layer one that no input that is not negative can wake.
void silence(graph::Node& node, size_t o) {
  const size_t taps = node.weights.size() / node.bias.size();
  for (size_t t = 0; t < taps; ++t) {
    float& weight = node.weights[o * taps + t];
    weight = -std::abs(weight);
  }
  node.bias[o] = -0.1F;
}

std::vector<bool> only(size_t channels, size_t which) {
  std::vector<bool> all(channels, false);
  all[which] = true;
  return all;
}

}  // namespace

TEST_CASE("a channel that nothing can wake is zero, and stays so through what reads it alone") {
  GraphBuilder b(seed());
  const int x = b.conv(b.input({3, 8, 8}), 4, window(3, 1, 1), kRelu);
  silence(b.last(), 1);  // but the input may be negative
  const int hidden = b.conv(x, 5, window(3, 1, 1), kRelu);
  silence(b.last(), 2);
  const int pooled = b.max_pool(hidden, window(2, 2, 0));
  const int deep = b.depthwise(pooled, window(3, 1, 1), kRelu);
  b.last().bias.assign(5, 0.1F);
  b.last().bias[2] = 0;
  const int wider = b.shortcut(deep, 1, 7, 1);
  const int linear = b.conv(deep, 7, window(1, 1, 0));
  silence(b.last(), 3);  // below zero, and no clamp
  const int sum = b.add(linear, wider, kRelu);
  graph::Graph graph = b.finish(b.dense(sum, 3));
  const auto zero = graph::zero_channels(graph);
  const auto of = [&](int t) { return zero[static_cast<size_t>(t)]; };
  CHECK(of(x) == std::vector<bool>(4, false));
  CHECK(of(hidden) == only(5, 2));
  CHECK(of(pooled) == only(5, 2));
  CHECK(of(deep) == only(5, 2));
  CHECK(of(wider) == std::vector<bool>{true, false, false, true, false, false, true});
  CHECK(of(sum) == std::vector<bool>(7, false));
  const auto never = graph::never_negative(graph);
  CHECK(!never[static_cast<size_t>(graph.input)]);
  CHECK(never[static_cast<size_t>(pooled)]);
  CHECK(!never[static_cast<size_t>(linear)]);
  CHECK(never[static_cast<size_t>(sum)]);
}

TEST_CASE("without the weights of such channels random networks give what they gave") {
  const uint64_t first = seed();
  size_t cleared = 0;
  for (uint64_t n = 0; n < 60; ++n) {
    CAPTURE(first, n);
    graph::Graph graph = random_graph(first + n);
    Random random(first + n);
    for (graph::Node& node : graph.nodes) {
      if (!node.weights.empty() && random.chance(0.5)) {
        silence(node,
                static_cast<size_t>(random.integer(0, static_cast<int64_t>(node.bias.size()) - 1)));
      }
    }
    const std::vector<float> inputs = random_inputs(graph, 2, first + n);
    const std::vector<float> want = graph::execute(graph, inputs.data(), 2);
    const auto zero = graph::zero_channels(graph);
    graph::execute(graph, inputs.data(), 2, {}, [&](int t, const float* data, int64_t images) {
      const Shape& shape = graph.tensors[static_cast<size_t>(t)].shape;
      size_t awake = 0;
      for (int64_t i = 0; i < images * shape.elements(); ++i) {
        const auto c = static_cast<size_t>(i / shape.pixels() % shape.channels);
        if (zero[static_cast<size_t>(t)][c] && data[i] != 0) ++awake;
      }
      CHECK(awake == 0);
    });
    for (const auto& channels : zero)
      cleared += static_cast<size_t>(std::count(channels.begin(), channels.end(), true));
    graph::clear_zero_channels(graph);
    CHECK(graph::execute(graph, inputs.data(), 2) == want);
  }
  CHECK(cleared > 30);
}
