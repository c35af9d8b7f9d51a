// SPDX-License-Identifier: Apache-2.0
/// fuzzy_extractor against its twin: helper data, key and verdict, up to the last error that the
/// code corrects and beyond, and that cycles tell nothing. device_secret against lock::boot.
#include <VDeviceSecret.h>
#include <VFuzzyExtractor.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <optional>
#include <set>

#include "clocked.hpp"
#include "lock/cells.hpp"
#include "lock/keys.hpp"
#include "lock/parties.hpp"
#include "seed.hpp"

using namespace keyway;
using namespace keyway::lock;
using lock_bench::Clocked;

namespace {

constexpr size_t kHelperBits = kPufCodeBits * (contract::kPufRepetition - 1) +
                               contract::kPufCorrectable * contract::kPufFieldBits;

struct Outcome {
  Key key;
  HelperData helper{};
  bool ok = false;
  uint64_t cycles = 0;
};

/// One run of the unit, every stream with pauses of the given probability. Without helper data an
/// enrolment.
Outcome run(Clocked<VFuzzyExtractor>& unit, const PufCells& cells,
            const std::optional<HelperData>& helper, std::mt19937_64& random, double pause = 0) {
  std::bernoulli_distribution pauses(pause);
  Outcome out;
  for (int wait = 0; !unit->idle_o; ++wait) {
    REQUIRE(wait < 1000);
    unit.tick();
    unit.settle();
  }
  const uint64_t begin = unit.cycles();
  unit->start_i = 1;
  unit->enrol_i = !helper;
  unit.tick();
  unit->start_i = 0;
  size_t cell = 0, given = 0, taken = 0, key_bits = 0;
  bool cell_waits = false, helper_waits = false;
  for (bool done = false; !done;) {
    REQUIRE(unit.cycles() - begin < 1'000'000);
    // A stream that waits for ready holds; others may pause.
    unit->cell_valid_i = cell < kPufCells && (cell_waits || !pauses(random));
    unit->cell_i = cell < kPufCells && cells[cell] != 0;
    unit->helper_valid_i = helper && given < kHelperBits && (helper_waits || !pauses(random));
    unit->helper_i = helper && given < kHelperBits && ((*helper)[given / 8] >> given % 8 & 1) != 0;
    unit->helper_ready_i = !pauses(random);
    unit->key_ready_i = !pauses(random);
    unit.settle();
    if (unit->helper_valid_o && unit->helper_ready_i) {
      REQUIRE(taken < kHelperBits);
      out.helper[taken / 8] =
          static_cast<uint8_t>(out.helper[taken / 8] | unit->helper_o << taken % 8);
      ++taken;
    }
    if (unit->key_valid_o && unit->key_ready_i) {
      REQUIRE(key_bits < contract::kPufKeyBits);
      out.key[key_bits / 8] =
          static_cast<uint8_t>(out.key[key_bits / 8] | unit->key_o << key_bits % 8);
      ++key_bits;
    }
    cell_waits = unit->cell_valid_i && !unit->cell_ready_o;
    helper_waits = unit->helper_valid_i && !unit->helper_ready_o;
    cell += unit->cell_valid_i && unit->cell_ready_o;
    given += unit->helper_valid_i && unit->helper_ready_o;
    done = unit->done_o;
    out.ok = unit->ok_o;
    unit.tick();
    unit.settle();
  }
  unit->cell_valid_i = unit->helper_valid_i = 0;
  CHECK(cell == kPufCells);
  CHECK(key_bits == contract::kPufKeyBits);
  CHECK((helper ? given : taken) == kHelperBits);
  out.cycles = unit.cycles() - begin;
  return out;
}

/// A boot: a chip after its reset, whose pins give what it asks for, with pauses.
class Chip {
 public:
  Chip(Sources sources, const Key& fuse) : sources_(sources) {
    unit_->sources_i = sources;
    std::memcpy(unit_->fuse_i.data(), fuse.data(), fuse.size());
  }

  /// What the core measures of its class, and when.
  void measures(const ClassFingerprints& of_class, uint64_t cycle) {
    std::memcpy(unit_->clock_i.data(), of_class.clock.data(), of_class.clock.size());
    std::memcpy(unit_->precision_i.data(), of_class.precision.data(), of_class.precision.size());
    class_cycle_ = cycle;
  }

  struct Outcome {
    std::optional<Key> secret;
    uint64_t cycles = 0;
  };
  Outcome boot(const PufCells& cells, const std::vector<uint8_t>& helper, std::mt19937_64& random,
               double pause = 0) {
    std::bernoulli_distribution pauses(pause);
    unit_->rst_ni = 0;
    unit_->puf_valid_i = unit_->helper_valid_i = 0;
    for (int i = 0; i < 4; ++i) unit_.tick();
    unit_->rst_ni = 1;
    unit_.settle();
    const uint64_t begin = unit_.cycles();
    size_t cell = kPufCells, bit = 8 * helper.size();  // nothing before the start
    bool cell_waits = false, bit_waits = false;
    while (!unit_->valid_o && !unit_->failed_o) {
      REQUIRE(unit_.cycles() - begin < 1'000'000);
      CHECK(lock_bench::read_port(unit_->secret_o) == std::vector<uint8_t>(32));
      unit_->puf_valid_i = cell < kPufCells && (cell_waits || !pauses(random));
      unit_->puf_cell_i = cell < kPufCells && cells[cell] != 0;
      unit_->class_valid_i = class_cycle_ && unit_.cycles() - begin >= *class_cycle_;
      unit_->helper_valid_i = bit < 8 * helper.size() && (bit_waits || !pauses(random));
      unit_->helper_i = bit < 8 * helper.size() && (helper[bit / 8] >> bit % 8 & 1) != 0;
      unit_.settle();
      cell_waits = unit_->puf_valid_i && !unit_->puf_ready_o;
      bit_waits = unit_->helper_valid_i && !unit_->helper_ready_o;
      cell += unit_->puf_valid_i && unit_->puf_ready_o;
      bit += unit_->helper_valid_i && unit_->helper_ready_o;
      if (unit_->puf_start_o) {
        REQUIRE(has(sources_, contract::SecretSource::kPuf));
        cell = bit = 0;
      }
      unit_.tick();
      unit_.settle();
    }
    Outcome out{std::nullopt, unit_.cycles() - begin};
    const auto bytes = lock_bench::read_port(unit_->secret_o);
    if (unit_->failed_o) {
      CHECK(!unit_->valid_o);
      CHECK(bytes == std::vector<uint8_t>(32));
      return out;
    }
    out.secret.emplace();
    std::copy(bytes.begin(), bytes.end(), out.secret->data());
    return out;
  }

 private:
  Clocked<VDeviceSecret> unit_;
  Sources sources_;
  std::optional<uint64_t> class_cycle_;
};

constexpr Sources kPuf = static_cast<Sources>(contract::SecretSource::kPuf);

/// Helper data and check value as a device keeps them.
std::vector<uint8_t> public_data(const ExtractedKey& enrolled) {
  std::vector<uint8_t> bytes(enrolled.helper.begin(), enrolled.helper.end());
  const Bytes32 check = puf_check(puf_key(enrolled.helper, enrolled.key));
  bytes.insert(bytes.end(), check.begin(), check.end());
  return bytes;
}

}  // namespace

TEST_CASE("the extractor enrols as its twin does") {
  Clocked<VFuzzyExtractor> unit;
  std::mt19937_64 random(test::seed());
  for (const double bias : {0.5, 0.1, 1.0}) {
    const PufCells cells = test::random_cells(random, bias);
    const Outcome out = run(unit, cells, std::nullopt, random, bias == 0.1 ? 0.3 : 0);
    const ExtractedKey expected = enrol_cells(cells);
    CHECK(out.ok);
    CHECK(out.helper == expected.helper);
    CHECK(out.key == expected.key);
  }
}

TEST_CASE("the extractor corrects and refuses as its twin does") {
  Clocked<VFuzzyExtractor> unit;
  std::mt19937_64 random(test::seed());
  const PufCells cells = test::random_cells(random);
  const ExtractedKey enrolled = enrol_cells(cells);
  std::vector<size_t> counts{0, 1, 2, 35, 36, 37, 38, 39, 40, 60, 255};
  for (int i = 0; i < 20; ++i) counts.push_back(random() % 48);
  for (const size_t wrong : counts) {
    INFO(wrong << " wrong bits");
    const PufCells read = test::with_wrong_groups(cells, wrong, random);
    const auto expected = reproduce_key(read, enrolled.helper);
    const Outcome out = run(unit, read, enrolled.helper, random, wrong % 4 == 3 ? 0.2 : 0);
    REQUIRE(out.ok == expected.has_value());
    if (expected) CHECK(out.key == *expected);
    if (wrong <= contract::kPufCorrectable) CHECK(out.key == enrolled.key);
  }
  for (int trial = 0; trial < 10; ++trial) {  // other helper data, other cells
    const HelperData other = enrol_cells(test::random_cells(random)).helper;
    const Outcome out = run(unit, cells, other, random);
    CHECK(out.ok == reproduce_key(cells, other).has_value());
  }
}

TEST_CASE("the extractor's cycles do not depend on cells or helper data") {
  Clocked<VFuzzyExtractor> unit;
  std::mt19937_64 random(test::seed());
  const PufCells cells = test::random_cells(random);
  const HelperData helper = enrol_cells(cells).helper;
  const uint64_t cycles = run(unit, cells, helper, random).cycles;
  INFO(cycles << " cycles");
  CHECK(cycles < 50'000);
  for (const size_t wrong : {size_t{1}, size_t{20}, size_t{37}, size_t{38}, size_t{300}})
    CHECK(run(unit, test::with_wrong_groups(cells, wrong, random), helper, random).cycles ==
          cycles);
  CHECK(run(unit, test::random_cells(random, 0.0), helper, random).cycles == cycles);
  HelperData ones;
  ones.fill(0xff);
  CHECK(run(unit, cells, ones, random).cycles == cycles);
  CHECK(run(unit, cells, HelperData{}, random).cycles == cycles);
}

TEST_CASE("clear_i at any time forgets a reproduction") {
  Clocked<VFuzzyExtractor> unit;
  std::mt19937_64 random(test::seed());
  const PufCells cells = test::random_cells(random);
  const ExtractedKey enrolled = enrol_cells(cells);
  for (const uint64_t after : {uint64_t{3}, uint64_t{1000}, random() % 20'000,
                               19'900 + random() % 6'000, 26'000 + random() % 20'000}) {
    INFO("cleared after " << after << " cycles");
    unit->start_i = 1;
    unit->enrol_i = 0;
    for (int wait = 0; !unit->idle_o; ++wait) {
      REQUIRE(wait < 1000);
      unit->start_i = 0;
      unit.tick();
      unit.settle();
      unit->start_i = unit->idle_o;
    }
    unit.tick();
    unit->start_i = 0;
    unit->cell_valid_i = unit->helper_valid_i = 1;
    unit->key_ready_i = 1;
    for (uint64_t cycle = 0; cycle < after; ++cycle) {
      unit.settle();
      unit.tick();
    }
    unit->cell_valid_i = unit->helper_valid_i = 0;
    unit->clear_i = 1;
    unit.tick();
    unit->clear_i = 0;
    unit.settle();
    CHECK(!unit->idle_o);  // until its memories are zero
    const Outcome out = run(unit, cells, enrolled.helper, random);
    CHECK(out.ok);
    CHECK(out.key == enrolled.key);
  }
}

TEST_CASE("the device secret is the key derivation over the sources in the mask") {
  std::mt19937_64 random(test::seed());
  const Key fuse = Key::random();
  const PufCells cells = test::random_cells(random);
  const ExtractedKey enrolled = enrol_cells(cells);
  const Key puf = puf_key(enrolled.helper, enrolled.key);
  for (const Sources sources : {kFuseAlone, kPuf, static_cast<Sources>(kFuseAlone | kPuf)}) {
    Chip chip(sources, fuse);
    for (const double noise : {0.0, 0.05, 0.10}) {
      const auto read = test::with_noise(cells, noise, random);
      const Chip::Outcome out = chip.boot(read, public_data(enrolled), random, noise);
      REQUIRE(out.secret);
      CHECK(*out.secret == device_secret(sources, fuse, puf));
    }
  }
  Chip none(0, fuse);
  CHECK(!none.boot(cells, public_data(enrolled), random).secret);
}

TEST_CASE("a class counts beside a source that keeps a secret, as soon as it is measured") {
  std::mt19937_64 random(test::seed());
  const Key fuse = Key::random();
  const PufCells cells = test::random_cells(random);
  const ExtractedKey enrolled = enrol_cells(cells);
  const auto helper = public_data(enrolled);
  const Key puf = puf_key(enrolled.helper, enrolled.key);
  ClassFingerprints of_class;
  for (uint8_t& byte : of_class.clock) byte = static_cast<uint8_t>(random());
  for (uint8_t& byte : of_class.precision) byte = static_cast<uint8_t>(random());
  std::set<Bytes32> secrets;
  for (Sources sources = 1; sources < 16; ++sources) {
    CAPTURE(static_cast<int>(sources));
    Chip chip(sources, fuse);
    for (const uint64_t cycle : {0, 70'000}) {
      chip.measures(of_class, cycle);
      const Chip::Outcome out = chip.boot(cells, helper, random);
      REQUIRE(out.secret.has_value() == ((sources & (kFuseAlone | kPuf)) != 0));
      if (!out.secret) continue;
      CHECK(*out.secret == device_secret(sources, fuse, puf, of_class));
      CHECK((out.cycles >= cycle || (sources & kClassSources) == 0));
      secrets.insert(out.secret->bytes());
    }
    // A bit of another class.
    if (sources <= kClassSources || (sources & kClassSources) == 0) continue;
    ClassFingerprints other = of_class;
    uint8_t& byte = has(sources, contract::SecretSource::kClock) ? other.clock[random() % 32]
                                                                 : other.precision[random() % 16];
    byte = static_cast<uint8_t>(byte ^ 1U << random() % 8);
    chip.measures(other, 0);
    const Chip::Outcome out = chip.boot(cells, helper, random);
    REQUIRE(out.secret.has_value() == ((sources & (kFuseAlone | kPuf)) != 0));
    if (out.secret) CHECK(secrets.count(out.secret->bytes()) == 0);
  }
  CHECK(secrets.size() == 12);
}

TEST_CASE(
    "no boot with too many wrong cells, other helper data or another check value has a secret") {
  std::mt19937_64 random(test::seed());
  const PufCells cells = test::random_cells(random);
  const ExtractedKey enrolled = enrol_cells(cells);
  const auto right = public_data(enrolled);
  Chip chip(kPuf, Key{});
  const Chip::Outcome good = chip.boot(cells, right, random);
  CHECK(good.secret);
  CHECK(good.cycles < 50'000);
  std::optional<uint64_t> cycles;
  const auto refused = [&](const PufCells& read, const std::vector<uint8_t>& helper) {
    const Chip::Outcome out = chip.boot(read, helper, random);
    CHECK(!out.secret);
    if (!cycles) cycles = out.cycles;
    CHECK(out.cycles == *cycles);  // why it is refused, time does not tell
  };
  refused(test::with_wrong_groups(cells, contract::kPufCorrectable + 1, random), right);
  refused(test::random_cells(random), right);
  // One bit of helper data, whether it spoils a bit that would be corrected or not, or of the
  // padding.
  for (int trial = 0; trial < 30; ++trial) {
    auto changed = right;
    const size_t bit =
        trial == 0 ? 8 * contract::kPufHelperBytes - 1 : random() % (8 * right.size());
    INFO("bit " << bit);
    changed[bit / 8] = static_cast<uint8_t>(changed[bit / 8] ^ 1U << bit % 8);
    refused(cells, changed);
  }
  // Helper data that fit the cells, but give another bit than the enrolment had.
  PufCells shift;
  for (size_t k = 0; k < kPufCodeBits; ++k)
    for (size_t i = 0; i < contract::kPufRepetition; ++i)
      shift[k * contract::kPufRepetition + i] = cells[k * contract::kPufRepetition + i] ^ (k == 7);
  auto other = public_data(enrol_cells(shift));
  std::copy(right.end() - contract::kPufCheckBytes, right.end(),
            other.end() - contract::kPufCheckBytes);
  refused(cells, other);
  CHECK(chip.boot(cells, right, random).secret);  // a refusal leaves no trace
}
