// SPDX-License-Identifier: Apache-2.0
// What codes decode to (exactness), how codes are chosen (statistics, error), and the list of
// systems.
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <random>
#include <set>

#include "arith/coding.hpp"
#include "arith/int8.hpp"
#include "arith/number_system.hpp"
#include "arith/qf8.hpp"
#include "common/error.hpp"

using namespace keyway::arith;

namespace {

/// Uniform in (-1, 1), the same on every platform.
double uniform(std::mt19937_64& random) {
  return static_cast<double>(random() >> 11) * 0x1p-52 - 1.0;
}

/// Roughly normal, by the sum of twelve.
double normal(std::mt19937_64& random) {
  double sum = 0;
  for (int i = 0; i < 12; ++i) sum += uniform(random);
  return sum / 2;
}

WeightProblem random_problem(int64_t channels, int64_t taps, uint64_t seed) {
  std::mt19937_64 random(seed);
  WeightProblem problem;
  problem.channels = channels;
  problem.taps = taps;
  problem.seed = seed;
  for (int64_t c = 0; c < channels; ++c) {
    const double size = std::exp(2 * uniform(random));
    for (int64_t t = 0; t < taps; ++t) problem.weights.push_back(size * normal(random));
  }
  return problem;
}

std::array<int, 256> histogram(const Coding& coding) {
  std::array<int, 256> counts{};
  for (const uint8_t code : coding.codes) ++counts[code];
  return counts;
}

int spread(const Coding& coding) {
  const auto counts = histogram(coding);
  return *std::max_element(counts.begin(), counts.end()) -
         *std::min_element(counts.begin(), counts.end());
}

int largest_entry(const Coding& coding) {
  int most = 0;
  for (const int16_t entry : coding.table) most = std::max(most, std::abs(int{entry}));
  return most;
}

}  // namespace

TEST_CASE("names of number systems") {
  for (const NumberSystemInfo& entry : number_systems()) {
    CHECK(number_system_from_name(entry.name) == entry.system);
    CHECK(&info(entry.system) == &entry);
  }
  try {
    number_system_from_name("int9");
    FAIL("int9 was accepted");
  } catch (const keyway::Error& e) {
    CHECK(e.kind() == keyway::ErrorKind::kUsage);
    CHECK(std::string(e.what()).find("int9") != std::string::npos);
    CHECK(std::string(e.what()).find("qf8") != std::string::npos);
  }
}

TEST_CASE("decoders give the value that the encoding defines") {
  Table table{};
  for (int base = kOperandMin; base <= kOperandMax; base += 256) {
    for (int k = 0; k < 256; ++k) table[static_cast<size_t>(k)] = static_cast<int16_t>(base + k);
    for (int code = 0; code < 256; ++code) {
      const auto c = static_cast<uint8_t>(code);
      for (const NumberSystemInfo& system : number_systems()) {
        INFO(system.name << ", code " << code);
        const int operand = system.operand(c, table);
        REQUIRE(operand == system.exact_value(c, table));
        REQUIRE((operand >= kOperandMin && operand <= kOperandMax));
      }
      REQUIRE(qf8::operand(c, table) == base + code);
    }
  }
}

TEST_CASE("systems with a table have one for any operands, the others need none") {
  std::mt19937_64 random(5);
  for (const NumberSystemInfo& system : number_systems()) {
    INFO(system.name);
    REQUIRE(system.has_table == (system.tabulate != nullptr));
    if (system.has_table) {
      Operands wanted{};
      for (int16_t& operand : wanted) {
        operand = static_cast<int16_t>(static_cast<int>(random() % 4096) + kOperandMin);
      }
      CHECK(system.operands(system.tabulate(wanted)) == wanted);
    } else {
      Table full{};
      full.fill(-1);
      CHECK(system.operands(Table{}) == system.operands(full));
    }
  }
}

TEST_CASE("a decoder sees only the 12 bits that the decode memory holds") {
  Table table{};
  table[5] = static_cast<int16_t>(0x7fff);
  CHECK(qf8::operand(5, table) == -1);
  table[5] = static_cast<int16_t>(0xf7ff);
  CHECK(qf8::operand(5, table) == 2047);
}

TEST_CASE("int8 rounds to nearest and clamps only where that pays") {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const WeightProblem problem = random_problem(7, 50, seed);
    const Coding coding = int8::encode(problem);
    INFO("seed " << seed);
    CHECK(relative_error(problem, coding) < 2e-4);
    for (size_t i = 0; i < problem.weights.size(); ++i) {
      const double step = coding.step[i / 50];
      const double off =
          std::abs(problem.weights[i] - step * int8::exact_value(coding.codes[i], {}));
      if (std::abs(problem.weights[i]) < 127 * step) REQUIRE(off <= 0.5000001 * step);
      REQUIRE(coding.codes[i] != 0x80);
    }
  }
}

TEST_CASE("qf8 codes are equally likely, whatever the weights") {
  for (const auto& [channels, taps] : std::vector<std::pair<int64_t, int64_t>>{
           {16, 16}, {1, 257}, {16, 144}, {10, 64}, {3, 1000}, {64, 9}, {37, 41}}) {
    WeightProblem problem = random_problem(channels, taps, 7);
    CHECK(spread(qf8::encode(problem)) <= 1);
    // Half of the weights equal zero, a whole channel too; then all the same number; then all zero.
    for (size_t i = 0; i < problem.weights.size(); i += 2) problem.weights[i] = 0;
    for (int64_t t = 0; t < taps; ++t) problem.weights[static_cast<size_t>(t)] = 0;
    CHECK(spread(qf8::encode(problem)) <= 1);
    for (double& w : problem.weights) w = 0.25;
    const Coding same = qf8::encode(problem);
    CHECK(spread(same) <= 1);
    CHECK(relative_error(problem, same) < 1e-6);
    for (double& w : problem.weights) w = 0;
    const Coding zero = qf8::encode(problem);
    CHECK(spread(zero) <= 1);
    for (const int16_t entry : zero.table) REQUIRE(entry == 0);
  }
}

TEST_CASE("a tensor of which the free fit sees a part is coded as well as a small one") {
  const WeightProblem small = random_problem(32, 512, 5), large = random_problem(512, 1024, 6);
  const Coding coding = qf8::encode(large);
  CHECK(spread(coding) <= 1);
  CHECK(relative_error(large, coding) < 1.1 * relative_error(small, qf8::encode(small)));
}

TEST_CASE("equal weights spread over the codes of their buckets without order") {
  WeightProblem problem = random_problem(16, 64, 3);
  for (double& w : problem.weights) w = 1.0;
  const Coding a = qf8::encode(problem);
  // Neighbours would share a code if ties were broken by position.
  int neighbours = 0;
  for (size_t i = 1; i < a.codes.size(); ++i)
    neighbours += std::abs(a.codes[i] - a.codes[i - 1]) <= 1;
  CHECK(neighbours < 40);
  problem.seed = 4;
  CHECK(qf8::encode(problem).codes != a.codes);
  problem.seed = 3;
  CHECK(qf8::encode(problem).codes == a.codes);
}

TEST_CASE("fewer weights than codes: distinct codes at random, a table that does not tell which") {
  for (const int64_t count : {1, 2, 9, 100, 255}) {
    WeightProblem problem = random_problem(1, count, static_cast<uint64_t>(count));
    const Coding coding = qf8::encode(problem);
    const std::set<uint8_t> used(coding.codes.begin(), coding.codes.end());
    CHECK(static_cast<int64_t>(used.size()) == count);
    CHECK(relative_error(problem, coding) < 1e-6);
    for (size_t k = 1; k < 256; ++k) REQUIRE(coding.table[k] >= coding.table[k - 1]);
    problem.seed += 1000;
    const Coding other = qf8::encode(problem);
    if (count < 250) CHECK(std::set<uint8_t>(other.codes.begin(), other.codes.end()) != used);
  }
}

TEST_CASE("int8 finds the step of weights that were integers") {
  std::mt19937_64 random(5);
  WeightProblem problem;
  problem.channels = 40;
  problem.taps = 30;
  std::vector<int> integers;
  for (int c = 0; c < 40; ++c) {
    for (int t = 0; t < 30; ++t) {
      // The largest magnitude: of a byte, or of fewer bits.
      const int most = 127 >> (c % 5);
      integers.push_back(
          t == 0 ? -most : static_cast<int>(random() % (2 * static_cast<unsigned>(most))) - most);
      problem.weights.push_back(integers.back() * 0.0137 * (c + 1));
    }
  }
  const Coding coding = int8::encode(problem);
  CHECK(relative_error(problem, coding) < 1e-20);
}

TEST_CASE("qf8 entries are bucket means, rounded, and use the operand's range") {
  const WeightProblem problem = random_problem(16, 288, 11);
  const Coding coding = qf8::encode(problem);
  CHECK(largest_entry(coding) > 1900);
  CHECK(relative_error(problem, coding) < 2e-3);
  // No entry can be moved far and lessen the tensor's error (a little, because steps are fitted
  // last).
  const double error = relative_error(problem, coding);
  for (size_t k = 0; k < 256; ++k) {
    for (const int d : {-6, 6}) {
      Coding moved = coding;
      moved.table[k] = static_cast<int16_t>(moved.table[k] + d);
      if (std::abs(moved.table[k]) <= kOperandMax)
        REQUIRE(relative_error(problem, moved) >= 0.999 * error);
    }
  }
}

TEST_CASE("steps obey grid and least step, operands their limit, and the error stays small") {
  for (const NumberSystemInfo& system : number_systems()) {
    for (uint64_t seed = 1; seed <= 5; ++seed) {
      WeightProblem problem = random_problem(12, 96, seed);
      const auto encode = [&] {  // with operands in place of what the decode memory holds
        Coding coding = system.encode(problem);
        coding.table = system.operands(coding.table);
        return coding;
      };
      const Coding free = encode();
      const double before = relative_error(problem, free);
      INFO(system.name << ", seed " << seed << ", free error " << before);
      // The free steps are about ten units of this grid.
      for (const double step : free.step) problem.grid.push_back(step / 10.37);
      const Coding coarse = encode();
      for (size_t c = 0; c < 12; ++c) {
        const double multiple = coarse.step[c] / problem.grid[c];
        CHECK(multiple == Approx(std::round(multiple)).epsilon(1e-9));
        CHECK(multiple >= 0.999);
      }
      CHECK(relative_error(problem, coarse) < 1.5 * before);
      problem.operand_limit = 50;
      const Coding limited = encode();
      for (const uint8_t code : limited.codes) {
        REQUIRE(std::abs(limited.table[code]) <= 50);
      }
      problem.grid.clear();
      for (const double step : free.step) problem.least_step.push_back(20 * step);
      const Coding large = encode();
      for (size_t c = 0; c < 12; ++c) CHECK(large.step[c] >= 19.999 * free.step[c]);
    }
  }
}
