// SPDX-License-Identifier: Apache-2.0
// A transposed network computes the transposed numbers.
#include <catch2/catch.hpp>

#include "compile/transpose.hpp"
#include "quantise/network_boundary.hpp"
#include "quantise/reference.hpp"
#include "random_network.hpp"

using namespace keyway;
using quantise::Network;

TEST_CASE("a transposed network gives the user the same numbers", "[compile]") {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    INFO("seed " << seed);
    const Network network = test::random_network(seed);
    const Network turned = compile::transposed(network);
    const Shape& in = network.tensors[static_cast<size_t>(network.input)].shape;
    const Shape& across = turned.tensors[static_cast<size_t>(turned.input)].shape;
    CHECK(across == Shape{in.channels, in.width, in.height});
    std::mt19937 random(static_cast<uint32_t>(seed));
    std::vector<float> input(static_cast<size_t>(in.elements()));
    for (float& v : input) v = static_cast<float>(static_cast<int>(random() % 400) - 150);
    CHECK(quantise::Reference(turned).infer(input.data(), 1) ==
          quantise::Reference(network).infer(input.data(), 1));
  }
}
