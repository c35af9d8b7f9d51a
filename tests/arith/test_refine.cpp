// SPDX-License-Identifier: Apache-2.0
// Codings under the error that arrives at the outputs: cases whose best coding is known, and optima
// that no single move betters.
#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "arith/coding.hpp"
#include "arith/int8.hpp"
#include "arith/mit8.hpp"
#include "arith/number_system.hpp"
#include "arith/qf8.hpp"
#include "arith/refine.hpp"

using namespace keyway::arith;

namespace {

double uniform(std::mt19937_64& random) {
  return static_cast<double>(random() >> 11) * 0x1p-52 - 1.0;
}

/// Taps that share a common part of their activations, with covariance `shared` (own part: one).
WeightProblem correlated(int64_t channels, int64_t taps, double shared, uint64_t seed) {
  std::mt19937_64 random(seed);
  WeightProblem problem;
  problem.channels = channels;
  problem.taps = taps;
  for (int64_t i = 0; i < channels * taps; ++i) problem.weights.push_back(uniform(random));
  problem.tap_importance.assign(static_cast<size_t>(taps), shared + 1);
  for (int64_t a = 0; a < taps; ++a) {
    for (int64_t b = 0; b < taps; ++b) {
      problem.gram.push_back(static_cast<float>(shared + (a == b ? 1 : 0)));
    }
  }
  return problem;
}

}  // namespace

TEST_CASE("errors of taps that always move together cancel") {
  // Two taps of 0.5 steps each, a third that fixes the step: rounded alone, both go the same way;
  // together one goes up and one down, and only the taps' own parts are left.
  WeightProblem problem = correlated(1, 3, 1000, 1);
  problem.weights = {127, 10.5, 20.5};
  problem.least_step = {1};
  const Coding coding = int8::encode(problem);
  CHECK(coding.step[0] == Approx(1).epsilon(1e-3));
  CHECK(OutputError(problem, coding).total() == Approx(0.5).epsilon(0.05));
}

TEST_CASE("int8 ends where no code can move by one") {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    const WeightProblem problem = correlated(3, 40, 5, seed);
    const Coding coding = int8::encode(problem);
    const OutputError error(problem, coding);
    INFO("seed " << seed);
    // Steps are fitted last, so a move may still gain very little.
    const double little = 2e-3 * error.total();
    for (size_t c = 0; c < 3; ++c) {
      for (size_t t = 0; t < 40; ++t) {
        for (const int x : {-1, 1}) REQUIRE(error.change(c, t, x * coding.step[c]) > -little);
      }
    }
    // Rounding to nearest is far worse when errors add up.
    WeightProblem alone = problem;
    alone.gram.clear();
    CHECK(error.total() < 0.7 * OutputError(problem, int8::encode(alone)).total());
  }
}

TEST_CASE("channels with activations of their own are coded as though alone") {
  for (const NumberSystemInfo& system : number_systems()) {
    if (system.equally_likely) continue;  // channels share a table
    constexpr size_t kTaps = 9;
    WeightProblem all = correlated(4, kTaps, 5, 3);
    all.tap_importance.clear();
    all.gram.clear();
    std::vector<WeightProblem> alone;
    for (size_t c = 0; c < 4; ++c) {
      alone.push_back(correlated(1, kTaps, std::pow(10.0, static_cast<double>(c)), 3));
      alone[c].tap_importance.clear();
      alone[c].weights.assign(all.weights.begin() + static_cast<std::ptrdiff_t>(c * kTaps),
                              all.weights.begin() + static_cast<std::ptrdiff_t>((c + 1) * kTaps));
      all.gram.insert(all.gram.end(), alone[c].gram.begin(), alone[c].gram.end());
    }
    const Coding coding = system.encode(all);
    double sum = 0;
    INFO(system.name);
    for (size_t c = 0; c < 4; ++c) {
      const Coding own = system.encode(alone[c]);
      sum += OutputError(alone[c], own).total();
      WeightProblem blind = alone[c];
      blind.gram.clear();
      CHECK(OutputError(alone[c], own).total() <=
            OutputError(alone[c], system.encode(blind)).total());
    }
    // Rounds end for all channels at once, so single codes may differ.
    CHECK(OutputError(all, coding).total() < 1.1 * sum + 1e-12);
  }
}

TEST_CASE("codes are chosen for the products that they give") {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    constexpr int64_t kChannels = 6, kTaps = 36, kColumns = 600;
    WeightProblem problem = correlated(kChannels, kTaps, 3, seed);
    problem.gram.clear();
    problem.tap_importance.clear();
    std::mt19937_64 random(seed);
    std::array<uint8_t, 64> bytes{};
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
    problem.table = mit8::secret_corrections(bytes);
    std::vector<double> common;
    for (int64_t n = 0; n < kColumns; ++n) common.push_back(110 * (uniform(random) + 1));
    std::vector<int16_t> columns;
    for (int64_t t = 0; t < kTaps; ++t) {
      double square = 0;
      for (const double c : common) {
        columns.push_back(static_cast<int16_t>(c + 15 * (uniform(random) + 1)));
        square += static_cast<double>(columns.back()) * columns.back() / kColumns;
      }
      problem.tap_importance.push_back(square);
    }
    // Mean square of the outputs' deviations from their mean.
    const auto deviation = [&](const Coding& coding) {
      double all = 0;
      for (size_t c = 0; c < kChannels; ++c) {
        double sum = 0, square = 0;
        for (size_t n = 0; n < kColumns; ++n) {
          double off = 0;
          for (size_t t = 0; t < kTaps; ++t) {
            const int16_t x = columns[t * kColumns + n];
            off += coding.step[c] * mit8::product(coding.codes[c * kTaps + t], x, problem.table) -
                   problem.weights[c * kTaps + t] * x;
          }
          sum += off / kColumns;
          square += off * off / kColumns;
        }
        all += square - sum * sum;
      }
      return all;
    };
    const double alone = deviation(mit8::encode(problem));
    problem.columns = columns;
    INFO("seed " << seed);
    CHECK(deviation(mit8::encode(problem)) < 0.8 * alone);
  }
}

TEST_CASE("quantile codes gain by exchanges, and keep their counts") {
  for (const NumberSystemInfo& system : number_systems()) {
    if (!system.equally_likely) continue;
    for (uint64_t seed = 1; seed <= 5; ++seed) {
      const WeightProblem problem = correlated(8, 96, 5, seed);
      WeightProblem alone = problem;
      alone.gram.clear();
      const Coding coding = system.encode(problem);
      INFO(system.name << ", seed " << seed);
      CHECK(OutputError(problem, coding).total() <
            0.7 * OutputError(problem, system.encode(alone)).total());
      std::array<uint32_t, 256> counts{};
      for (const uint8_t code : coding.codes) ++counts[code];
      for (size_t k = 0; k < system.codes(); ++k) REQUIRE(counts[k] * system.codes() == 8 * 96);
    }
  }
}

TEST_CASE("large tensors are coded as well as small ones") {
  // Weights times taps just below 1e8 and just above, where a move must be worth its time. The
  // smaller one's channels are the larger one's first.
  for (const double shared : {5.0, 0.05}) {
    INFO("covariance " << shared);
    const WeightProblem small = correlated(240, 640, shared, 1);
    const WeightProblem large = correlated(250, 640, shared, 1);
    const Coding coding = qf8::encode(large);
    CHECK(OutputError(large, coding).total() / 250 <
          1.02 * OutputError(small, qf8::encode(small)).total() / 240);
    std::array<size_t, 256> counts{};
    for (const uint8_t code : coding.codes) ++counts[code];
    for (const size_t n : counts) REQUIRE(n == 250 * 640 / 256);
    const Coding again = qf8::encode(large);
    CHECK(again.codes == coding.codes);
    CHECK(again.operands == coding.operands);
    CHECK(again.step == coding.step);
  }
}

TEST_CASE("a gradient of floats stays with the true one through moves and refits") {
  const WeightProblem problem = correlated(4, 600, 5, 3);
  WeightProblem alone = problem;
  alone.gram.clear();
  Coding coding = qf8::encode(alone);
  OutputErrorIn<float> error(problem, coding);
  std::mt19937_64 random(4);
  for (int i = 0; i < 2000; ++i) {
    const size_t c = random() % 4, t = random() % 600;
    uint8_t& code = coding.codes[c * 600 + t];
    const auto to = static_cast<uint8_t>(random());
    error.move(c, t, coding.step[c] * (coding.operands[to] - coding.operands[code]));
    code = to;
  }
  CHECK(error.total() == Approx(OutputError(problem, coding).total()).epsilon(1e-4));
  // Two steps to where the parabola is lowest, the first beyond it.
  for (const double stride : {1.9, 1.0}) {
    const double before = error.total();
    error.refit_steps(coding, stride);
    CHECK(error.total() < before);
    CHECK(error.total() == Approx(OutputError(problem, coding).total()).epsilon(1e-4));
  }
  const double lowest = OutputError(problem, coding).total();
  for (const double factor : {0.999, 1.001}) {
    Coding other = coding;
    for (double& step : other.step) step *= factor;
    CHECK(OutputError(problem, other).total() > lowest);
  }
}
