// SPDX-License-Identifier: Apache-2.0
/// Keys out of noisy cells: what is corrected, what is refused, what helper data say, the bounds.
#include <algorithm>
#include <bitset>
#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "cells.hpp"
#include "lock/fuzzy_extractor.hpp"
#include "seed.hpp"

using namespace keyway;
using namespace keyway::lock;

namespace {

constexpr size_t kDifferences = kPufCodeBits * (contract::kPufRepetition - 1);
constexpr size_t kSyndromeBits = contract::kPufCorrectable * contract::kPufFieldBits;
using Helper = std::bitset<kDifferences + kSyndromeBits>;

Helper bits_of(const HelperData& helper) {
  Helper bits;
  for (size_t k = 0; k < bits.size(); ++k) bits[k] = (helper[k / 8] >> k % 8 & 1) != 0;
  return bits;
}

}  // namespace

TEST_CASE("as many wrong bits as the code corrects give the key, more do not") {
  std::mt19937_64 random(test::seed());
  for (int trial = 0; trial < 20; ++trial) {
    const PufCells cells = test::random_cells(random);
    const ExtractedKey enrolled = enrol_cells(cells);
    for (const size_t wrong : {size_t{0}, size_t{1}, size_t{2}, size_t{random() % 37},
                               size_t{contract::kPufCorrectable}}) {
      INFO(wrong << " wrong bits");
      const auto key =
          reproduce_key(test::with_wrong_groups(cells, wrong, random), enrolled.helper);
      REQUIRE(key);
      CHECK(*key == enrolled.key);
    }
    for (const size_t wrong : {size_t{contract::kPufCorrectable + 1}, size_t{45}, size_t{255}}) {
      INFO(wrong << " wrong bits");
      const auto key =
          reproduce_key(test::with_wrong_groups(cells, wrong, random), enrolled.helper);
      CHECK((!key || *key != enrolled.key));
    }
  }
}

TEST_CASE("a wrong minority of each group costs nothing") {
  std::mt19937_64 random(test::seed());
  PufCells cells = test::random_cells(random);
  const ExtractedKey enrolled = enrol_cells(cells);
  for (size_t group = 0; group < kPufCodeBits; ++group)
    cells[group * contract::kPufRepetition + random() % contract::kPufRepetition] ^= 1U;
  const auto key = reproduce_key(cells, enrolled.helper);
  REQUIRE(key);
  CHECK(*key == enrolled.key);
}

TEST_CASE("another device's cells and changed helper data do not give the key") {
  std::mt19937_64 random(test::seed());
  const PufCells cells = test::random_cells(random);
  const ExtractedKey enrolled = enrol_cells(cells);
  for (int trial = 0; trial < 20; ++trial) {
    const auto key = reproduce_key(test::random_cells(random), enrolled.helper);
    CHECK((!key || *key != enrolled.key));
  }
  // Every bit of a syndrome names another word; with bits that are all right it is too far away.
  for (size_t bit = kDifferences; bit < kDifferences + kSyndromeBits; ++bit) {
    HelperData changed = enrolled.helper;
    changed[bit / 8] = static_cast<uint8_t>(changed[bit / 8] ^ 1U << bit % 8);
    const auto key = reproduce_key(cells, changed);
    CHECK((!key || *key != enrolled.key));
  }
}

TEST_CASE("helper data are linear in the cells, of the rank that the entropy bound counts") {
  // The helper data of single cells are the columns of a matrix: their rank is what helper data can
  // say.
  std::mt19937_64 random(test::seed());
  const PufCells a = test::random_cells(random), b = test::random_cells(random);
  PufCells sum;
  for (size_t i = 0; i < kPufCells; ++i) sum[i] = a[i] ^ b[i];
  CHECK((bits_of(enrol_cells(a).helper) ^ bits_of(enrol_cells(b).helper)) ==
        bits_of(enrol_cells(sum).helper));

  using Column = std::bitset<kDifferences + kSyndromeBits + contract::kPufKeyBits>;
  const auto rank_of = [](std::vector<Column> columns, size_t bits) {
    size_t found = 0;
    for (size_t bit = 0; bit < bits; ++bit) {
      const auto pivot = std::find_if(columns.begin() + static_cast<std::ptrdiff_t>(found),
                                      columns.end(), [&](const Column& c) { return c[bit]; });
      if (pivot == columns.end()) continue;
      std::swap(columns[found], *pivot);
      for (size_t i = found + 1; i < columns.size(); ++i)
        if (columns[i][bit]) columns[i] ^= columns[found];
      ++found;
    }
    return found;
  };
  std::vector<Column> columns(kPufCells);
  for (size_t cell = 0; cell < kPufCells; ++cell) {
    PufCells one;
    one[cell] = 1;
    const ExtractedKey enrolled = enrol_cells(one);
    const Helper helper = bits_of(enrolled.helper);
    for (size_t bit = 0; bit < helper.size(); ++bit) columns[cell][bit] = helper[bit];
    for (size_t bit = 0; bit < contract::kPufKeyBits; ++bit)
      columns[cell][helper.size() + bit] = (enrolled.key[bit / 8] >> bit % 8 & 1) != 0;
  }
  const size_t rank = rank_of(columns, kDifferences + kSyndromeBits);
  const size_t rank_with_key = rank_of(columns, columns[0].size());
  CHECK(rank == kDifferences + kPufCodeBits - contract::kPufKeyBits);
  CHECK(rank_with_key == kPufCells);  // helper data and the key's bits determine every cell
}

TEST_CASE("the failure rate at ten per cent, computed and measured") {
  CHECK(extraction_failure(0.10) < 1e-6);
  CHECK(extraction_failure(0.10) > 1e-9);  // the formula is not zero by mistake
  std::mt19937_64 random(test::seed());
  const PufCells cells = test::random_cells(random);
  const ExtractedKey enrolled = enrol_cells(cells);
  for (int boot = 0; boot < 500; ++boot) {
    const auto key = reproduce_key(test::with_noise(cells, 0.10, random), enrolled.helper);
    REQUIRE(key);
    REQUIRE(*key == enrolled.key);
  }
  // Where failures are frequent enough to be counted, the formula is right.
  constexpr double kNoise = 0.165;
  constexpr int kBoots = 1000;
  int failed = 0;
  for (int boot = 0; boot < kBoots; ++boot) {
    const auto key = reproduce_key(test::with_noise(cells, kNoise, random), enrolled.helper);
    failed += !key || *key != enrolled.key;
  }
  const double expected = kBoots * extraction_failure(kNoise);
  INFO(failed << " of " << kBoots << " failed, " << expected << " expected");
  CHECK(std::abs(failed - expected) < 6 * std::sqrt(expected));
}

TEST_CASE("entropy that helper data leave") {
  CHECK(entropy_left(0.45) >= 128);
  CHECK(entropy_left(0.55) >= 128);
  CHECK(entropy_left(0.5) == Approx(contract::kPufKeyBits));
  CHECK(entropy_left(0.45) == Approx(entropy_left(0.55)));
  // Three equal readings: the likelier value is right with p^3 + 3 p^2 (1 - p).
  const double guess = 0.55 * 0.55 * 0.55 + 3 * 0.55 * 0.55 * 0.45;
  CHECK(entropy_left(0.55) == Approx(-511 * std::log2(guess) - 273));
}
