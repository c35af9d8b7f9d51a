// SPDX-License-Identifier: Apache-2.0
// Decoys: zero for every input, as large as said, in freed channels or in padding lanes; and what
// the readers of a freed channel make up for.
#include <Eigen/Core>
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "graph/check.hpp"
#include "graph/execute.hpp"
#include "graph/zero_channels.hpp"
#include "graphs.hpp"
#include "random_bytes.hpp"
#include "seed.hpp"
#include "soft/decoys.hpp"
#include "soft/hidden.hpp"
#include "soft/moments.hpp"

using namespace keyway;
using namespace keyway::test;

namespace {

constexpr double kOctaves = 6;
constexpr int64_t kImages = 24;

/// A block with a hidden tensor of so many channels, between two convolutions, and a depthwise
/// layer and a pool on its way.
graph::Graph block(uint64_t seed, int64_t channels) {
  GraphBuilder b(seed);
  const int x = b.conv(b.input({3, 8, 8}), 6, window(3, 1, 1), kRelu);
  int y = b.conv(x, channels, window(3, 1, 1), kRelu);
  y = b.max_pool(b.depthwise(y, window(3, 1, 1), kRelu), window(2, 2, 0));
  return b.finish(b.dense(b.conv(y, 5, window(3, 1, 1)), 4));
}

size_t zeros(const graph::Graph& graph) {
  size_t count = 0;
  for (const auto& channels : graph::zero_channels(graph)) {
    count += static_cast<size_t>(std::count(channels.begin(), channels.end(), true));
  }
  return count;
}

/// Of a layer's weights, the largest, over the largest that is no decoy's.
double excess(const graph::Node& node) {
  double most = 0, usual = 0;
  for (const float w : node.weights) {
    const double size = std::abs(static_cast<double>(w));
    most = std::max(most, size);
    if (size < 10) usual = std::max(usual, size);
  }
  return most / usual;
}

}  // namespace

TEST_CASE("hidden tensors lie between convolutions, behind a ReLU, with inputs never negative") {
  const graph::Graph graph = block(seed(), 9);
  const std::vector<soft::Hidden> hidden = soft::hidden_tensors(graph);
  REQUIRE(hidden.size() ==
          1);  // the first layer's input may be negative, the last but one's output
  CHECK(hidden.front().maker == 1);
  CHECK(hidden.front().tensors.size() == 3);
  CHECK(hidden.front().depthwise == std::vector<size_t>{2});
  CHECK(hidden.front().readers == std::vector<size_t>{4});
  GraphBuilder b(seed());
  const int x = b.conv(b.input({3, 4, 4}), 6, window(3, 1, 1), kRelu);
  const int y = b.conv(x, 6, window(3, 1, 1), kRelu);
  const int sum = b.add(y, x, kRelu);
  CHECK(soft::hidden_tensors(b.finish(b.dense(sum, 3))).empty());
}

TEST_CASE("a decoy in a padding lane changes nothing, and is large where it is made and read") {
  graph::Graph graph = block(seed(), 9);
  const size_t zero_before = zeros(graph);
  const std::vector<float> inputs = random_inputs(graph, kImages, seed());
  const std::vector<float> want = graph::execute(graph, inputs.data(), kImages);
  Random random(seed());
  soft::DecoyOptions options;
  options.octaves = kOctaves;
  options.lanes = 8;
  const soft::DecoyReport report =
      soft::add_decoys(graph, inputs.data(), kImages, options, random_bytes(random));
  CHECK(report.tensors == 1);
  CHECK(report.added == 1);
  graph::check(graph);
  CHECK(graph.nodes[1].bias.size() == 10);
  CHECK(zeros(graph) == zero_before + 3);
  CHECK(relative_distance(graph::execute(graph, inputs.data(), kImages), want) < 1e-6);
  for (const size_t n : {1, 4}) {
    CAPTURE(n);
    CHECK(excess(graph.nodes[n]) > 0.3 * std::exp2(kOctaves));
    CHECK(excess(graph.nodes[n]) < 60 * std::exp2(kOctaves));
  }
  CHECK(graph.nodes[1].bias.back() < 0);
}

TEST_CASE("without a padding lane the least important channel is freed, and made up for") {
  const uint64_t first = seed();
  double with = 0, without = 0;
  for (uint64_t n = 0; n < 20; ++n) {
    CAPTURE(first, n);
    const graph::Graph original = block(first + n, 16);
    const std::vector<float> inputs = random_inputs(original, kImages, first + n);
    const std::vector<float> want = graph::execute(original, inputs.data(), kImages);
    Random random(first + n);
    soft::DecoyOptions options;
    options.octaves = kOctaves;
    options.lanes = 8;
    graph::Graph graph = original;
    const soft::DecoyReport report =
        soft::add_decoys(graph, inputs.data(), kImages, options, random_bytes(random));
    CHECK(report.tensors == 1);
    CHECK(report.added == 0);
    graph::check(graph);
    CHECK(zeros(graph) >= 3);
    with += relative_distance(graph::execute(graph, inputs.data(), kImages), want);
    // The same channel, with the other weights as they were.
    const auto zero = graph::zero_channels(graph)[static_cast<size_t>(original.nodes[1].output)];
    graph::Graph cleared = original;
    soft::clear_channel(cleared, soft::hidden_tensors(original).front(),
                        std::find(zero.begin(), zero.end(), true) - zero.begin());
    without += relative_distance(graph::execute(cleared, inputs.data(), kImages), want);
  }
  CAPTURE(with, without);
  CHECK(with < 0.95 * without);
  CHECK(with / 20 < 0.2);
}

TEST_CASE("scales on top of decoys leave the channels alone that are always zero") {
  graph::Graph graph = block(seed(), 9);
  Random random(seed());
  soft::DecoyOptions options;
  options.lanes = 8;
  soft::add_decoys(graph, nullptr, 0, options, random_bytes(random));
  const float before = graph.nodes[1].bias.back(), other = graph.nodes[1].bias.front();
  soft::scale_channels(graph, 8, random_bytes(random));
  CHECK(graph.nodes[1].bias.back() == before);
  CHECK(graph.nodes[1].bias.front() != other);
}

TEST_CASE("few channels stay, and without inputs channels are chosen by their weights") {
  Random random(seed());
  graph::Graph few = block(seed(), 4);
  soft::DecoyOptions options;
  CHECK(soft::add_decoys(few, nullptr, 0, options, random_bytes(random)).tensors == 0);
  graph::Graph graph = block(seed(), 8);
  for (size_t i = 0; i < graph.nodes[4].weights.size(); ++i) {
    if (i / 9 % 8 == 5) graph.nodes[4].weights[i] = 0;  // nobody reads channel 5
  }
  CHECK(soft::add_decoys(graph, nullptr, 0, options, random_bytes(random)).tensors == 1);
  CHECK(graph::zero_channels(graph)[static_cast<size_t>(graph.nodes[1].output)][5]);
}

TEST_CASE("second moments are those of what the taps meet") {
  GraphBuilder b(seed());
  const int x = b.input({2, 1, 1});
  const int y = b.conv(x, 3, window(1, 1, 0));
  const graph::Graph graph = b.finish(y);
  const std::vector<float> inputs{1, 2, 3, -4};
  const Eigen::MatrixXd moments = soft::second_moments(graph, {0}, inputs.data(), 2, 1).front();
  Eigen::MatrixXd want(3, 3);
  want << 5, -5, 2, -5, 10, -1, 2, -1, 1;
  CHECK((moments - want).norm() < 1e-9);
  CHECK(soft::second_moments(graph, {0}, inputs.data(), 0, 1).front().size() == 0);
}
