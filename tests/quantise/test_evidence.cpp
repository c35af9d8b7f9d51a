// SPDX-License-Identifier: Apache-2.0
// What calibration inputs are worth, how far channels reach by their weights, and that networks
// calibrated with little still answer as their floats do.
#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>
#include <vector>

#include "graph/execute.hpp"
#include "graphs.hpp"
#include "quantise/evidence.hpp"
#include "quantise/findings.hpp"
#include "quantise/quantise.hpp"
#include "quantise/reach.hpp"
#include "quantise/reference.hpp"

using namespace keyway;
using namespace keyway::quantise;
using keyway::test::GraphBuilder;
using keyway::test::kRelu;
using keyway::test::Random;
using keyway::test::window;

namespace {

/// Waves of random direction, phase and height: neighbours are alike, as in pictures.
std::vector<float> waves(const Shape& shape, int64_t images, uint64_t seed) {
  Random random(seed);
  std::vector<float> all;
  for (int64_t i = 0; i < images * shape.channels; ++i) {
    const double fx = random.uniform() * 0.8, fy = random.uniform() * 0.8;
    const double phase = random.uniform() * 6.3, height = 0.3 + random.uniform();
    for (int64_t y = 0; y < shape.height; ++y) {
      for (int64_t x = 0; x < shape.width; ++x) {
        const double at = fx * static_cast<double>(x) + fy * static_cast<double>(y) + phase;
        all.push_back(static_cast<float>(height * std::sin(at)));
      }
    }
  }
  return all;
}

/// Convolutions that look for different things, and a dense layer over all of it.
graph::Graph deep_graph(uint64_t seed) {
  GraphBuilder b(seed);
  int x = b.input({2, 12, 12});
  x = b.conv(x, 16, window(3, 1, 1), kRelu);
  x = b.conv(x, 24, window(3, 2, 1), kRelu);
  x = b.conv(x, 24, window(3, 1, 1), kRelu);
  x = b.conv(x, 32, window(3, 2, 1), kRelu);
  return b.finish(b.dense(x, 10));
}

double distance(const graph::Graph& g, const std::vector<float>& calibration, int64_t images,
                const std::vector<float>& inputs, int64_t count, arith::NumberSystem system) {
  const Network n = quantise::quantise(g, calibration.data(), images, system);
  return test::relative_distance(Reference(n).infer(inputs.data(), count),
                                 graph::execute(g, inputs.data(), count));
}

}  // namespace

TEST_CASE("evidence: few, equal, constant and noisy inputs") {
  const graph::Graph g = deep_graph(1);
  const Shape shape = g.tensors[static_cast<size_t>(g.input)].shape;
  const auto pictures = waves(shape, 100, 7);
  SECTION("pictures are worth their number") {
    const Evidence e = weigh(g, pictures.data(), 100);
    CHECK(e.inputs == 100);
    CHECK(e.different == 100);
    CHECK_FALSE(e.constant);
    CHECK_FALSE(e.is_noise);
    CHECK(remarks(e).empty());
    CHECK(caution(e) == Approx(0.4));
    CHECK(caution(weigh(g, pictures.data(), 1)) == 1.0);
    CHECK(caution(weigh(g, pictures.data(), 16)) == 1.0);
    CHECK(remarks(weigh(g, pictures.data(), 31)).size() == 1);
    CHECK(remarks(weigh(g, pictures.data(), 32)).empty());
  }
  SECTION("equal inputs count once") {
    std::vector<float> same;
    for (int i = 0; i < 64; ++i) {
      same.insert(same.end(), pictures.begin(), pictures.begin() + shape.elements());
    }
    const Evidence e = weigh(g, same.data(), 64);
    CHECK(e.different == 1);
    CHECK_FALSE(e.constant);
    REQUIRE(remarks(e).size() == 1);
    CHECK(remarks(e)[0].find("all equal") != std::string::npos);
  }
  SECTION("one number everywhere") {
    const std::vector<float> grey(static_cast<size_t>(64 * shape.elements()), 0.5F);
    const Evidence e = weigh(g, grey.data(), 64);
    CHECK(e.constant);
    REQUIRE(remarks(e).size() == 1);
    CHECK(remarks(e)[0].find("is the same") != std::string::npos);
  }
  SECTION("noise, whatever its mean") {
    auto noise = test::random_inputs(g, 300, 3);
    for (float& v : noise) v += 5;
    const Evidence e = weigh(g, noise.data(), 300);
    CHECK(e.is_noise);
    CHECK(caution(e) == 1.0);
    REQUIRE(remarks(e).size() == 1);
    CHECK(remarks(e)[0].find("noise") != std::string::npos);
  }
  SECTION("vectors have no neighbours") {
    GraphBuilder b(2);
    const graph::Graph dense = b.finish(b.dense(b.input({40, 1, 1}), 5));
    const auto inputs = test::random_inputs(dense, 100, 4);
    CHECK_FALSE(weigh(dense, inputs.data(), 100).is_noise);
  }
}

TEST_CASE("reach: weights, bias, residual, and the factor of most channels") {
  FloatLayer layer;
  layer.kind = LayerKind::kDense;
  layer.window = window(1, 1, 0);
  layer.weights = {3, 4, 0, 0};
  layer.bias = {0, 2};
  CHECK(expected_reach(layer, 2, {1, 0.5}, {}) == std::vector<double>{std::sqrt(13.0), 2});
  layer.has_residual = true;
  layer.residual.channel = {1, -1};
  CHECK(expected_reach(layer, 2, {1, 0.5}, {9, 6}) == std::vector<double>{7, 2});
  FloatLayer depthwise;
  depthwise.kind = LayerKind::kDepthwise;
  depthwise.window = graph::Window{1, 2, 1, 1, 0, 0, 0, 0};
  depthwise.weights = {3, 4, 6, 8};
  depthwise.bias = {0, 0};
  CHECK(expected_reach(depthwise, 2, {1, 0.5}, {}) == std::vector<double>{5, 5});
  FloatLayer sum;
  sum.kind = LayerKind::kSum;
  sum.gain = 2;
  CHECK(expected_reach(sum, 1, {3}, {}) == std::vector<double>{6});

  std::vector<double> range(21), reach(21, 2.0);
  std::iota(range.begin(), range.end(), 0.0);
  range[20] = 1000;  // one in ten may be odd
  CHECK(usual_factor(range, reach) == Approx(9.5));
  CHECK(usual_factor({0, 3}, {1, 0}) == 0);
}

TEST_CASE("estimate: relative error, and where the largest output is") {
  const Estimate e = compare({0, 4, 0, 4}, {0, 4, 1, 0}, {2, 1, 1});
  REQUIRE(e.relative_error);
  CHECK(*e.relative_error == Approx(std::sqrt(17.0 / 16)));
  CHECK_FALSE(compare({2, 2}, {0, 9}, {2, 1, 1}).relative_error);
  REQUIRE(e.agreement);
  CHECK(*e.agreement == 0.5);
  CHECK(remarks(e).size() == 2);
  CHECK_FALSE(compare({0, 4, 0, 4}, {0, 4, 0, 4}, {1, 2, 2}).agreement);
  CHECK(remarks(compare({0, 4, 0, 4}, {0, 4, 0, 4}, {2, 1, 1})).empty());
}

TEST_CASE("one input, inputs of one kind and noise are enough for a close network") {
  for (const uint64_t seed : {1, 2, 3}) {
    const graph::Graph g = deep_graph(seed);
    const Shape shape = g.tensors[static_cast<size_t>(g.input)].shape;
    const auto inputs = waves(shape, 64, 100 + seed), many = waves(shape, 256, 200 + seed);
    // Of one kind: one picture, a little brighter or darker.
    std::vector<float> kind;
    for (int i = 0; i < 64; ++i) {
      for (int64_t k = 0; k < shape.elements(); ++k) {
        kind.push_back(many[static_cast<size_t>(k)] * (0.7F + 0.01F * static_cast<float>(i)));
      }
    }
    const auto noise = test::random_inputs(g, 64, seed);
    for (const arith::NumberSystemInfo& system : arith::number_systems()) {
      INFO("seed " << seed << ", " << system.name);
      CHECK(distance(g, many, 256, inputs, 64, system.system) < 0.04);
      CHECK(distance(g, many, 1, inputs, 64, system.system) < 0.12);
      CHECK(distance(g, kind, 64, inputs, 64, system.system) < 0.25);
      CHECK(distance(g, noise, 64, inputs, 64, system.system) < 0.12);
    }
  }
}

TEST_CASE("findings: quiet where nothing is wrong, plain where it is") {
  const graph::Graph g = deep_graph(4);
  const auto many = waves(g.tensors[static_cast<size_t>(g.input)].shape, 256, 9);
  Findings findings;
  quantise::quantise(g, many.data(), 256, arith::NumberSystem::kInt8, {}, &findings);
  CHECK(findings.warnings.empty());
  CHECK(findings.estimate.value().relative_error.value() < 0.05);
  CHECK(findings.estimate.value().relative_error.value() > 0);
  CHECK(findings.estimate.value().agreement.value_or(0) > 0.9);

  // Differences of two nearly equal large sums: what eight bits cannot hold.
  GraphBuilder b(5);
  const int x = b.input({4, 1, 1});
  const int y = b.dense(x, 2);
  b.last().weights = {1, 1, 1, 1, 1, 1, 1, 1};
  b.last().bias = {100, 100};
  const int z = b.dense(y, 2);
  b.last().weights = {50, -50, -50, 50};
  const graph::Graph hard = b.finish(z);
  const auto inputs = test::random_inputs(hard, 64, 6);
  Network n =
      quantise::quantise(hard, inputs.data(), 64, arith::NumberSystem::kInt8, {}, &findings);
  static_cast<void>(n);
  CHECK_FALSE(findings.warnings.empty());
}
