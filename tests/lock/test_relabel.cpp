// SPDX-License-Identifier: Apache-2.0
// Relabelled codes: the same values, other codes each time, and none that a shape gives away.
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <numeric>
#include <set>

#include "common/error.hpp"
#include "lock/relabel.hpp"

using namespace keyway;

namespace {

/// A layer in `system` of a network in `whole`.
quantise::Network network_of(arith::NumberSystem system, std::vector<uint8_t> codes,
                             arith::NumberSystem whole = arith::NumberSystem::kQf8) {
  quantise::Network network;
  network.number_system = whole;
  quantise::Layer layer;
  layer.number_system = system;
  layer.codes = std::move(codes);
  for (size_t i = 0; i < 256; ++i) {
    layer.table[i] = system == arith::NumberSystem::kInt8
                         ? static_cast<int16_t>(static_cast<int8_t>(i))
                         : static_cast<int16_t>(7 * static_cast<int>(i) - 900);
  }
  network.layers.push_back(layer);
  return network;
}

std::vector<int32_t> values(const quantise::Layer& layer) {
  std::vector<int32_t> out;
  for (const uint8_t code : layer.codes) out.push_back(layer.table[code]);
  return out;
}

}  // namespace

TEST_CASE("relabelling keeps every value and changes the codes") {
  std::vector<uint8_t> codes;
  for (size_t i = 0; i < 3000; ++i) codes.push_back(static_cast<uint8_t>(i * 37));
  const auto before = network_of(arith::NumberSystem::kQf8, codes);
  auto a = before, b = before;
  lock::relabel_codes(a);
  lock::relabel_codes(b);
  CHECK(values(a.layers[0]) == values(before.layers[0]));
  CHECK(values(b.layers[0]) == values(before.layers[0]));
  CHECK(a.layers[0].codes != before.layers[0].codes);
  CHECK(a.layers[0].codes != b.layers[0].codes);
}

TEST_CASE("selection layers get codes that are about equally likely") {
  constexpr size_t kSide = 48;
  std::vector<uint8_t> codes(kSide * kSide);
  for (size_t i = 0; i < kSide; ++i) codes[i * kSide + i] = 1;
  const auto before = network_of(arith::NumberSystem::kInt8, codes);
  auto after = before;
  lock::relabel_codes(after);
  const auto& layer = after.layers[0];
  CHECK(layer.number_system == arith::NumberSystem::kQf8);
  CHECK(values(layer) == values(before.layers[0]));
  std::array<int, 256> count{};
  for (const uint8_t code : layer.codes) ++count[code];
  // 2,304 weights, 9 a code on average: Poisson beyond 40 once in 10^14.
  CHECK(*std::max_element(count.begin(), count.end()) <= 40);
  CHECK(std::count(count.begin(), count.end(), 0) <= 12);
}

TEST_CASE("codes of four bits are permuted among themselves, and selection layers get them") {
  std::vector<uint8_t> codes;
  for (size_t i = 0; i < 3000; ++i) codes.push_back(static_cast<uint8_t>(i * i % 16));
  const auto before = network_of(arith::NumberSystem::kQf4, codes, arith::NumberSystem::kQf4);
  auto after = before;
  while (after.layers[0].codes == before.layers[0].codes) lock::relabel_codes(after);
  CHECK(values(after.layers[0]) == values(before.layers[0]));
  for (const uint8_t code : after.layers[0].codes) REQUIRE(code < 16);
  CHECK(std::all_of(after.layers[0].table.begin() + 16, after.layers[0].table.end(),
                    [](int16_t entry) { return entry == 0; }));

  std::vector<uint8_t> selection(16 * 16);
  for (size_t i = 0; i < 16; ++i) selection[i * 17] = 1;
  const auto alone = network_of(arith::NumberSystem::kInt8, selection, arith::NumberSystem::kQf4);
  auto locked = alone;
  lock::relabel_codes(locked);
  CHECK(locked.layers[0].number_system == arith::NumberSystem::kQf4);
  CHECK(values(locked.layers[0]) == values(alone.layers[0]));
  CHECK(std::set<uint8_t>(locked.layers[0].codes.begin(), locked.layers[0].codes.end()).size() >
        12);
  for (const uint8_t code : locked.layers[0].codes) REQUIRE(code < 16);
}

TEST_CASE("weights of more values than a system has codes are refused") {
  std::vector<uint8_t> codes(100);
  std::iota(codes.begin(), codes.end(), uint8_t{0});
  auto network = network_of(arith::NumberSystem::kInt8, codes, arith::NumberSystem::kQf4);
  CHECK_THROWS_AS(lock::relabel_codes(network), Error);
}

TEST_CASE("networks without tables are left alone") {
  auto network = network_of(arith::NumberSystem::kInt8, {1, 2, 3});
  network.number_system = arith::NumberSystem::kInt8;
  lock::relabel_codes(network);
  CHECK(network.layers[0].codes == std::vector<uint8_t>{1, 2, 3});
}
