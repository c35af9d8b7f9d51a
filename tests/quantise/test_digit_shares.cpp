// SPDX-License-Identifier: Apache-2.0
// Who gets digits: groups as MULTIPLY's schedule has them, and shares by what they are worth.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <random>
#include <vector>

#include "quantise/digit_shares.hpp"

using namespace keyway;
using quantise::DigitGroups;

namespace {

graph::Window square(int64_t kernel) {
  graph::Window window;
  window.kernel_h = window.kernel_w = kernel;
  return window;
}

double mean_digits(const std::vector<uint8_t>& digits, const std::vector<double>& cycles) {
  double sum = 0, all = 0;
  for (size_t g = 0; g < digits.size(); ++g) {
    sum += digits[g] * cycles[g];
    all += cycles[g];
  }
  return sum / all;
}

}  // namespace

TEST_CASE("groups are the tiles of an entry") {
  // 32 inputs and 3 x 3 taps on 16 x 16: 18 tiles of each of two output blocks, an entry each.
  const DigitGroups groups =
      quantise::digit_groups({32, 8, 8}, {20, 8, 8}, square(3), true, {16, 16});
  REQUIRE(groups.cycles.size() == 2 * 18);
  for (const double cycles : groups.cycles) CHECK(cycles == 64);
  const auto group = [&](int64_t o, int64_t i, int64_t tap) {
    return groups.of_weight[static_cast<size_t>((o * 32 + i) * 9 + tap)];
  };
  CHECK(group(0, 0, 0) == 0);
  CHECK(group(15, 15, 0) == 0);
  CHECK(group(0, 16, 0) == 1);
  CHECK(group(0, 0, 1) == 2);
  CHECK(group(16, 0, 0) == 18);
  // 64 inputs: 36 tiles, two an entry.
  const DigitGroups shared =
      quantise::digit_groups({64, 8, 8}, {16, 8, 8}, square(3), true, {16, 16});
  REQUIRE(shared.cycles.size() == 18);
  CHECK(shared.cycles[0] == 2 * 64);
  CHECK(shared.of_weight[0] == shared.of_weight[16 * 9]);
  CHECK(shared.of_weight[0] != shared.of_weight[32 * 9]);
}

TEST_CASE("few inputs are gathered from several taps, and one group") {
  const DigitGroups groups =
      quantise::digit_groups({3, 9, 9}, {24, 9, 9}, square(3), true, {16, 16});
  REQUIRE(groups.cycles.size() == 2);
  CHECK(groups.cycles[0] == 2 * 81);  // 27 taps
  const DigitGroups depthwise =
      quantise::digit_groups({24, 9, 9}, {24, 9, 9}, square(3), false, {16, 16});
  CHECK(depthwise.cycles.size() == 2);
}

TEST_CASE("digits are shared out within the mean, where they are worth most") {
  std::mt19937_64 random(4);
  std::vector<arith::DigitErrors> errors;
  std::vector<double> cycles;
  for (int g = 0; g < 200; ++g) {
    double error = std::exp2(static_cast<double>(random() % 20));
    arith::DigitErrors of_group{};
    for (double& e : of_group) {
      e = error;
      error /= 16;
    }
    errors.push_back(of_group);
    cycles.push_back(static_cast<double>(1 + random() % 50));
  }
  for (const double mean : {1.0, 1.7, 2.2, 3.1, 4.0}) {
    const std::vector<uint8_t> digits = quantise::share_digits(errors, cycles, mean);
    INFO("mean " << mean);
    CHECK(mean_digits(digits, cycles) <= mean);
    CHECK(mean_digits(digits, cycles) > mean - 0.1);
    for (size_t g = 0; g < digits.size(); ++g) {
      for (size_t h = 0; h < digits.size(); ++h) {
        if (errors[g][0] / cycles[g] > errors[h][0] / cycles[h]) REQUIRE(digits[g] >= digits[h]);
      }
    }
  }
}
