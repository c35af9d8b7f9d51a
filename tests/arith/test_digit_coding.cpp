// SPDX-License-Identifier: Apache-2.0
// Codes of few digits: what is left of them, and what feeding errors back is worth.
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "arith/digit_coding.hpp"
#include "arith/ds8.hpp"
#include "arith/ladder.hpp"
#include "arith/refine.hpp"

using namespace keyway::arith;

namespace {

/// Roughly normal weights; activations that have a mean and a few common causes.
WeightProblem random_problem(int64_t channels, int64_t taps, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  WeightProblem problem;
  problem.channels = channels;
  problem.taps = taps;
  for (int64_t i = 0; i < channels * taps; ++i) problem.weights.push_back(normal(random));
  constexpr int kCauses = 6;
  const auto n = static_cast<size_t>(taps);
  std::vector<std::vector<double>> cause(n, std::vector<double>(kCauses));
  for (auto& of_tap : cause) {
    for (double& c : of_tap) c = 10 * normal(random);
  }
  problem.gram.resize(n * n);
  problem.tap_importance.resize(n);
  for (size_t a = 0; a < n; ++a) {
    for (size_t b = 0; b < n; ++b) {
      double sum = a == b ? 100 : 0;
      for (int c = 0; c < kCauses; ++c)
        sum += cause[a][static_cast<size_t>(c)] * cause[b][static_cast<size_t>(c)];
      problem.gram[a * n + b] = static_cast<float>(sum);
    }
    problem.tap_importance[a] = static_cast<double>(problem.gram[a * n + a]);
  }
  return problem;
}

double output_error(const WeightProblem& problem, const Coding& coding) {
  return OutputError(problem, coding).total();
}

}  // namespace

TEST_CASE("weights have no more digits than the problem says") {
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    WeightProblem problem = random_problem(9, 60, seed);
    std::mt19937_64 random(seed);
    for (size_t i = 0; i < problem.weights.size(); ++i) {
      problem.digits.push_back(static_cast<uint8_t>(1 + random() % 4));
    }
    for (const bool has_gram : {true, false}) {
      if (!has_gram) problem.gram.clear();
      const Coding coding = ds8::encode(problem);
      for (size_t i = 0; i < coding.codes.size(); ++i) {
        REQUIRE(digits_of(coding.codes[i]) <= problem.digits[i]);
      }
    }
  }
}

TEST_CASE("errors that are fed back cancel most of each other") {
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    WeightProblem problem = random_problem(16, 144, seed);
    problem.digits.assign(problem.weights.size(), 2);
    INFO("seed " << seed);
    const double fed_back = output_error(problem, ds8::encode(problem));
    WeightProblem blind = problem;
    blind.gram.clear();
    const double nearest = output_error(problem, ds8::encode(blind));
    CHECK(fed_back < 0.3 * nearest);
  }
}

TEST_CASE("a channel whose weights reach further on one side has its step that way round") {
  for (const double side : {1.0, -1.0}) {
    WeightProblem problem = random_problem(1, 200, 5);
    problem.gram.clear();
    for (double& w : problem.weights) w = side * std::exp(w);
    problem.digits.assign(problem.weights.size(), 2);
    const Coding coding = ds8::encode(problem);
    CHECK(coding.step[0] * side < 0);  // the operands' long side is the negative one
    CHECK(relative_error(problem, coding) < 0.05);
  }
}

TEST_CASE("each digit lessens the error of rounding by about sixteen") {
  const WeightProblem problem = random_problem(8, 100, 9);
  const std::vector<uint32_t> group(problem.weights.size(), 0);
  const std::vector<DigitErrors> errors = digit_errors(problem, ds8::operand, group, 1);
  for (size_t k = 2; k < errors[0].size(); ++k) {
    CHECK(errors[0][k] < errors[0][k - 1] / 8);
    CHECK(errors[0][k] > errors[0][k - 1] / 32);
  }
}
