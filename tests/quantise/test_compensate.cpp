// SPDX-License-Identifier: Apache-2.0
// Layers that make up for the layers before them: the least squares, and the sums that they aim at.
#include <catch2/catch.hpp>
#include <random>
#include <vector>

#include "graphs.hpp"
#include "quantise/calibrate.hpp"
#include "quantise/calibration_run.hpp"
#include "quantise/compensate.hpp"

using namespace keyway;
using namespace keyway::quantise;
using keyway::test::GraphBuilder;
using keyway::test::kRelu;
using keyway::test::window;

TEST_CASE("weights move to what gives the float outputs on other inputs") {
  constexpr size_t kTaps = 12, kChannels = 5, kColumns = 2000;
  std::mt19937_64 random(11);
  std::normal_distribution<float> normal;
  std::vector<double> weights(kChannels * kTaps);
  for (double& w : weights) w = static_cast<double>(normal(random));
  // Each tap's value is lessened by half of the next one's, as though an earlier layer did it.
  std::vector<float> columns(kTaps * kColumns), before(columns), gram(kTaps * kTaps, 0.0F);
  for (float& v : before) v = 20 * normal(random);
  for (size_t t = 0; t < kTaps; ++t) {
    for (size_t n = 0; n < kColumns; ++n) {
      columns[t * kColumns + n] =
          before[t * kColumns + n] - 0.5F * before[(t + 1) % kTaps * kColumns + n];
    }
  }
  for (size_t a = 0; a < kTaps; ++a) {
    for (size_t b = 0; b < kTaps; ++b) {
      for (size_t n = 0; n < kColumns; ++n) {
        gram[a * kTaps + b] += columns[a * kColumns + n] * columns[b * kColumns + n] / kColumns;
      }
    }
  }
  std::vector<float> goal(kChannels * kColumns, 0.0F);
  const auto add_outputs = [&](const std::vector<float>& inputs, double sign) {
    for (size_t c = 0; c < kChannels; ++c) {
      for (size_t n = 0; n < kColumns; ++n) {
        double sum = 0;
        for (size_t t = 0; t < kTaps; ++t)
          sum += weights[c * kTaps + t] * static_cast<double>(inputs[t * kColumns + n]);
        goal[c * kColumns + n] += static_cast<float>(sign * sum);
      }
    }
  };
  const auto power = [&] {
    double sum = 0;
    for (const float v : goal) sum += static_cast<double>(v) * static_cast<double>(v);
    return sum;
  };
  add_outputs(before, 1);
  const std::vector<float> wanted = goal;
  add_outputs(columns, -1);
  const double missing = power();
  goal = wanted;
  compensate({kChannels, kTaps, columns, gram.data()}, goal.data(), weights.data());
  add_outputs(columns, -1);
  CHECK(power() < 0.01 * missing);
}

TEST_CASE("wanted sums are those of the float network") {
  GraphBuilder b(5);
  const int x = b.input({6, 7, 7});
  const int y = b.conv(x, 6, window(3, 1, 1), kRelu);
  const int z = b.depthwise(y, window(3, 1, 1), kRelu);
  const int sum = b.add(b.conv(z, 6, window(1, 1, 0)), y);  // no clamp: sums can be told from it
  const graph::Graph g = b.finish(sum);
  const FloatNetwork lowered = lower(g);
  constexpr int64_t kImages = 40;
  const auto inputs = test::random_inputs(g, kImages, 3);
  WantedSums wanted(g, lowered, kImages, [](const FloatLayer&) { return true; });
  std::vector<float> outputs;
  calibrate(g, inputs.data(), kImages, 2, {},
            [&](int tensor, const float* data, int64_t first, int64_t count) {
              wanted.see(tensor, data, first, count);
              if (tensor == g.output)
                outputs.insert(outputs.end(), data, data + count * int64_t{6} * 49);
            });
  const FloatLayer& last = lowered.layers.back();
  REQUIRE(last.has_residual);
  const std::vector<float>& sums = wanted.of_layer(lowered.layers.size() - 1);
  const std::vector<Position> positions = sampled_positions(kImages, {6, 7, 7});
  REQUIRE(sums.size() == 6 * positions.size());
  for (size_t c = 0; c < 6; ++c) {
    for (size_t n = 0; n < positions.size(); ++n) {
      const Position& at = positions[n];
      const auto element =
          static_cast<size_t>(((at.image * 6 + static_cast<int64_t>(c)) * 7 + at.y) * 7 + at.x);
      REQUIRE(sums[c * positions.size() + n] + last.bias[c] ==
              Approx(outputs[element]).margin(1e-4));
    }
  }
  const FloatLayer& depthwise = lowered.layers[1];
  REQUIRE(depthwise.kind == LayerKind::kDepthwise);
  CHECK(wanted.of_layer(1).size() == sums.size());
  // Past the limit of what is kept there is nothing.
  CHECK(
      WantedSums(g, lowered, kImages, [](const FloatLayer&) { return false; }).of_layer(0).empty());
}
