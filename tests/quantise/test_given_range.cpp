// SPDX-License-Identifier: Apache-2.0
// Networks whose ranges a quantised file gives: bytes that count the file's integers, and the
// integers of its own arithmetic, in plain loops, without calibration.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <string>

#include "common/error.hpp"
#include "graph/execute.hpp"
#include "graphs.hpp"
#include "quantise/given_range.hpp"
#include "quantise/quantise.hpp"
#include "quantise/reference.hpp"
#include "seed.hpp"

using namespace keyway;
using namespace keyway::quantise;
using keyway::arith::NumberSystem;
using keyway::test::GraphBuilder;
using keyway::test::window;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Of 8-bit integers with this zero point, counted from `lo`.
graph::Clamp clamp_of(float step, int zero, int lo = 0, int levels = 256) {
  return {static_cast<float>(lo - zero) * step, static_cast<float>(lo + levels - 1 - zero) * step,
          step};
}

struct Fields {
  bool is_signed;
  float scale;
};

Fields given(double lo, double hi, float step) {
  const auto tensor = given_scales({"t", Shape{3, 1, 1}}, {lo, hi}, step);
  REQUIRE(tensor);
  CHECK(tensor->scale == std::vector<float>(3, tensor->scale[0]));
  return {tensor->is_signed, tensor->scale[0]};
}

/// The file's integer of a real value.
int integer(double x, const graph::Clamp& c) {
  const double step = c.step;
  return static_cast<int>(std::nearbyint(std::min<double>(std::max<double>(x, c.lo), c.hi) / step));
}

/// Weights that are integers of a step of their own for each output channel.
void make_integers(graph::Node& conv, test::Random& random) {
  const size_t taps = conv.weights.size() / conv.bias.size();
  for (size_t o = 0; o < conv.bias.size(); ++o) {
    const float step = 0.001F * static_cast<float>(random.integer(1, 30));
    for (size_t t = 0; t < taps; ++t) {
      conv.weights[o * taps + t] = step * static_cast<float>(random.integer(-90, 90));
    }
    // The largest is no power of two, nor the most that a byte holds.
    conv.weights[o * taps] = step * 101;
  }
}

/// A dense layer of a vector's integers, to integers.
std::vector<int> plain_dense(const graph::Node& layer, const std::vector<int>& in, double in_step) {
  std::vector<int> out;
  for (size_t o = 0; o < layer.bias.size(); ++o) {
    double sum = layer.bias[o];
    for (size_t i = 0; i < in.size(); ++i) {
      sum += static_cast<double>(layer.weights[o * in.size() + i]) * in_step * in[i];
    }
    out.push_back(integer(sum, layer.clamp));
  }
  return out;
}

}  // namespace

TEST_CASE("A range of whole steps is counted by them") {
  CHECK(given(0, 255 * 0.25, 0.25F).scale == 0.25F);
  CHECK_FALSE(given(0, 255 * 0.25, 0.25F).is_signed);
  CHECK(given(-128 * 0.5, 127 * 0.5, 0.5F).scale == 0.5F);
  CHECK(given(-128 * 0.5, 127 * 0.5, 0.5F).is_signed);
  CHECK(given(0, 3, 1).scale == 1);
  CHECK(given(-2, 1, 1).scale == 1);
  // Others end where the byte ends, on the longer side.
  CHECK(given(-10, 245, 1).scale == Approx(245.0 / 127));
  CHECK(given(-200, 55, 1).scale == Approx(200.0 / 128));
  CHECK(given(0, 6, 0).scale == Approx(6.0 / 255));
  CHECK(given(0, 65535 * 0.5, 0.5F).scale == Approx(65535 * 0.5 / 255));
  CHECK(given(0, 0, 0.5F).scale == 0.5F);
  CHECK_FALSE(given_scales({"t", Shape{1, 1, 1}}, {0, kInfinity}, 1));
  CHECK_FALSE(given_scales({"t", Shape{1, 1, 1}}, {-kInfinity, 1}, 1));
}

TEST_CASE("An input's bytes are the file's integers where their zero can be moved") {
  const graph::Clamp odd = clamp_of(0.5F, 77);
  const InputUnit moved = given_unit(odd, false, true, true);
  CHECK(moved.step == 0.5F);
  CHECK(moved.middle == (128 - 77) * 0.5F);
  const InputUnit still = given_unit(odd, false, true, false);
  CHECK(still.middle == 0);
  CHECK(still.step == Approx(178 * 0.5 / 127));
  // Unsigned bytes, symmetric ones and few steps fit as they are.
  CHECK(given_unit(clamp_of(0.5F, 0), true, true, true).middle == 0);
  CHECK(given_unit(clamp_of(0.5F, 128), false, true, true).middle == 0);
  CHECK(given_unit(clamp_of(0.5F, 3, 0, 16), false, true, true).middle == 0);
  CHECK(given_unit(clamp_of(0.5F, 3, 0, 16), false, true, true).step == 0.5F);
  // Padding stands for zero, which has to be in the range.
  CHECK(given_unit(clamp_of(0.5F, -300), false, true, true).middle == 0);
}

TEST_CASE("A file's integers are computed without calibration") {
  GraphBuilder b(test::seed());
  const int x = b.input({7, 1, 1});
  const graph::Clamp in = clamp_of(0.04F, 50), hidden = clamp_of(0.05F, 0),
                     out = clamp_of(0.1F, 160);
  const int h = b.dense(x, 9, hidden);
  make_integers(b.last(), b.random);
  const graph::Node first = b.last();
  const int y = b.dense(h, 5, out);
  make_integers(b.last(), b.random);
  const graph::Node second = b.last();
  graph::Graph graph = b.finish(y);
  graph.input_clamp.assign(7, in);
  graph.input_offset.assign(7, 0.25F);  // of a mean, before the clamp

  const Network network = quantise::quantise(graph, nullptr, 0, NumberSystem::kInt8);
  CHECK(network.tensors[static_cast<size_t>(network.input)].is_signed);
  CHECK(network.tensors[static_cast<size_t>(network.output)].scale[0] == out.step);
  int differing = 0;
  for (int n = 0; n < 200; ++n) {
    const std::vector<float> input = b.random.normals(7, 6);  // beyond both ends
    std::vector<int> integers;
    for (const float v : input) integers.push_back(integer(v + 0.25F, in));
    const std::vector<int> wanted =
        plain_dense(second, plain_dense(first, integers, in.step), hidden.step);
    const std::vector<float> got = Reference(network).infer(input.data(), 1);
    for (size_t o = 0; o < wanted.size(); ++o) {
      const double steps = static_cast<double>(got[o]) / static_cast<double>(out.step);
      CHECK(std::abs(steps - std::nearbyint(steps)) < 1e-3);  // an integer of the file
      CHECK(std::abs(steps - wanted[o]) < 3.5);
      differing += std::abs(steps - wanted[o]) > 0.5 ? 1 : 0;
    }
  }
  // Only sums in the middle of two integers may be rounded to the other one; outputs of hidden ones
  // that were move by a step or, seldom, more.
  CHECK(differing <= 50);
}

TEST_CASE("Values of few steps keep them, calibrated or not") {
  GraphBuilder b(test::seed());
  const int x = b.input({2, 6, 6});
  const int h = b.conv(x, 5, window(3, 1, 1), clamp_of(0.5F, 0, 0, 4));
  graph::Graph graph = b.finish(b.conv(h, 3, window(3, 1, 1), clamp_of(1, 8, 0, 16)));
  graph.input_clamp.assign(2, clamp_of(0.02F, 128));
  const std::vector<float> inputs = test::random_inputs(graph, 32, test::seed());
  const bool calibrated = GENERATE(true, false);
  const Network network = calibrated
                              ? quantise::quantise(graph, inputs.data(), 32, NumberSystem::kInt8)
                              : quantise::quantise(graph, nullptr, 0, NumberSystem::kInt8);
  const Tensor& hidden = network.tensors[static_cast<size_t>(network.layers[0].output)];
  CHECK_FALSE(hidden.is_signed);
  CHECK(hidden.scale == std::vector<float>(5, 0.5F));
  for (const ChannelPost& post : network.layers[0].regions[0].post) {
    CHECK(post.lo == 0);
    CHECK(post.hi == 3);
  }
  const Tensor& out = network.tensors[static_cast<size_t>(network.output)];
  CHECK(out.scale == std::vector<float>(3, 1.0F));
}

TEST_CASE("Networks of signs have the same signs in integers") {
  GraphBuilder b(test::seed());
  const graph::Clamp sign{0, 1, 1};
  const auto make_signs = [&](graph::Node& dense) {
    // Of inputs and weights that are 1 or -1, in 0 and 1: w (2 x - 1), steep, and a bias in
    // between.
    const size_t taps = dense.weights.size() / dense.bias.size();
    for (size_t o = 0; o < dense.bias.size(); ++o) {
      const float steep = 16384 * (0.01F + static_cast<float>(b.random.uniform()));
      const auto bias = static_cast<float>(b.random.integer(-9, 9)) * 0.3F;
      dense.bias[o] = bias * steep + 0.75F;
      for (size_t t = 0; t < taps; ++t) {
        float& w = dense.weights[o * taps + t];
        w = (b.random.chance(0.5) ? 2 : -2) * steep;
        dense.bias[o] -= w / 2;
      }
    }
  };
  const int x = b.input({31, 1, 1});
  const int h = b.dense(x, 40, sign);
  make_signs(b.last());
  const int y = b.dense(h, 20, sign);
  make_signs(b.last());
  graph::Graph graph = b.finish(y);
  graph.input_clamp.assign(31, sign);
  graph.input_scale.assign(31, 16384);
  graph.input_offset.assign(31, 0.75F);
  const std::vector<float> inputs = b.random.normals(31 * 100, 1);
  const bool calibrated = GENERATE(true, false);
  const Network network = calibrated
                              ? quantise::quantise(graph, inputs.data(), 100, NumberSystem::kInt8)
                              : quantise::quantise(graph, nullptr, 0, NumberSystem::kInt8);
  CHECK(network.input_least == 0);
  CHECK(network.input_most == 1);
  const std::vector<float> want = graph::execute(graph, inputs.data(), 100);
  std::vector<float> got = Reference(network).infer(inputs.data(), 100);
  for (float& v : got) v = std::nearbyint(v);
  CHECK(got == want);
}

TEST_CASE("An output without a range gets one from its layer's weights") {
  GraphBuilder b(test::seed());
  const int x = b.input({40, 1, 1});
  const int h = b.dense(x, 50, clamp_of(0.05F, 0));
  graph::Graph graph = b.finish(b.dense(h, 6));
  graph.input_clamp.assign(40, clamp_of(0.03F, 128));
  const Network network = quantise::quantise(graph, nullptr, 0, NumberSystem::kInt8);
  const std::vector<float> inputs = b.random.normals(40 * 64, 1);
  const std::vector<float> want = graph::execute(graph, inputs.data(), 64);
  CHECK(test::relative_distance(Reference(network).infer(inputs.data(), 64), want) < 0.1);
  // No output is at the end of its byte, nor do all stay around the middle.
  const auto range = 127 * static_cast<double>(network.tensors.back().scale[0]);
  double farthest = 0;
  for (size_t i = 0; i < want.size(); ++i) {
    farthest = std::max(farthest, std::abs(static_cast<double>(want[i]) -
                                           static_cast<double>(network.output_offset[i % 6])));
  }
  CHECK(farthest < range);
  CHECK(farthest > range / 20);
}

TEST_CASE("Where no range is given calibration is asked for, by the tensor's name") {
  GraphBuilder b(1);
  const int x = b.input({2, 4, 4});
  const int y = b.conv(x, 3, window(1, 1, 0), test::kRelu);
  graph::Graph graph = b.finish(y);
  const auto message = [&] {
    try {
      quantise::quantise(graph, nullptr, 0, NumberSystem::kInt8);
    } catch (const Error& e) {
      CHECK(e.kind() == ErrorKind::kUsage);
      return std::string(e.what());
    }
    return std::string("nothing was thrown");
  };
  CHECK(message().find("'" + graph.tensors[static_cast<size_t>(x)].name + "'") !=
        std::string::npos);
  graph.input_clamp.assign(2, clamp_of(0.1F, 0));
  CHECK(message().find("'" + graph.tensors[static_cast<size_t>(y)].name + "'") !=
        std::string::npos);
  graph.nodes.back().clamp.hi = 6;
  CHECK_NOTHROW(quantise::quantise(graph, nullptr, 0, NumberSystem::kQf8));
}
