// SPDX-License-Identifier: Apache-2.0
// What calibration inputs are worth, how far channels reach by their weights, and that networks
// calibrated with little still answer as their floats do.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <numeric>
#include <string>
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

/// The first of `inputs`, `count` times, times a factor and with noise of a share of its deviation.
std::vector<float> near_copies(const std::vector<float>& inputs, int64_t elements, int64_t count,
                               double noise, const std::function<double(int64_t)>& factor) {
  Random random(11);
  double square = 0;
  for (int64_t i = 0; i < elements; ++i) {
    square += std::pow(static_cast<double>(inputs[static_cast<size_t>(i)]), 2);
  }
  const double deviation = std::sqrt(square / static_cast<double>(elements));
  std::vector<float> all;
  for (int64_t n = 0; n < count; ++n) {
    for (int64_t i = 0; i < elements; ++i) {
      const auto v = static_cast<double>(inputs[static_cast<size_t>(i)]);
      all.push_back(static_cast<float>(v * factor(n) + noise * deviation * random.normal()));
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
    CHECK_FALSE(e.constant);
    CHECK_FALSE(e.nearly_equal);
    CHECK_FALSE(e.is_noise);
    CHECK(e.trust() == 1.0);
    CHECK(remarks(e, 100).empty());
    CHECK(caution(e) == Approx(0.4));
    CHECK(caution(weigh(g, pictures.data(), 1)) == 1.0);
    CHECK(caution(weigh(g, pictures.data(), 16)) == 1.0);
    CHECK(remarks(weigh(g, pictures.data(), 31), 31).size() == 1);
    CHECK(remarks(weigh(g, pictures.data(), 32), 32).empty());
  }
  SECTION("copies are left out") {
    const auto two = [&](int64_t a, int64_t b) {
      std::vector<float> both;
      for (const int64_t i : {a, b}) {
        const auto from = pictures.begin() + i * shape.elements();
        both.insert(both.end(), from, from + shape.elements());
      }
      return both;
    };
    CHECK(without_copies(two(3, 3).data(), 2, shape.elements()).size() ==
          static_cast<size_t>(shape.elements()));
    CHECK(without_copies(two(3, 2).data(), 2, shape.elements()) == two(3, 2));
    const Evidence e = weigh(g, pictures.data(), 1);
    REQUIRE(remarks(e, 64).size() == 1);
    CHECK(remarks(e, 64)[0].find("64 calibration inputs are all equal") != std::string::npos);
    CHECK(remarks(e, 1)[0].find("only one") != std::string::npos);
  }
  SECTION("near copies are worth one") {
    const auto factor = [](int64_t i) { return 0.7 + 0.01 * static_cast<double>(i); };
    const auto close = [&](double noise) {
      return near_copies(pictures, shape.elements(), 64, noise, factor);
    };
    for (const double noise : {0.0, 0.01, 0.1}) {
      INFO("noise " << noise);
      const Evidence e = weigh(g, close(noise).data(), 64);
      CHECK(e.nearly_equal);
      CHECK(e.trust() == 1.0 / 64);
      CHECK(caution(e) == 1.0);
      REQUIRE(remarks(e, 64).size() == 1);
      CHECK(remarks(e, 64)[0].find("nearly equal") != std::string::npos);
    }
    CHECK_FALSE(weigh(g, close(0.5).data(), 64).nearly_equal);
  }
  SECTION("one number everywhere") {
    const std::vector<float> grey(static_cast<size_t>(shape.elements()), 0.5F);
    const Evidence e = weigh(g, grey.data(), 1);
    CHECK(e.constant);
    REQUIRE(remarks(e, 64).size() == 1);
    CHECK(remarks(e, 64)[0].find("is the same") != std::string::npos);
  }
  SECTION("noise, whatever its mean") {
    auto noise = test::random_inputs(g, 300, 3);
    for (float& v : noise) v += 5;
    const Evidence e = weigh(g, noise.data(), 300);
    CHECK(e.is_noise);
    CHECK(caution(e) == 1.0);
    REQUIRE(remarks(e, 300).size() == 1);
    CHECK(remarks(e, 300)[0].find("noise") != std::string::npos);
  }
  SECTION("an outlier is no noise") {
    for (const float far : {40.0F, 1e6F}) {
      auto odd = pictures;
      odd[1000] = far;
      const Evidence e = weigh(g, odd.data(), 100);
      CHECK_FALSE(e.is_noise);
      CHECK(e.outliers == 1);
      CHECK(e.outlier_factor == Approx(far).epsilon(0.5));
      REQUIRE(remarks(e, 100).size() == 1);
      CHECK(remarks(e, 100)[0].find("one value") == 0);
    }
    auto odd = pictures;
    odd[1000] = odd[1001] = 100;
    CHECK(remarks(weigh(g, odd.data(), 100), 100)[0].find("2 values") == 0);
    auto noise = test::random_inputs(g, 100, 3);
    noise[1000] = 1e6F;
    CHECK(weigh(g, noise.data(), 100).is_noise);
    // A column that is seldom anything but zero has none.
    GraphBuilder b(2);
    const graph::Graph dense = b.finish(b.dense(b.input({1, 1, 1}), 5));
    std::vector<float> counts(100, 0.0F);
    counts[1] = 30;
    CHECK(weigh(dense, counts.data(), 100).outliers == 0);
    for (size_t i = 2; i < counts.size(); i += 10) counts[i] = static_cast<float>(i % 8);
    CHECK(weigh(dense, counts.data(), 100).outliers == 0);
  }
  SECTION("a model that scales its input, and inputs that are scaled already") {
    graph::Graph scaler = g;
    scaler.input_scale.assign(2, 1 / 60.0F);
    scaler.input_offset.assign(2, -2);
    auto bytes = pictures;
    for (float& v : bytes) v = v * 60 + 120;
    CHECK(remarks(weigh(scaler, bytes.data(), 100), 100).empty());
    for (float& v : bytes) v /= 255;
    const Evidence e = weigh(scaler, bytes.data(), 100);
    REQUIRE(remarks(e, 100).size() == 1);
    CHECK(remarks(e, 100)[0].find("scaled already") != std::string::npos);
    CHECK(weigh(scaler, pictures.data(), 100).is_scaled_twice);
    CHECK_FALSE(weigh(g, bytes.data(), 100).is_scaled_twice);
  }
  SECTION("vectors have no neighbours") {
    GraphBuilder b(2);
    const graph::Graph dense = b.finish(b.dense(b.input({40, 1, 1}), 5));
    const auto inputs = test::random_inputs(dense, 100, 4);
    CHECK_FALSE(weigh(dense, inputs.data(), 100).is_noise);
  }
  SECTION("vectors: neither one large column nor an offset hides differences") {
    GraphBuilder b(2);
    const graph::Graph dense = b.finish(b.dense(b.input({80, 1, 1}), 5));
    const auto inputs = test::random_inputs(dense, 100, 4);
    const auto one = [](int64_t) { return 1.0; };
    CHECK(weigh(dense, near_copies(inputs, 80, 64, 0.1, one).data(), 64).nearly_equal);
    auto offset = inputs, outweighed = inputs;
    for (float& v : offset) v += 1000;
    for (size_t i = 0; i < inputs.size(); i += 80) outweighed[i] += 1000;
    CHECK_FALSE(weigh(dense, offset.data(), 100).nearly_equal);
    CHECK_FALSE(weigh(dense, outweighed.data(), 100).nearly_equal);
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

  GraphBuilder b(3);
  const int hidden = b.dense(b.input({2, 1, 1}), 2);
  b.last().weights = {3, 0, 4, 0};
  const auto of_input = input_reach(b.finish(b.dense(hidden, 1)));
  CHECK(of_input[0] == Approx(0.2));
  CHECK(of_input[1] == 0);

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
  REQUIRE(remarks(e, 1e5).size() == 3);
  CHECK(remarks(e, 1e5)[1].find("standardise") != std::string::npos);
  CHECK_FALSE(compare({0, 4, 0, 4}, {0, 4, 0, 4}, {1, 2, 2}).agreement);
  CHECK(remarks(compare({0, 4, 0, 4}, {0, 4, 0, 4}, {2, 1, 1})).empty());
}

TEST_CASE("one input, inputs of one kind and noise are enough for a close network") {
  for (const uint64_t seed : {1, 2, 3}) {
    const graph::Graph g = deep_graph(seed);
    const Shape shape = g.tensors[static_cast<size_t>(g.input)].shape;
    const auto inputs = waves(shape, 64, 100 + seed), many = waves(shape, 256, 200 + seed);
    const auto brighter = [](int64_t i) { return 0.7 + 0.01 * static_cast<double>(i); };
    const auto kind = near_copies(many, shape.elements(), 64, 0, brighter);
    const auto blurred = near_copies(many, shape.elements(), 64, 0.03, [](int64_t) { return 1.0; });
    const auto noise = test::random_inputs(g, 64, seed);
    for (const arith::NumberSystemInfo& system : arith::number_systems()) {
      INFO("seed " << seed << ", " << system.name);
      // Sixteen codes are far apart, however many inputs there are.
      const double ample = system.codes() > 16 ? 0.04 : 0.16;
      const double little = system.codes() > 16 ? 0.12 : 0.28;
      CHECK(distance(g, many, 256, inputs, 64, system.system) < ample);
      CHECK(distance(g, many, 1, inputs, 64, system.system) < little);
      CHECK(distance(g, kind, 64, inputs, 64, system.system) < little);
      CHECK(distance(g, blurred, 64, inputs, 64, system.system) < little);
      CHECK(distance(g, noise, 64, inputs, 64, system.system) < little);
    }
  }
}

TEST_CASE("copies of inputs change nothing, and near copies of a vector are as good as one") {
  GraphBuilder b(7);
  int x = b.dense(b.input({100, 1, 1}), 40, kRelu);
  x = b.dense(x, 40, kRelu);
  const graph::Graph g = b.finish(b.dense(x, 10));
  const auto inputs = test::random_inputs(g, 64, 3);
  const auto one = [](int64_t) { return 1.0; };
  for (const arith::NumberSystemInfo& system : arith::number_systems()) {
    INFO(system.name);
    const auto network = [&](const std::vector<float>& calibration, int64_t images) {
      return quantise::quantise(g, calibration.data(), images, system.system);
    };
    const Network few = network(inputs, 1);
    const Network copies = network(near_copies(inputs, 100, 64, 0, one), 64);
    for (size_t i = 0; i < few.layers.size(); ++i)
      CHECK(few.layers[i].codes == copies.layers[i].codes);
    for (size_t t = 0; t < few.tensors.size(); ++t) {
      CHECK(few.tensors[t].scale == copies.tensors[t].scale);
    }
    const double single = distance(g, inputs, 1, inputs, 64, system.system);
    CHECK(distance(g, near_copies(inputs, 100, 64, 0.01, one), 64, inputs, 64, system.system) <
          1.25 * single);
  }
}

TEST_CASE("columns of any units, as far as their weights make up for them") {
  for (const double ratio : {1e3, 1e6, 1e9}) {
    GraphBuilder b(8);
    const int hidden = b.dense(b.input({8, 1, 1}), 40, kRelu);
    graph::Node& first = b.last();
    std::vector<float> inputs;
    const auto unit = [&](size_t c) { return std::pow(ratio, static_cast<double>(c % 8) / 7); };
    for (size_t i = 0; i < 8 * 300; ++i) {
      inputs.push_back(static_cast<float>((1 + 0.4 * b.random.normal()) * unit(i)));
    }
    for (size_t i = 0; i < first.weights.size(); ++i) {
      const double plain = static_cast<double>(first.weights[i]) / 0.4;
      first.weights[i] = static_cast<float>(plain / unit(i));
      first.bias[i / 8] -= static_cast<float>(plain);
    }
    const graph::Graph g = b.finish(b.dense(hidden, 3));
    for (const arith::NumberSystemInfo& system : arith::number_systems()) {
      INFO(system.name << ", " << ratio);
      CHECK(distance(g, inputs, 200, inputs, 300, system.system) <
            (system.codes() > 16 ? 0.06 : 0.17));
    }
  }
}

TEST_CASE("calibration inputs and the range that a file gives its input") {
  GraphBuilder b(9);
  graph::Graph g = b.finish(b.dense(b.conv(b.input({1, 8, 8}), 4, window(3, 1, 1), kRelu), 3));
  g.input_clamp.assign(1, graph::Clamp{0, 255, 1});
  const auto warnings = [&](float factor) {
    auto inputs = waves({1, 8, 8}, 64, 5);
    for (float& v : inputs) v = std::clamp((v + 1) / 2, 0.0F, 1.0F) * factor;
    Findings findings;
    quantise::quantise(g, inputs.data(), 64, arith::NumberSystem::kInt8, {}, &findings);
    std::string all;
    for (const std::string& warning : findings.warnings) all += warning + "\n";
    return all;
  };
  CHECK(warnings(255).empty());
  CHECK(warnings(1).find("use 2 of the 256 steps") != std::string::npos);
  CHECK(warnings(2550).find("outside of the range that the model file gives") != std::string::npos);
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
