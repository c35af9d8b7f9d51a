// SPDX-License-Identifier: Apache-2.0
/// The simulated cells: one silicon a seed, noise a boot, and the usual measures of both kinds.
#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>

#include "lock/puf.hpp"
#include "thrown.hpp"

using namespace keyway;
using namespace keyway::lock;

namespace {

size_t distance(const PufCells& a, const PufCells& b) {
  size_t count = 0;
  for (size_t i = 0; i < kPufCells; ++i) count += a[i] != b[i];
  return count;
}

double far_from(double value, double expected, double of) {
  return std::abs(value - expected) / of;
}

}  // namespace

TEST_CASE("a seed is a piece of silicon, a boot its noise") {
  const Key one = Key::random(), other = Key::random();
  for (const PufKind kind : {PufKind::kSram, PufKind::kRingOscillator}) {
    const Puf puf(kind, one), same(kind, one), another(kind, other);
    const PufCells cells = puf.read({}, 7);
    CHECK(cells == same.read({}, 7));
    const size_t noise = distance(cells, puf.read({}, 8));
    CHECK(noise > 0);
    CHECK(noise < kPufCells / 10);
    CHECK(distance(cells, another.read({}, 7)) > kPufCells * 4 / 10);
  }
}

TEST_CASE("heat, cold, supply and age cost reliability, and keys survive them") {
  const Key seed = Key::random();
  Environment hot, cold, low, old, worst;
  hot.celsius = worst.celsius = 85;
  cold.celsius = -40;
  low.volts = worst.volts = 0.9;
  old.years = worst.years = 10;
  for (const PufKind kind : {PufKind::kSram, PufKind::kRingOscillator}) {
    const auto quality = [&](const Environment& environment) {
      return measure_quality(kind, 0.5, 40, 5, environment, seed);
    };
    const double nominal = quality({}).reliability.mean;
    CHECK(nominal > (kind == PufKind::kRingOscillator ? 0.98 : 0.95));
    for (const Environment& environment : {hot, cold, low, old, worst}) {
      const PufQuality found = quality(environment);
      CHECK(found.reliability.mean < nominal);
      CHECK(found.reliability.mean > 0.89);
      CHECK(found.failures == 0);
    }
  }
}

TEST_CASE("the measures say what cells are like") {
  const Key seed = Key::random();
  constexpr size_t kDevices = 60, kBoots = 4;
  for (const double bias : {0.5, 0.55, 0.9}) {
    const PufQuality found =
        measure_quality(PufKind::kRingOscillator, bias, kDevices, kBoots, {}, seed);
    const double spread = std::sqrt(bias * (1 - bias) / (kDevices * kPufCells));  // of a mean
    CHECK(far_from(found.uniformity.mean, bias, spread) < 6);
    CHECK(found.bit_aliasing.mean ==
          Approx(found.uniformity.mean));  // the same ones, counted twice
    CHECK(found.uniqueness.mean == Approx(2 * bias * (1 - bias)).margin(0.01));
    CHECK(found.boots == kDevices * kBoots);
    const auto count = [](const PufQuality::Measure& measure) {
      return std::accumulate(measure.histogram.begin(), measure.histogram.end(), size_t{0});
    };
    CHECK(count(found.uniqueness) == kDevices * (kDevices - 1) / 2);
    CHECK(count(found.reliability) == found.boots);
    CHECK(count(found.uniformity) == kDevices);
    CHECK(count(found.bit_aliasing) == kPufCells);
    for (const auto& measure :
         {found.uniqueness, found.reliability, found.uniformity, found.bit_aliasing}) {
      CHECK(measure.least <= measure.mean);
      CHECK(measure.mean <= measure.most);
    }
  }
}

TEST_CASE("what the model knows nothing of is refused") {
  Environment hot, weak, old;
  hot.celsius = 200;
  weak.volts = 0.1;
  old.years = -1;
  const Puf puf(PufKind::kSram, Key::random());
  for (const Environment& environment : {hot, weak, old})
    test::message_of(ErrorKind::kUsage, [&] { puf.read(environment, 0); });
  for (const double bias : {0.0, 1.0, -1.0, std::nan("")})
    test::message_of(ErrorKind::kUsage, [&] { Puf(PufKind::kSram, Key::random(), bias); });
  const Key seed = Key::random();
  test::message_of(ErrorKind::kUsage,
                   [&] { measure_quality(PufKind::kSram, 0.5, 1, 1, {}, seed); });
}
