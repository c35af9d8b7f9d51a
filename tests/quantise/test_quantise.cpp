// SPDX-License-Identifier: Apache-2.0
// The quantiser against the float executor: each lowering on a small graph, random graphs, and what
// every quantised network must keep.
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <functional>
#include <map>

#include "graph/execute.hpp"
#include "graphs.hpp"
#include "quantise/calibration_run.hpp"
#include "quantise/quantise.hpp"
#include "quantise/reference.hpp"

using namespace keyway;
using namespace keyway::quantise;
using keyway::arith::NumberSystem;
using keyway::test::GraphBuilder;
using keyway::test::kRelu;
using keyway::test::kRelu6;
using keyway::test::window;

namespace {

/// Largest magnitude that an accumulator of the layer can reach, bias included, whatever bytes its
/// input has.
int64_t accumulator_bound(const Network& network, const Layer& layer) {
  const bool is_signed = network.tensors[static_cast<size_t>(layer.input)].is_signed;
  const int64_t most = is_signed ? 128 : 255;
  const auto channels =
      static_cast<size_t>(network.tensors[static_cast<size_t>(layer.output)].shape.channels);
  const arith::Operands operands = operands_of(network, layer);
  const std::optional<arith::Products> products = products_of(layer);
  const size_t taps = layer.codes.size() / channels;
  int64_t bound = 0;
  for (const Region& region : layer.regions) {
    for (size_t c = 0; c < channels; ++c) {
      int64_t sum =
          layer.kind == LayerKind::kSum ? layer.window.kernel_h * layer.window.kernel_w : 0;
      if (layer.kind == LayerKind::kMax) sum = 1;
      sum *= most;
      for (size_t t = 0; t < taps; ++t) {
        const uint8_t code = layer.codes[c * taps + t];
        sum += products ? products->largest(code, most) : std::abs(int64_t{operands[code]}) * most;
      }
      bound = std::max(bound, sum + std::abs(int64_t{region.post[c].bias}));
    }
  }
  return bound;
}

/// What network.hpp and the number systems promise.
void check_contract(const Network& n) {
  for (const Tensor& t : n.tensors) {
    REQUIRE(static_cast<int64_t>(t.scale.size()) == t.shape.channels);
    for (const float s : t.scale) REQUIRE(s > 0);
  }
  for (const Layer& l : n.layers) {
    INFO("layer " << l.name);
    const Tensor& out = n.tensors[static_cast<size_t>(l.output)];
    REQUIRE(accumulator_bound(n, l) < int64_t{1} << 31);
    int64_t area = 0;
    for (const Region& r : l.regions) {
      area += r.height * r.width;
      REQUIRE(static_cast<int64_t>(r.post.size()) == out.shape.channels);
      for (const ChannelPost& p : r.post) {
        REQUIRE(std::abs(p.m) < 1 << 17);
        REQUIRE(std::abs(p.mr) < 1 << 17);
        REQUIRE((p.shift >= 1 && p.shift <= 47));
        REQUIRE((p.lo >= (out.is_signed ? -128 : 0) && p.hi <= (out.is_signed ? 127 : 255)));
        REQUIRE(p.lo <= p.hi);
      }
    }
    REQUIRE(area == out.shape.pixels());
    const arith::NumberSystemInfo& system = arith::info(l.number_system);
    if (!system.equally_likely || l.codes.empty()) continue;
    std::array<int, 256> counts{};
    for (const uint8_t code : l.codes) ++counts[code];
    const auto end = counts.begin() + static_cast<std::ptrdiff_t>(system.codes());
    REQUIRE(*std::max_element(counts.begin(), end) - *std::min_element(counts.begin(), end) <= 1);
    REQUIRE(std::all_of(end, counts.end(), [](int count) { return count == 0; }));
    for (const int16_t entry : l.table) {
      REQUIRE((entry >= arith::kOperandMin && entry <= arith::kOperandMax));
    }
  }
}

double distance(const graph::Graph& g, NumberSystem system, uint64_t seed,
                int64_t calibration = 64) {
  const auto calib = test::random_inputs(g, calibration, 2 * seed);
  const auto inputs = test::random_inputs(g, 32, 2 * seed + 1);
  const Network n = quantise::quantise(g, calib.data(), calibration, system);
  check_contract(n);
  return test::relative_distance(Reference(n).infer(inputs.data(), 32),
                                 graph::execute(g, inputs.data(), 32));
}

using Build = std::function<int(GraphBuilder&, int)>;

const std::map<std::string, Build>& lowerings() {
  static const std::map<std::string, Build> all{
      {"convolution", [](GraphBuilder& b, int x) { return b.conv(x, 9, window(3, 2, 1), kRelu); }},
      {"convolution without padding, signed",
       [](GraphBuilder& b, int x) { return b.conv(x, 9, window(2, 1, 0)); }},
      {"relu6",
       [](GraphBuilder& b, int x) {
         const int y = b.conv(x, 9, window(3, 1, 1), kRelu6);
         for (float& w : b.last().weights) w *= 4;
         return y;
       }},
      {"clip to a range on both sides",
       [](GraphBuilder& b, int x) {
         return b.conv(x, 9, window(3, 1, 1), {-0.75F, 1.25F});
       }},
      {"depthwise", [](GraphBuilder& b, int x) { return b.depthwise(x, window(3, 2, 1), kRelu); }},
      {"dense over an image", [](GraphBuilder& b, int x) { return b.dense(x, 20, kRelu); }},
      {"maximum", [](GraphBuilder& b, int x) { return b.max_pool(x, window(3, 2, 1)); }},
      {"maximum with relu",
       [](GraphBuilder& b, int x) { return b.max_pool(x, window(3, 2, 1), kRelu); }},
      {"average with padding counted",
       [](GraphBuilder& b, int x) { return b.average_pool(x, window(3, 2, 1), true); }},
      {"average with padding left out",
       [](GraphBuilder& b, int x) { return b.average_pool(x, window(3, 1, 1), false); }},
      {"global average", [](GraphBuilder& b, int x) { return b.global_average(x); }},
      {"average as main operand of an addition",
       [](GraphBuilder& b, int x) {
         return b.add(b.max_pool(x, window(3, 1, 1)), b.average_pool(x, window(3, 1, 1), false),
                      kRelu);
       }},
      {"residual",
       [](GraphBuilder& b, int x) { return b.add(b.conv(x, 4, window(3, 1, 1)), x, kRelu); }},
      {"residual whose convolution is small beside it",
       [](GraphBuilder& b, int x) {
         const int y = b.conv(x, 4, window(3, 1, 1));
         for (float& w : b.last().weights) w *= 0.01F;
         return b.add(x, y);
       }},
      {"projection",
       [](GraphBuilder& b, int x) {
         const int y = b.conv(b.conv(x, 6, window(3, 2, 1), kRelu), 6, window(3, 1, 1));
         return b.add(b.conv(x, 6, window(1, 2, 0)), y, kRelu);
       }},
      {"strided shortcut with new channels",
       [](GraphBuilder& b, int x) {
         return b.add(b.conv(x, 8, window(3, 2, 1)), b.shortcut(x, 2, 8, 2), kRelu);
       }},
      {"plain addition",
       [](GraphBuilder& b, int x) { return b.add(b.max_pool(x, window(3, 1, 1)), x); }},
      {"x + x", [](GraphBuilder& b, int x) { return b.add(x, x, kRelu); }},
      {"shortcut alone, moving channels",
       [](GraphBuilder& b, int x) { return b.shortcut(x, 2, 9, 3); }},
      {"shortcut alone, strided", [](GraphBuilder& b, int x) { return b.shortcut(x, 2, 4, 0); }},
      {"padding", [](GraphBuilder& b, int x) { return b.pad(x, 2, 0, 1, 3); }},
      {"cropping", [](GraphBuilder& b, int x) { return b.pad(x, -1, -2, -1, 1); }},
  };
  return all;
}

}  // namespace

TEST_CASE("every lowering stays close to float") {
  for (const auto& [name, build] : lowerings()) {
    for (const bool first : {true, false}) {
      for (const arith::NumberSystemInfo& system : arith::number_systems()) {
        GraphBuilder b(17);
        int x = b.input({4, 9, 7});
        // On the network's input, and behind a convolution.
        if (!first) x = b.conv(x, 4, window(3, 1, 1), kRelu);
        const graph::Graph g = b.finish(build(b, x));
        INFO(name << (first ? "" : " behind a convolution") << ", " << system.name);
        // Sixteen codes are far apart; steps of the others are up to an eighth of a weight.
        CHECK(distance(g, system.system, 5) < (system.codes() == 16                   ? 0.25
                                               : system.system == NumberSystem::kInt8 ? 0.03
                                               : system.has_table                     ? 0.04
                                                                                      : 0.06));
      }
    }
  }
}

TEST_CASE("values that only move are exact") {
  for (const char* name : {"maximum", "padding", "cropping", "shortcut alone, strided"}) {
    GraphBuilder b(3);
    const int x = b.input({4, 9, 7});
    const graph::Graph g = b.finish(lowerings().at(name)(b, x));
    const auto inputs = test::random_inputs(g, 8, 4);
    const Network n = quantise::quantise(g, inputs.data(), 8, NumberSystem::kQf8);
    const auto& from = n.tensors[static_cast<size_t>(n.input)];
    const auto& to = n.tensors[static_cast<size_t>(n.output)];
    INFO(name);
    CHECK(from.scale == to.scale);
    std::vector<uint8_t> bytes(static_cast<size_t>(from.shape.elements()));
    test::Random r(6);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(r.integer(0, 255));
    const auto out = Reference(n).run(bytes)[static_cast<size_t>(n.output)];
    for (const uint8_t byte : out) {
      REQUIRE((byte == 0 || std::count(bytes.begin(), bytes.end(), byte) > 0));
    }
  }
}

TEST_CASE("channels without weights, without values, or far apart") {
  GraphBuilder b(23);
  int x = b.input({4, 8, 8});
  x = b.conv(x, 8, window(3, 1, 1), kRelu);
  graph::Node& first = b.last();
  for (size_t i = 0; i < 36; ++i) first.weights[i] = 0;        // channel 0: constant
  for (size_t i = 36; i < 72; ++i) first.weights[i] *= 1e-6F;  // channel 1: tiny
  first.bias[0] = 0.5F;
  first.bias[1] = 0;
  first.bias[2] = -100;                                               // always zero after the clamp
  for (size_t i = 3 * 36; i < 4 * 36; ++i) first.weights[i] *= 1000;  // channel 3: large
  first.bias[4] = 1000;                                               // channel 4: nearly constant
  const int y = b.conv(x, 8, window(3, 1, 1));
  graph::Node& second = b.last();
  for (size_t o = 0; o < 8; ++o) {
    for (size_t k = 0; k < 9; ++k) {
      second.weights[(o * 8 + 1) * 9 + k] *= 1e6F;  // and made up for
      second.weights[(o * 8 + 3) * 9 + k] *= 1e-3F;
      second.weights[(o * 8 + 4) * 9 + k] = 0;
    }
  }
  for (size_t i = 0; i < 72; ++i) second.weights[i] = 0;  // no weights, only residual and bias
  const graph::Graph g = b.finish(b.add(y, x));
  for (const arith::NumberSystemInfo& system : arith::number_systems()) {
    INFO(system.name);
    CHECK(distance(g, system.system, 1) < (system.codes() == 16 ? 0.09 : 0.03));
  }
}

TEST_CASE("a graph of zeros quantises") {
  GraphBuilder b(1);
  const int x = b.input({3, 4, 4});
  const int y = b.conv(x, 5, window(3, 1, 1), kRelu);
  b.last().weights.assign(b.last().weights.size(), 0.0F);
  b.last().bias.assign(5, 0.0F);
  const graph::Graph g = b.finish(y);
  const std::vector<float> zeros(48, 0.0F);
  for (const arith::NumberSystemInfo& system : arith::number_systems()) {
    const Network n = quantise::quantise(g, zeros.data(), 1, system.system);
    check_contract(n);
    for (const float v : Reference(n).infer(zeros.data(), 1)) CHECK(v == 0.0F);
  }
}

TEST_CASE("long sums are scaled down until they fit the accumulator") {
  GraphBuilder b(1);
  const int x = b.input({20000, 1, 1});
  const int y = b.dense(x, 2);
  for (float& w : b.last().weights) w = w > 0 ? 0.01F : -0.01F;
  const graph::Graph g = b.finish(y);
  // Two outputs beyond what 128 inputs showed saturate, which is most of this distance; a sum that
  // wrapped around or was scaled twice would be far off.
  CHECK(distance(g, NumberSystem::kQf8, 3, 128) < 0.1);
  CHECK(distance(g, NumberSystem::kInt8, 3, 128) < 0.1);
}

TEST_CASE("the same inputs and seed give the same network, on any number of threads") {
  const graph::Graph g = test::random_graph(4);
  const auto calib = test::random_inputs(g, 20, 1);
  Options options;
  const Network a = quantise::quantise(g, calib.data(), 20, NumberSystem::kQf8, options);
  options.threads = 3;
  const Network b = quantise::quantise(g, calib.data(), 20, NumberSystem::kQf8, options);
  REQUIRE(a.layers.size() == b.layers.size());
  for (size_t i = 0; i < a.layers.size(); ++i) {
    CHECK(a.layers[i].codes == b.layers[i].codes);
    CHECK(a.layers[i].table == b.layers[i].table);
    for (size_t r = 0; r < a.layers[i].regions.size(); ++r) {
      for (size_t c = 0; c < a.layers[i].regions[r].post.size(); ++c) {
        CHECK(a.layers[i].regions[r].post[c].bias == b.layers[i].regions[r].post[c].bias);
        CHECK(a.layers[i].regions[r].post[c].m == b.layers[i].regions[r].post[c].m);
      }
    }
  }
  options.seed = 2;
  bool differs = false;
  const Network c = quantise::quantise(g, calib.data(), 20, NumberSystem::kQf8, options);
  for (size_t i = 0; i < a.layers.size(); ++i) differs |= a.layers[i].codes != c.layers[i].codes;
  INFO("codes of small tensors are chosen at random");
  CHECK(differs);
}

TEST_CASE("random graphs stay close to float") {
  for (const arith::NumberSystemInfo& system : arith::number_systems()) {
    std::vector<double> all;
    for (uint64_t seed = 1; seed <= 60; ++seed) {
      const graph::Graph g = test::random_graph(seed);
      INFO(system.name << ", seed " << seed);
      all.push_back(distance(g, system.system, seed));
      CHECK(all.back() < 0.3);
    }
    std::sort(all.begin(), all.end());
    INFO(system.name << ": median " << all[30] << ", worst " << all.back());
    CHECK(all[30] < (system.codes() == 16 ? 0.16 : system.has_table ? 0.06 : 0.035));
    CHECK(all[58] < (system.codes() == 16 ? 0.3 : 0.15));
  }
}

TEST_CASE("a gram matrix holds deviations from the mean, and what was never seen") {
  Network n;
  n.tensors = {{"x", {3, 1, 1}, true, {1, 1, 1}}};
  n.input = 0;
  n.input_layout = {{3}, 1, 1, 1};
  n.input_scale = {1, 1, 1};
  n.input_offset = {0, 0, 0};
  std::vector<float> inputs;
  // A constant, and two channels that are 50 +- 20 with opposite signs.
  for (int i = 0; i < 100; ++i) {
    const float d = i % 2 == 0 ? 20.0F : -20.0F;
    inputs.insert(inputs.end(), {90, 50 + d, 50 - d});
  }
  CalibrationRun calibration(n, 2);
  calibration.start(inputs.data(), 100);
  const auto gram =
      calibration.gram(0, calibration.columns(0, {1, 1, 1}, window(1, 1, 0), 0, 3), 3);
  const double unseen = 127.0 * 127 / 101;
  CHECK(gram[0] == Approx(unseen));
  CHECK(gram[4] == Approx(400 + unseen));
  CHECK(gram[5] == Approx(-400 * 100.0 / 103));
  CHECK(gram[1] == Approx(0).margin(1e-3));
}

TEST_CASE("weights have few digits for arrays on which digits are time, else all") {
  GraphBuilder b(9);
  int x = b.input({16, 8, 8});
  for (int i = 0; i < 3; ++i) x = b.conv(x, 16, window(3, 1, 1), kRelu);
  const graph::Graph g = b.finish(x);
  const auto inputs = test::random_inputs(g, 32, 3);
  const auto mean_digits = [&](const Options& options) {
    const Network n = quantise::quantise(g, inputs.data(), 32, NumberSystem::kDs8, options);
    double sum = 0, all = 0;
    for (const Layer& layer : n.layers) {
      for (const uint8_t code : layer.codes) sum += arith::digits_of(code);
      all += static_cast<double>(layer.codes.size());
    }
    return sum / all;
  };
  Options few;
  few.digits_for = ArrayShape{8, 8};
  CHECK(mean_digits(few) <= kMeanDigits);
  CHECK(mean_digits(few) > 1.5);
  CHECK(mean_digits({}) > 3);
}
