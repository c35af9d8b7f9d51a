// SPDX-License-Identifier: Apache-2.0
// Arrays that take a digit a pass: cycles are those of the digits together, and nothing that can be
// seen from outside depends on which tile has how many.
#include <algorithm>
#include <catch2/catch.hpp>
#include <numeric>
#include <random>
#include <vector>

#include "common.hpp"
#include "program/array_kind.hpp"

namespace keyway::test {

namespace {

bool takes_digits() { return program::find_array_kind(dut_shape().array_kind)->digit_passes; }

int64_t packed(const std::vector<int>& digits) {
  int64_t schedule = 0;
  for (size_t t = 0; t < digits.size(); ++t) schedule |= int64_t{digits[t] - 1} << (2 * t);
  return schedule;
}

struct Layers {
  const char* name;
  int kernel, side, blocks;  ///< of the input; blocks of channels
  bool residual;
};

/// Two layers of the same schedule, the second on the first's output.
RunResult run(const Layers& layers, const std::vector<int>& digits, uint64_t seed,
              const Stalls& stalls) {
  Scenario s(dut_shape(), seed);
  const Tensor in = s.input(layers.side, layers.side, layers.blocks, true);
  LayerSpec spec;
  spec.number_system = static_cast<int>(contract::NumberSystem::kDs8);
  spec.kernel_h = spec.kernel_w = layers.kernel;
  spec.pad_top = spec.pad_left = layers.kernel / 2;
  spec.height = spec.width = layers.side;
  spec.output_blocks = layers.blocks / s.shape().lane_words();
  spec.schedule = packed(digits);
  const Tensor middle = s.layer(in, spec);
  if (layers.residual) spec.residual = in;
  s.store(s.layer(middle, spec));
  return check(s, stalls, seed);
}

}  // namespace

TEST_CASE("a tile of k digits takes k passes") {
  if (!takes_digits()) return;
  std::mt19937_64 random(3);
  for (int turn = 0; turn < 10; ++turn) {
    std::vector<int> digits(9 * 2);
    for (int& d : digits) d = 1 + static_cast<int>(random() % 4);
    const RunResult result = run({"", 3, 8, 2, false}, digits, 1, {});
    const int sum = std::accumulate(digits.begin(), digits.end(), 0);
    // Two layers of two output blocks over 64 pixels.
    CHECK(result.events[0] == static_cast<uint64_t>(2 * 2 * 64 * sum));
  }
}

TEST_CASE("nothing but the sum of digits shows in cycles and events") {
  if (!takes_digits()) return;
  for (const Layers& layers :
       {Layers{"many pixels", 3, 6, 2, true}, Layers{"some pixels", 3, 4, 2, true},
        Layers{"one pixel", 1, 1, 24, false}, Layers{"one pixel and a residual", 1, 1, 24, true},
        Layers{"four pixels and a residual", 3, 2, 2, true}}) {
    std::vector<int> digits(static_cast<size_t>(layers.kernel * layers.kernel * layers.blocks));
    for (size_t t = 0; t < digits.size(); ++t) digits[t] = 1 + static_cast<int>(t % 4);
    std::mt19937_64 random(11);
    for (uint64_t seed = 1; seed <= 8; ++seed) {  // tensors in other banks
      const RunResult first = run(layers, digits, seed, {});
      for (int turn = 0; turn < 25; ++turn) {
        std::shuffle(digits.begin(), digits.end(), random);
        const RunResult other = run(layers, digits, seed, {});
        INFO(layers.name << ", seed " << seed << ", turn " << turn);
        REQUIRE(other.events == first.events);
        REQUIRE(other.cycles == first.cycles);
      }
    }
  }
}

}  // namespace keyway::test
