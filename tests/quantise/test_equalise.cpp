// SPDX-License-Identifier: Apache-2.0
// Scales that suit coarse weights: what the header's formula says of a layer whose channels differ.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <random>
#include <vector>

#include "quantise/equalise.hpp"

using namespace keyway;
using namespace keyway::quantise;

namespace {

constexpr size_t kChannels = 16, kOutputs = 8;

/// A dense layer; its input channels' weights fall by 1.3 from one to the next.
FloatLayer uneven(std::mt19937_64& random) {
  std::normal_distribution<float> normal;
  FloatLayer layer;
  layer.bias.assign(kOutputs, 0.0F);
  for (size_t o = 0; o < kOutputs; ++o) {
    for (size_t c = 0; c < kChannels; ++c)
      layer.weights.push_back(normal(random) * std::pow(1.3F, -static_cast<float>(c)));
  }
  return layer;
}

/// The header's E for these factors.
double error(const FloatLayer& layer, const std::vector<double>& squares,
             const std::vector<double>& factors) {
  double activations = 0, weights = 0;
  for (size_t c = 0; c < kChannels; ++c) {
    activations += squares[c] / (factors[c] * factors[c]);
    for (size_t o = 0; o < kOutputs; ++o) {
      const double w = factors[c] * static_cast<double>(layer.weights[o * kChannels + c]);
      weights += w * w;
    }
  }
  return activations * weights;
}

}  // namespace

TEST_CASE("channels of small weights get coarser scales, which lessens the error") {
  std::mt19937_64 random(7);
  const FloatLayer layer = uneven(random);
  const Tensor tensor{"x", {kChannels, 4, 4}, false, std::vector<float>(kChannels, 1.0F)};
  const std::vector<double> squares(kChannels, 400.0), ones(kChannels, 1.0);
  const std::vector<double> factors = coarser_scales(tensor, squares, {&layer}, 3);
  CHECK(*std::min_element(factors.begin(), factors.end()) == Approx(1));
  CHECK(*std::max_element(factors.begin(), factors.end()) == Approx(3));
  CHECK(factors.back() > 2 * factors.front());
  CHECK(error(layer, squares, factors) < 0.7 * error(layer, squares, ones));
}

TEST_CASE("scales stay where no dense layer reads, and where channels do not differ") {
  std::mt19937_64 random(7);
  FloatLayer layer = uneven(random);
  Tensor tensor{"x", {kChannels, 4, 4}, false, std::vector<float>(kChannels, 1.0F)};
  const std::vector<double> squares(kChannels, 400.0);
  // A scale that evens the weights already.
  for (size_t c = 0; c < kChannels; ++c) {
    double power = 0;
    for (size_t o = 0; o < kOutputs; ++o) {
      float& w = layer.weights[o * kChannels + c];
      w = std::copysign(std::pow(1.3F, -static_cast<float>(c)), w);
      power += static_cast<double>(w) * static_cast<double>(w);
    }
    tensor.scale[c] = static_cast<float>(1 / std::sqrt(power));
  }
  for (const double f : coarser_scales(tensor, squares, {&layer}, 3)) CHECK(f == Approx(1));
  layer.kind = LayerKind::kMax;
  tensor.scale.assign(kChannels, 1.0F);
  for (const double f : coarser_scales(tensor, squares, {&layer}, 3)) CHECK(f == 1);
  CHECK(coarser_scales(tensor, squares, {}, 3) == std::vector<double>(kChannels, 1.0));
}
