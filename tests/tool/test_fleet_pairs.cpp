// SPDX-License-Identifier: Apache-2.0
/// Which licences `keyway fleet` tries on which other devices: whole small fleets, samples of large
/// ones.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <set>
#include <vector>

#include "seed.hpp"
#include "tool/fleet.hpp"

using namespace keyway::tool;

TEST_CASE("a sample has so many different pairs of different devices, and a seed repeats it") {
  const uint64_t seed = keyway::test::seed();
  for (const size_t devices : {size_t{2}, size_t{3}, size_t{20}, size_t{500}}) {
    const size_t all = devices * (devices - 1);
    for (const size_t count : {size_t{1}, all / 2, all - 1, all, all + 1}) {
      INFO(count << " pairs of " << devices << " devices");
      const auto pairs = wrong_pairs(devices, count, seed);
      CHECK(pairs.size() == std::min(count, all));
      CHECK(std::is_sorted(pairs.begin(), pairs.end()));
      CHECK(std::set<DevicePair>(pairs.begin(), pairs.end()).size() == pairs.size());
      CHECK(std::all_of(pairs.begin(), pairs.end(), [&](const DevicePair& pair) {
        return pair.first != pair.second && pair.first >= 1 && pair.first <= devices &&
               pair.second >= 1 && pair.second <= devices;
      }));
      CHECK(wrong_pairs(devices, count, seed) == pairs);
    }
  }
}

TEST_CASE("samples reach every licence and every device alike") {
  constexpr size_t kDevices = 50, kCount = 10, kSamples = 5000;
  std::vector<size_t> licences(kDevices + 1), devices(kDevices + 1);
  const uint64_t seed = keyway::test::seed();
  for (size_t i = 0; i < kSamples; ++i) {
    for (const DevicePair& pair : wrong_pairs(kDevices, kCount, seed + i)) {
      ++licences[pair.first];
      ++devices[pair.second];
    }
  }
  // 1000 times each, give or take six deviations.
  for (size_t number = 1; number <= kDevices; ++number) {
    CHECK(std::abs(static_cast<double>(licences[number]) - 1000) < 190);
    CHECK(std::abs(static_cast<double>(devices[number]) - 1000) < 190);
  }
}
