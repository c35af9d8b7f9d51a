// SPDX-License-Identifier: Apache-2.0
// Schedules of digits: what a MULTIPLY says of its tiles, from and to its fields.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <random>
#include <vector>

#include "program/digit_schedule.hpp"

using namespace keyway;
using program::DigitSchedule;

namespace {

std::vector<uint32_t> random_digits(std::mt19937_64& random, size_t tiles) {
  std::vector<uint32_t> digits(tiles);
  for (uint32_t& d : digits) d = 1 + static_cast<uint32_t>(random() % contract::kMostDigits);
  return digits;
}

}  // namespace

TEST_CASE("up to 24 tiles have as many digits as they need") {
  std::mt19937_64 random(1);
  for (size_t tiles = 1; tiles <= 24; ++tiles) {
    const std::vector<uint32_t> digits = random_digits(random, tiles);
    const DigitSchedule schedule(digits);
    uint64_t sum = 0;
    for (size_t t = 0; t < tiles; ++t) {
      REQUIRE(schedule.digits(t) == digits[t]);
      sum += digits[t];
    }
    CHECK(schedule.sum(tiles) == sum);
  }
}

TEST_CASE("of more tiles those that share an entry have what the largest needs") {
  std::mt19937_64 random(2);
  for (const size_t tiles : {25U, 48U, 49U, 1000U, 6144U, 6145U, 20000U}) {
    const std::vector<uint32_t> digits = random_digits(random, tiles);
    const DigitSchedule schedule(digits);
    const size_t run = std::min<size_t>((tiles + 23) / 24, 256);
    std::vector<uint32_t> most(24, 1);
    for (size_t t = 0; t < tiles; ++t) most[t / run % 24] = std::max(most[t / run % 24], digits[t]);
    uint64_t sum = 0;
    for (size_t t = 0; t < tiles; ++t) {
      REQUIRE(schedule.digits(t) == most[t / run % 24]);
      sum += schedule.digits(t);
    }
    CHECK(schedule.sum(tiles) == sum);
  }
}

TEST_CASE("an instruction holds all of a schedule") {
  std::mt19937_64 random(3);
  for (const size_t tiles : {0U, 1U, 9U, 24U, 100U, 5000U}) {
    const DigitSchedule schedule(random_digits(random, tiles));
    program::MultiplyInstruction multiply;
    schedule.write(multiply);
    const auto bytes = program::encode(multiply, "test");
    const auto back = std::get<program::MultiplyInstruction>(program::decode(bytes.data(), 0));
    const DigitSchedule read(back);
    for (size_t t = 0; t < tiles + 30; ++t) REQUIRE(read.digits(t) == schedule.digits(t));
  }
  program::MultiplyInstruction nothing;
  DigitSchedule().write(nothing);
  CHECK(nothing.schedule == 0);
  CHECK(nothing.schedule_run == 0);
}
