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
#include "arith/ds8.hpp"
#include "arith/fp8.hpp"
#include "arith/int4.hpp"
#include "arith/int8.hpp"
#include "arith/ladder.hpp"
#include "arith/lns8.hpp"
#include "arith/mit8.hpp"
#include "arith/number_system.hpp"
#include "arith/posit8.hpp"
#include "arith/products.hpp"
#include "arith/qf4.hpp"
#include "arith/qf8.hpp"
#include "common/error.hpp"
#include "operand_by_definition.hpp"

using namespace keyway::arith;

namespace {

constexpr ArrayKind kKind = ArrayKind::kMultiplier;

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

/// Most less fewest weights of a code, of `codes` that there are; others must not be used.
int spread(const Coding& coding, size_t codes = 256) {
  const auto counts = histogram(coding);
  const auto end = counts.begin() + static_cast<std::ptrdiff_t>(codes);
  REQUIRE(std::all_of(end, counts.end(), [](int n) { return n == 0; }));
  return *std::max_element(counts.begin(), end) - *std::min_element(counts.begin(), end);
}

int largest_entry(const Coding& coding) {
  int most = 0;
  for (const int32_t entry : coding.operands) most = std::max(most, std::abs(entry));
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

TEST_CASE("operands are the numbers that codes stand for, as near as the array holds them") {
  Table table{};
  for (int base = kOperandMin; base <= kOperandMax; base += 256) {
    for (int k = 0; k < 256; ++k) table[static_cast<size_t>(k)] = static_cast<int16_t>(base + k);
    for (int code = 0; code < 256; ++code) {
      const auto c = static_cast<uint8_t>(code);
      for (const NumberSystemInfo& system : number_systems()) {
        INFO(system.name << ", code " << code);
        if (!system.runs_on(kKind)) continue;
        const int operand = system.operand(c, table, kKind);
        REQUIRE(operand == keyway::test::operand_by_definition(system, c, table, kKind));
        REQUIRE((operand >= kOperandMin && operand <= kOperandMax));
      }
      REQUIRE(qf8::operand(c, table, kKind) == base + code);
      REQUIRE(qf4::operand(c, table, kKind) == base + code % 16);
    }
  }
}

TEST_CASE("systems with a table of operands have one for any operands, the others need none") {
  std::mt19937_64 random(5);
  for (const NumberSystemInfo& system : number_systems()) {
    INFO(system.name);
    REQUIRE(system.has_corrections == (system.product != nullptr));
    REQUIRE((system.has_table && !system.has_corrections) == (system.tabulate != nullptr));
    if (system.tabulate != nullptr) {
      Operands wanted{};
      for (int32_t& operand : wanted) {
        operand = static_cast<int32_t>(random() % 4096) + kOperandMin;
      }
      for (size_t code = 0; code < wanted.size(); ++code) {
        wanted[code] = wanted[code % system.codes()];
      }
      CHECK(system.operands(system.tabulate(wanted), kKind) == wanted);
    } else {
      Table full{};
      full.fill(-1);
      CHECK(system.operands(Table{}, kKind) == system.operands(full, kKind));
    }
  }
}

TEST_CASE("a decoder sees only the 12 bits that the decode memory holds") {
  Table table{};
  table[5] = static_cast<int16_t>(0x7fff);
  CHECK(qf8::operand(5, table, kKind) == -1);
  table[5] = static_cast<int16_t>(0xf7ff);
  CHECK(qf8::operand(5, table, kKind) == 2047);
}

TEST_CASE("posit8 has the numbers of the standard") {
  // Standard for Posit Arithmetic (2022): es = 2, so useed is 16; extremes, one, and fractions.
  const std::vector<std::pair<int, double>> known = {
      {0x00, 0},       {0x01, 0x1p-24},  {0x02, 0x1p-20}, {0x03, 0x1p-18}, {0x04, 0x1p-16},
      {0x05, 0x1p-15}, {0x06, 0x1p-14},  {0x07, 0x1p-13}, {0x08, 0x1p-12}, {0x10, 0x1p-8},
      {0x20, 0x1p-4},  {0x21, 0x1.2p-4}, {0x38, 0.5},     {0x3f, 0.9375},  {0x40, 1},
      {0x41, 1.125},   {0x44, 1.5},      {0x48, 2},       {0x4c, 3},       {0x50, 4},
      {0x5f, 15},      {0x60, 16},       {0x61, 20},      {0x63, 28},      {0x68, 64},
      {0x70, 256},     {0x71, 384},      {0x78, 4096},    {0x79, 8192},    {0x7b, 32768},
      {0x7c, 65536},   {0x7d, 262144},   {0x7e, 0x1p20},  {0x7f, 0x1p24},  {0xc0, -1},
      {0xbf, -1.125},  {0xff, -0x1p-24}, {0x81, -0x1p24}};
  for (const auto& [code, value] : known) {
    INFO("code " << code);
    CHECK(posit8::exact_value(static_cast<uint8_t>(code), {}) == value);
  }
  // Codes are in the order of their numbers, as signed integers.
  for (int code = -126; code < 127; ++code) {
    REQUIRE(posit8::exact_value(static_cast<uint8_t>(code), {}) <
            posit8::exact_value(static_cast<uint8_t>(code + 1), {}));
  }
}

TEST_CASE("fp8 has the numbers of the specification") {
  // OFP8 revision 1.0, table 2: E4M3's extremes.
  const std::vector<std::pair<int, double>> known = {
      {0x00, 0},     {0x01, 0x1p-9}, {0x07, 0x1.cp-7}, {0x08, 0x1p-6}, {0x38, 1},
      {0x39, 1.125}, {0x3f, 1.875},  {0x40, 2},        {0x77, 240},    {0x78, 256},
      {0x7e, 448},   {0x80, 0},      {0x81, -0x1p-9},  {0xb8, -1},     {0xfe, -448}};
  for (const auto& [code, value] : known) {
    INFO("code " << code);
    CHECK(fp8::exact_value(static_cast<uint8_t>(code), {}) == value);
  }
}

TEST_CASE("ds8 has every integer of its range once") {
  std::set<double> values;
  for (int code = 0; code < 256; ++code) {
    values.insert(ds8::exact_value(static_cast<uint8_t>(code), {}));
  }
  CHECK(values.size() == 256);
  CHECK(*values.begin() == -170);
  CHECK(*values.rbegin() == 85);
  CHECK(ds8::exact_value(0b01'00'11'10, {}) == 64 - 1 * 4 - 2);
  // Fewer digits: the multiples of a power of four, each once.
  for (uint32_t digits = 1; digits <= 4; ++digits) {
    std::set<double> of_digits;
    for (int code = 0; code < 256; ++code) {
      const uint8_t upper = upper_digits(static_cast<uint8_t>(code), digits);
      const double value = ds8::exact_value(upper, {});
      const double off = ds8::exact_value(static_cast<uint8_t>(code), {}) - value;
      const double unit = std::exp2(8 - 2 * static_cast<int>(digits));
      of_digits.insert(value);
      REQUIRE(std::fmod(value, unit) == 0);
      REQUIRE((3 * off >= -2 * (unit - 1) && 3 * off <= unit - 1));
      REQUIRE(digits_of(upper) <= digits);
      REQUIRE(upper_digits(upper, digits_of(upper)) == upper);
    }
    CHECK(of_digits.size() == 1U << (2 * digits));
  }
}

TEST_CASE("lns8 has eight steps an octave, and covers at least fourteen octaves") {
  CHECK(lns8::exact_value(0, {}) == 0);
  CHECK(lns8::exact_value(0x80, {}) == 0);
  for (int code = 1; code < 128; ++code) {
    INFO("code " << code);
    const double value = lns8::exact_value(static_cast<uint8_t>(code), {});
    const double octaves = std::log2(value) - (code / 8.0 - 1);
    if (code >= 48) {
      CHECK(std::abs(octaves) < 0.07);
      CHECK(value > lns8::exact_value(static_cast<uint8_t>(code - 1), {}));
    } else {  // without a fraction
      CHECK((octaves <= 0.9 && octaves > -1));
      CHECK(value == std::exp2(std::round(std::log2(value))));
    }
    CHECK(lns8::exact_value(static_cast<uint8_t>(code + 128), {}) == -value);
  }
  CHECK(std::log2(lns8::exact_value(127, {}) / lns8::exact_value(1, {})) > 14);
}

TEST_CASE("mit8's products are those of the definition, whatever the corrections") {
  std::mt19937_64 random(3);
  const NumberSystemInfo& system = info(NumberSystem::kMit8);
  std::vector<Table> tables{{}, mit8::best_corrections()};
  for (int i = 0; i < 6; ++i) {
    for (int16_t& entry : tables.emplace_back()) entry = static_cast<int16_t>(random() & 0xfff);
  }
  for (const Table& table : tables) {
    for (int code = 0; code < 256; ++code) {
      for (int x = -255; x <= 255; ++x) {
        const auto c = static_cast<uint8_t>(code);
        const int64_t wanted =
            keyway::test::product_by_definition(system, c, x, table, ArrayKind::kLogarithmic);
        if (mit8::product(c, x, table) == wanted) continue;
        INFO("code " << code << ", activation " << x);
        REQUIRE(mit8::product(c, x, table) == wanted);
      }
    }
    // The table of all of them says the same, and bounds them.
    const Products products(system, table);
    int32_t most = 0;
    for (int x = -128; x <= 255; ++x) {
      REQUIRE(products.of(x)[77] == mit8::product(77, x, table));
      if (std::abs(x) <= 99) most = std::max(most, std::abs(products.of(x)[77]));
    }
    CHECK(products.largest(77, 99) == most);
  }
}

TEST_CASE("the best corrections leave a third of the error of Mitchell's products") {
  const auto error = [](const Table& table, double& worst) {
    double square = 0;
    for (int code = 16; code < 32; ++code) {
      for (int x = 128; x < 256; ++x) {
        const double exact = mit8::operand(static_cast<uint8_t>(code), {}, kKind) * x;
        const double off = mit8::product(static_cast<uint8_t>(code), x, table) / exact - 1;
        worst = std::max(worst, std::abs(off));
        square += off * off / (16 * 128);
      }
    }
    return std::sqrt(square);
  };
  double worst = 0, none = 0, secret = 0;
  CHECK(error({}, none) == Approx(0.047).margin(0.001));
  CHECK(none == Approx(0.111).margin(0.003));
  CHECK(error(mit8::best_corrections(), worst) < 0.013);
  CHECK(worst < 0.045);
  // One step of a secret one is 3 % of a number between one and two.
  std::array<uint8_t, 64> random{};
  for (size_t i = 0; i < random.size(); ++i) random[i] = static_cast<uint8_t>(i * 37);
  CHECK(error(mit8::secret_corrections(random), secret) < 0.03);
  CHECK(secret < 0.08);
  CHECK(mit8::secret_corrections(random) != mit8::best_corrections());
}

TEST_CASE("a ladder gives the nearest rung, and only those within the limit") {
  const Operands operands = info(NumberSystem::kPosit8).operands({}, kKind);
  for (const int limit : {1, 7, 300, kOperandMax}) {
    const Ladder ladder(operands, limit);
    CHECK(std::abs(ladder.rungs().front().operand) <= limit);
    CHECK(std::abs(ladder.rungs().back().operand) <= limit);
    for (double value = -2100; value < 2100; value += 0.37) {
      const double off = std::abs(ladder.rungs()[ladder.nearest(value)].operand - value);
      for (const Ladder::Rung& rung : ladder.rungs())
        REQUIRE(off <= std::abs(rung.operand - value));
    }
    for (size_t r = 0; r < ladder.rungs().size(); ++r) {
      REQUIRE(operands[ladder.rungs()[r].code] == ladder.rungs()[r].operand);
      REQUIRE(ladder.rung_of(ladder.rungs()[r].code) == r);
    }
  }
}

TEST_CASE("int4 has the sixteen integers of four bits") {
  for (int code = 0; code < 256; ++code) {
    const int bits = code % 16;
    CHECK(int4::exact_value(static_cast<uint8_t>(code), {}) == (bits < 8 ? bits : bits - 16));
  }
  const Coding coding = int4::encode(random_problem(9, 70, 4));
  CHECK(std::set<uint8_t>(coding.codes.begin(), coding.codes.end()).size() >= 15);
  for (const uint8_t code : coding.codes) REQUIRE(code < 16);
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

TEST_CASE("codes are equally likely where a system says so, whatever the weights") {
  for (const NumberSystemInfo& system : number_systems()) {
    if (!system.equally_likely) continue;
    const size_t codes = system.codes();
    for (const auto& [channels, taps] : std::vector<std::pair<int64_t, int64_t>>{
             {16, 16}, {1, 257}, {16, 144}, {10, 64}, {3, 1000}, {64, 9}, {37, 41}}) {
      INFO(system.name << ", " << channels << " channels of " << taps << " taps");
      WeightProblem problem = random_problem(channels, taps, 7);
      CHECK(spread(system.encode(problem), codes) <= 1);
      // Half of the weights equal zero, a whole channel too; then all the same number; then all
      // zero.
      for (size_t i = 0; i < problem.weights.size(); i += 2) problem.weights[i] = 0;
      for (int64_t t = 0; t < taps; ++t) problem.weights[static_cast<size_t>(t)] = 0;
      CHECK(spread(system.encode(problem), codes) <= 1);
      for (double& w : problem.weights) w = 0.25;
      const Coding same = system.encode(problem);
      CHECK(spread(same, codes) <= 1);
      CHECK(relative_error(problem, same) < 1e-6);
      for (double& w : problem.weights) w = 0;
      const Coding zero = system.encode(problem);
      CHECK(spread(zero, codes) <= 1);
      for (const int32_t entry : zero.operands) REQUIRE(entry == 0);
    }
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
    for (size_t k = 1; k < 256; ++k) REQUIRE(coding.operands[k] >= coding.operands[k - 1]);
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
      moved.operands[k] = moved.operands[k] + d;
      if (std::abs(moved.operands[k]) <= kOperandMax)
        REQUIRE(relative_error(problem, moved) >= 0.999 * error);
    }
  }
}

TEST_CASE("steps obey grid and least step, operands their limit, and the error stays small") {
  for (const NumberSystemInfo& system : number_systems()) {
    if (!system.runs_on(kKind)) continue;  // operands there are larger than that limit
    for (uint64_t seed = 1; seed <= 5; ++seed) {
      WeightProblem problem = random_problem(12, 96, seed);
      const auto encode = [&] {
        Coding coding = system.encode(problem);
        REQUIRE(system.operands(system.table_of(coding.operands), kKind) == coding.operands);
        return coding;
      };
      const Coding free = encode();
      const double before = relative_error(problem, free);
      INFO(system.name << ", seed " << seed << ", free error " << before);
      // The free steps are about ten units of this grid.
      for (const double step : free.step) problem.grid.push_back(std::abs(step) / 10.37);
      const Coding coarse = encode();
      for (size_t c = 0; c < 12; ++c) {
        const double multiple = std::abs(coarse.step[c]) / problem.grid[c];
        CHECK(multiple == Approx(std::round(multiple)).epsilon(1e-9));
        CHECK(multiple >= 0.999);
      }
      CHECK(relative_error(problem, coarse) < 1.5 * before);
      problem.operand_limit = 50;
      const Coding limited = encode();
      for (const uint8_t code : limited.codes) {
        REQUIRE(std::abs(limited.operands[code]) <= 50);
      }
      problem.grid.clear();
      for (const double step : free.step) problem.least_step.push_back(20 * std::abs(step));
      const Coding large = encode();
      for (size_t c = 0; c < 12; ++c)
        CHECK(std::abs(large.step[c]) >= 19.999 * std::abs(free.step[c]));
    }
  }
}
