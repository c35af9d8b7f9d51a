// SPDX-License-Identifier: Apache-2.0
// Factors of channels: what the network gives stays, what lies between is scaled, streams together.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <map>
#include <vector>

#include "graph/check.hpp"
#include "graph/execute.hpp"
#include "graphs.hpp"
#include "random_bytes.hpp"
#include "seed.hpp"
#include "soft/scales.hpp"
#include "soft/streams.hpp"

using namespace keyway;
using namespace keyway::test;

namespace {

constexpr double kOctaves = 8;
constexpr int64_t kImages = 3;

/// Largest magnitude of every channel, [tensor][channel].
std::vector<std::vector<double>> peaks(const graph::Graph& graph,
                                       const std::vector<float>& inputs) {
  std::vector<std::vector<double>> all(graph.tensors.size());
  graph::execute(graph, inputs.data(), kImages, {}, [&](int t, const float* data, int64_t images) {
    const Shape& shape = graph.tensors[static_cast<size_t>(t)].shape;
    auto& mine = all[static_cast<size_t>(t)];
    mine.resize(static_cast<size_t>(shape.channels), 0.0);
    for (int64_t i = 0; i < images * shape.elements(); ++i) {
      double& peak = mine[static_cast<size_t>(i / shape.pixels() % shape.channels)];
      peak = std::max(peak, static_cast<double>(std::abs(data[i])));
    }
  });
  return all;
}

double largest(const std::vector<float>& values) {
  double most = 0;
  for (const float v : values) most = std::max(most, static_cast<double>(std::abs(v)));
  return most;
}

}  // namespace

TEST_CASE("scaled channels change nothing that a random network gives") {
  const uint64_t first = seed();
  size_t scaled = 0;
  for (uint64_t n = 0; n < 60; ++n) {
    CAPTURE(first, n);
    graph::Graph graph = random_graph(first + n);
    const std::vector<float> inputs = random_inputs(graph, kImages, first + n);
    const std::vector<float> want = graph::execute(graph, inputs.data(), kImages);
    const auto before = peaks(graph, inputs);
    const soft::Streams streams(graph);
    Random random(first + n);
    const soft::ScaleReport report = soft::scale_channels(graph, kOctaves, random_bytes(random));
    graph::check(graph);
    CHECK(report.groups == streams.groups());
    scaled += report.scaled;
    const std::vector<float> got = graph::execute(graph, inputs.data(), kImages);
    double off = 0;
    for (size_t i = 0; i < want.size(); ++i)
      off = std::max(off, static_cast<double>(std::abs(got[i] - want[i])));
    CHECK(off <= 1e-4 * largest(want));
    // Each channel by the factor of its group.
    const auto after = peaks(graph, inputs);
    std::map<size_t, double> factor;
    for (size_t t = 0; t < before.size(); ++t) {
      for (size_t c = 0; c < before[t].size(); ++c) {
        if (!(before[t][c] > 1e-3)) continue;
        const size_t group = streams.group(static_cast<int>(t), static_cast<int64_t>(c));
        const double found = after[t][c] / before[t][c];
        CHECK(std::abs(std::log2(found)) <= kOctaves + 1e-2);
        if (streams.is_fixed(group)) CHECK(found == Approx(1).epsilon(1e-2));
        const double known = factor.emplace(group, found).first->second;
        CHECK(found == Approx(known).epsilon(1e-2));
      }
    }
  }
  CHECK(scaled > 60);
}

TEST_CASE("a residual stream has a factor a channel, what is inside of a block its own") {
  GraphBuilder b(seed());
  const int x = b.conv(b.input({3, 8, 8}), 4, window(3, 1, 1), kRelu);
  const int hidden = b.conv(x, 4, window(3, 1, 1), kRelu);
  const int sum = b.add(b.conv(hidden, 4, window(3, 1, 1)), x, kRelu);
  const int wider = b.shortcut(sum, 2, 6, 1);
  const graph::Graph graph = b.finish(b.dense(b.max_pool(wider, window(2, 2, 0)), 5));
  const soft::Streams streams(graph);
  for (int64_t c = 0; c < 4; ++c) {
    CHECK(streams.group(x, c) == streams.group(sum, c));
    CHECK(streams.group(sum, c) == streams.group(wider, c + 1));
    CHECK(streams.group(hidden, c) != streams.group(x, c));
    CHECK(!streams.is_fixed(streams.group(hidden, c)));
  }
  CHECK(streams.is_fixed(streams.group(graph.input, 0)));
  CHECK(streams.is_fixed(streams.group(graph.output, 0)));
}

TEST_CASE("what a clamp holds within other bounds than zero keeps its scale") {
  GraphBuilder b(seed());
  const int six = b.conv(b.input({2, 4, 4}), 4, window(1, 1, 0), kRelu6);
  const int free = b.conv(six, 4, window(1, 1, 0), kRelu);
  const int stepped = b.conv(free, 4, window(1, 1, 0), {0.0F, 25.5F, 0.1F});
  const graph::Graph graph = b.finish(b.dense(stepped, 3));
  const soft::Streams streams(graph);
  CHECK(streams.is_fixed(streams.group(six, 0)));
  CHECK(!streams.is_fixed(streams.group(free, 0)));
  CHECK(streams.is_fixed(streams.group(stepped, 0)));
}
