// SPDX-License-Identifier: Apache-2.0
// Number systems whose codes and table entries are nothing like their operands, added as every
// system is: whoever takes one for the other gives a wrong network here. Random networks in them
// through compiler and simulator against the reference, quantised ones, and locked ones.
#include <catch2/catch.hpp>
#include <map>

#include "arith/coding.hpp"
#include "arith/int8.hpp"
#include "arith/number_system.hpp"
#include "arith/qf8.hpp"
#include "check.hpp"
#include "common/error.hpp"
#include "compile/channels.hpp"
#include "lock/relabel.hpp"
#include "quantise/reference.hpp"
#include "random_network.hpp"

using namespace keyway;

namespace {

using arith::Coding;
using arith::Operands;
using arith::Table;
using arith::WeightProblem;

uint8_t permuted(uint8_t code) { return static_cast<uint8_t>(77 * code + 13); }
uint8_t original(uint8_t code) {
  for (int k = 0; k < 256; ++k) {
    if (permuted(static_cast<uint8_t>(k)) == code) return static_cast<uint8_t>(k);
  }
  FAIL("77 is even");
  return 0;
}

constexpr auto kAnyKind = arith::ArrayKind::kMultiplier;  ///< they are the same on all

/// Without a table: int8 with other codes.
namespace odd8 {
int32_t operand(uint8_t code, const Table& table, arith::ArrayKind kind) {
  return arith::int8::operand(permuted(code), table, kind);
}
double exact_value(uint8_t code, const Table& table) { return operand(code, table, kAnyKind); }
Coding encode(const WeightProblem& problem) {
  Coding coding = arith::int8::encode(problem);
  for (uint8_t& code : coding.codes) code = original(code);
  return coding;
}
}  // namespace odd8

/// With a table: code k has the entry of another code, less some bits that are turned over.
namespace odd_table {
constexpr int kTurned = 0x2a5;
int32_t operand(uint8_t code, const Table& table, arith::ArrayKind) {
  const int entry = (table[permuted(code)] ^ kTurned) & 0xfff;
  return entry >= 0x800 ? entry - 0x1000 : entry;
}
double exact_value(uint8_t code, const Table& table) { return operand(code, table, kAnyKind); }
Table tabulate(const Operands& operands) {
  Table table{};
  for (size_t code = 0; code < table.size(); ++code) {
    const int entry = (operands[code] ^ kTurned) & 0xfff;
    table[permuted(static_cast<uint8_t>(code))] =
        static_cast<int16_t>(entry >= 0x800 ? entry - 0x1000 : entry);
  }
  return table;
}
Coding encode(const WeightProblem& problem) { return arith::qf8::encode(problem); }
}  // namespace odd_table

/// Without a table and without a weight of one: int8 whose last bit counts for nothing.
namespace even8 {
int32_t operand(uint8_t code, const Table& table, arith::ArrayKind kind) {
  return arith::int8::operand(code & 0xfeU, table, kind);
}
double exact_value(uint8_t code, const Table& table) { return operand(code, table, kAnyKind); }
}  // namespace even8

constexpr auto kEven8 = static_cast<arith::NumberSystem>(29);
constexpr auto kOdd8 = static_cast<arith::NumberSystem>(30);
constexpr auto kOddTable = static_cast<arith::NumberSystem>(31);

/// Once for this program.
void add_toys() {
  static const bool added = [] {
    constexpr uint32_t kEverywhere = ~0U;
    arith::add_number_system({{kOdd8, "odd8", false, false, kEverywhere},
                              odd8::operand,
                              odd8::exact_value,
                              arith::int8::unit,
                              arith::int8::fields,
                              odd8::encode,
                              nullptr});
    arith::add_number_system({{kOddTable, "odd_table", true, true, kEverywhere},
                              odd_table::operand,
                              odd_table::exact_value,
                              arith::int8::unit,
                              arith::int8::fields,
                              odd_table::encode,
                              odd_table::tabulate});
    arith::add_number_system({{kEven8, "even8", false, false, kEverywhere},
                              even8::operand,
                              even8::exact_value,
                              arith::int8::unit,
                              arith::int8::fields,
                              arith::int8::encode,
                              nullptr});
    return true;
  }();
  (void)added;
}

/// Random networks in the toy systems, so many of each.
template <typename Use>
void for_each_network(int count, const Use& use) {
  add_toys();
  for (const arith::NumberSystem system : {kOdd8, kOddTable, kEven8}) {
    uint64_t seed = 0;
    for (int n = 0; n < count; ++n) {
      quantise::Network network = test::random_network(++seed);
      while (network.number_system != system) network = test::random_network(++seed);
      INFO("seed " << seed << ", " << arith::info(system).name);
      use(network, seed);
    }
  }
}

}  // namespace

TEST_CASE("a toy system is found by name and value, and only once") {
  add_toys();
  CHECK(arith::number_system_from_name("odd8") == kOdd8);
  CHECK(arith::info(kOddTable).name == std::string("odd_table"));
  CHECK_THROWS_AS(arith::add_number_system(arith::info(kOdd8)), Error);
  // Neither a code nor an entry is its operand.
  const arith::NumberSystemInfo& table = arith::info(kOddTable);
  Operands wanted{};
  wanted[1] = 1;
  const Table entries = table.tabulate(wanted);
  CHECK(table.operands(entries, kAnyKind) == wanted);
  CHECK(entries[1] != 1);
  CHECK(arith::info(kOdd8).operand(1, {}, kAnyKind) != 1);
}

TEST_CASE("random networks in toy systems equal the reference on the program simulator") {
  const auto core = program::core_from_name("16x16");
  std::map<arith::NumberSystem, int> copies;  // shortcuts that became layers of zeros and ones
  for_each_network(60, [&](const quantise::Network& network, uint64_t seed) {
    test::check_network(network, core, seed);
    quantise::Network mapped = network;
    compile::assign_channels(mapped, core);
    for (const quantise::Layer& layer : mapped.layers) {
      if (layer.name.find(".shortcut") == std::string::npos) continue;
      ++copies[network.number_system];
      // int8 is the first without a table that has one and zero on this array.
      CHECK(layer.number_system ==
            (network.number_system == kOddTable ? kOddTable : arith::NumberSystem::kInt8));
    }
  });
  for (const arith::NumberSystem system : {kOdd8, kOddTable, kEven8}) CHECK(copies[system] > 0);
}

TEST_CASE("relabelled networks in toy systems compute the same") {
  for_each_network(20, [](const quantise::Network& network, uint64_t seed) {
    quantise::Network relabelled = network;
    lock::relabel_codes(relabelled);
    std::mt19937_64 random(seed);
    const Shape& in = network.tensors[static_cast<size_t>(network.input)].shape;
    const auto input = test::random_bytes(random, static_cast<size_t>(in.elements()));
    CHECK(quantise::Reference(relabelled).run(input) == quantise::Reference(network).run(input));
  });
}
