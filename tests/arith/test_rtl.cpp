// SPDX-License-Identifier: Apache-2.0
// The decoders of rtl/arith against their twins: every code times every 9-bit activation, for
// corner and random tables.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <random>
#include <vector>

#include KEYWAY_BENCH_HEADER
#include "arith/number_system.hpp"
#include "systems_on.hpp"

using namespace keyway::arith;

namespace {

using Bench = KEYWAY_BENCH_CLASS;
constexpr auto kKind = static_cast<ArrayKind>(KEYWAY_BENCH_ARRAY_KIND);

void clock(Bench& bench) {
  bench.clk_i = 0;
  bench.eval();
  bench.clk_i = 1;
  bench.eval();
}

bool takes_digits() {
  const auto& kinds = keyway::contract::kArrayKinds;
  return std::any_of(kinds.begin(), kinds.end(),
                     [](const auto& kind) { return kind.kind == kKind && kind.digit_passes; });
}

/// What the array makes of the bench's inputs where so many digits count; where a pass takes one,
/// of all passes together.
int64_t product(Bench& bench, uint32_t digits) {
  if (!takes_digits()) {
    bench.digits_i = static_cast<uint8_t>(digits - 1);
    clock(bench);
    return static_cast<int32_t>(bench.product_o);
  }
  int64_t sum = 0;
  for (uint32_t digit = 0; digit < digits; ++digit) {
    bench.digits_i = static_cast<uint8_t>(digit);
    clock(bench);
    sum = 4 * sum + static_cast<int32_t>(bench.product_o);
  }
  return sum * (1 << (2 * (keyway::contract::kMostDigits - digits)));
}

/// A port's low `bits` as a signed number.
int64_t sign_extend(uint64_t value, int bits) {
  const uint64_t sign = uint64_t{1} << (bits - 1);
  return static_cast<int64_t>((value & (2 * sign - 1)) ^ sign) - static_cast<int64_t>(sign);
}

/// The product that is wanted; an activation of -256 meets no weight.
int64_t wanted_product(const NumberSystemInfo& system, uint8_t code, int activation,
                       const Table& table) {
  if (system.product != nullptr) return system.product(code, activation, table);
  return int64_t{system.operand(code, table, kKind)} * activation;
}

int least_activation(const NumberSystemInfo& system) {
  return system.product != nullptr ? -255 : -256;
}

/// What decoders read of a table for a code.
void look_up(Bench& bench, const NumberSystemInfo& system, int code, const Table& table) {
  bench.entry_i = static_cast<uint16_t>(table[static_cast<size_t>(code) % system.codes()] & 0xfff);
  bench.corrections_i = 0;
  const auto row = static_cast<size_t>(code >> 1 & 7);
  for (size_t g = 0; g < 8; ++g) {
    bench.corrections_i |= static_cast<uint32_t>(table[8 * row + g] & 15) << (4 * g);
  }
}

std::vector<Table> tables(uint64_t seed) {
  std::vector<Table> all(3);
  for (size_t k = 0; k < 256; ++k) {
    all[0][k] = static_cast<int16_t>(k % 2 == 0 ? kOperandMin : kOperandMax);
    all[1][k] = static_cast<int16_t>(k);
    all[2][k] = static_cast<int16_t>(1 << (k % 12) == 2048 ? -2048 : 1 << (k % 12));
  }
  std::mt19937_64 random(seed);
  for (int i = 0; i < 29; ++i) {
    Table table{};
    for (int16_t& entry : table) {
      entry = static_cast<int16_t>(static_cast<int>(random() % 4096) + kOperandMin);
    }
    all.push_back(table);
  }
  return all;
}

}  // namespace

TEST_CASE("decoders and products equal their twins for every code and activation") {
  constexpr uint64_t kSeed = 20250101;
  Bench bench;
  uint64_t wrong = 0, seen = 0, wanted = 0;
  for (const NumberSystemInfo& system : keyway::test::systems_on(kKind)) {
    bench.system_i = static_cast<uint8_t>(system.system);
    const auto all = tables(kSeed);
    const std::vector<Table> used(all.begin(), all.begin() + (system.has_table ? 32 : 2));
    wanted += used.size() * 256 * static_cast<uint64_t>(256 - least_activation(system));
    for (const Table& table : used) {
      for (int code = 0; code < 256; ++code) {
        const int16_t entry = table[static_cast<size_t>(code) % system.codes()];
        bench.code_i = static_cast<uint8_t>(code);
        look_up(bench, system, code, table);
        const int64_t operand = system.operand(static_cast<uint8_t>(code), table, kKind);
        for (int activation = least_activation(system); activation < 256; ++activation) {
          bench.activation_i = static_cast<uint16_t>(activation & 0x1ff);
          const int64_t multiplied = product(bench, keyway::contract::kMostDigits);
          const int64_t right =
              wanted_product(system, static_cast<uint8_t>(code), activation, table);
          ++seen;
          // What an operand's bits are is the kind's own matter; zero is all zeros.
          const int64_t got = kKind == ArrayKind::kMultiplier ? sign_extend(bench.operand_o, 12)
                              : bench.operand_o == 0 && !takes_digits() ? 0
                                                                        : operand;
          if ((got != operand || multiplied != right) && wrong++ == 0) {
            UNSCOPED_INFO(system.name << ", seed " << kSeed << ", code " << code << ", entry "
                                      << entry << ", activation " << activation << ": operand "
                                      << got << " expected " << operand << ", product "
                                      << multiplied << " expected " << right);
          }
        }
      }
    }
  }
  CHECK(seen == wanted);
  REQUIRE(wrong == 0);
}

TEST_CASE("of codes with digits the upper ones count, of others everything") {
  Bench bench;
  const Table table = tables(7).back();
  for (const NumberSystemInfo& system : keyway::test::systems_on(kKind)) {
    bench.system_i = static_cast<uint8_t>(system.system);
    for (uint32_t digits = 1; digits <= keyway::contract::kMostDigits; ++digits) {
      for (int code = 0; code < 256; ++code) {
        const auto c = static_cast<uint8_t>(code);
        const uint8_t counts = system.has_digits ? upper_digits(c, digits) : c;
        bench.code_i = c;
        look_up(bench, system, code, table);
        for (int activation = least_activation(system); activation < 256; ++activation) {
          bench.activation_i = static_cast<uint16_t>(activation & 0x1ff);
          INFO(system.name << ", code " << code << ", digits " << digits);
          REQUIRE(product(bench, digits) == wanted_product(system, counts, activation, table));
        }
      }
    }
  }
}

TEST_CASE("a value that no number system of this kind of array has gives zero") {
  Bench bench;
  bench.entry_i = 0x7ff;
  bench.activation_i = 1;
  for (int value = 0; value < 1 << keyway::contract::layer::kNumberSystem.bits; ++value) {
    const NumberSystemInfo* known = find_number_system(value);
    if (known != nullptr && known->runs_on(kKind)) continue;
    bench.system_i = static_cast<uint8_t>(value);
    for (int code = 0; code < 256; ++code) {
      bench.code_i = static_cast<uint8_t>(code);
      bench.eval();
      REQUIRE(bench.operand_o == 0);
    }
  }
}
