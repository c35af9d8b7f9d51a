// SPDX-License-Identifier: Apache-2.0
#include "lock/relabel.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "common/error.hpp"
#include "common/printable.hpp"
#include "lock/bytes.hpp"

namespace keyway::lock {

namespace {

/// The system's random bytes as a generator for standard algorithms.
class SecureGenerator {
 public:
  using result_type = uint32_t;
  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return UINT32_MAX; }
  result_type operator()() {
    if (next_ == pool_.size()) {
      fill_random(reinterpret_cast<uint8_t*>(pool_.data()), pool_.size() * sizeof(uint32_t));
      next_ = 0;
    }
    return pool_[next_++];
  }

 private:
  std::array<uint32_t, 256> pool_{};
  size_t next_ = pool_.size();
};

std::vector<uint8_t> random_order(size_t codes, SecureGenerator& random) {
  std::vector<uint8_t> order(codes);
  std::iota(order.begin(), order.end(), uint8_t{0});
  std::shuffle(order.begin(), order.end(), random);
  return order;
}

void permute(quantise::Layer& layer, arith::ArrayKind kind, SecureGenerator& random) {
  const arith::NumberSystemInfo& system = arith::info(layer.number_system);
  const auto order = random_order(system.codes(), random);
  const arith::Operands before = system.operands(layer.table, kind);
  arith::Operands after{};
  for (size_t code = 0; code < order.size(); ++code) after[order[code]] = before[code];
  layer.table = system.tabulate(after);
  for (uint8_t& code : layer.codes) code = order[code];
}

/// Codes [first, first + count) of the order belong to a value.
struct Share {
  size_t first = 0, count = 0;
};

/// Gives the codes of a layer without a table a table in `system`.
void tabulate(quantise::Layer& layer, arith::NumberSystem system, arith::ArrayKind kind,
              SecureGenerator& random) {
  std::map<int32_t, size_t> weights_of;
  const arith::Operands operands = arith::info(layer.number_system).operands(layer.table, kind);
  for (const uint8_t code : layer.codes) ++weights_of[operands[code]];
  // Every value at least one code, the rest in proportion; the most frequent takes what is left.
  const size_t codes = arith::info(system).codes();
  if (weights_of.size() > codes) {
    throw Error(ErrorKind::kUnsupported, "layer " + common::quoted(layer.name) + " has " +
                                             std::to_string(weights_of.size()) +
                                             " different weights, " + arith::info(system).name +
                                             " only " + std::to_string(codes) + " codes");
  }
  const size_t spare = codes - weights_of.size();
  std::map<int32_t, Share> shares;
  size_t given = 0;
  int32_t most = weights_of.begin()->first;
  for (const auto& [value, weights] : weights_of) {
    if (weights > weights_of[most]) most = value;
    shares[value].count = 1 + spare * weights / layer.codes.size();
    given += shares[value].count;
  }
  shares[most].count += codes - given;
  const auto order = random_order(codes, random);
  arith::Operands dealt{};
  size_t next = 0;
  for (auto& [value, share] : shares) {
    share.first = next;
    for (size_t i = 0; i < share.count; ++i) dealt[order[next++]] = value;
  }
  for (uint8_t& code : layer.codes) {
    const Share& share = shares[operands[code]];
    code = order[share.first + std::uniform_int_distribution<size_t>(0, share.count - 1)(random)];
  }
  layer.table = arith::info(system).tabulate(dealt);
  layer.number_system = system;
}

}  // namespace

void relabel_codes(quantise::Network& network) {
  if (arith::info(network.number_system).tabulate == nullptr) return;
  SecureGenerator random;
  for (quantise::Layer& layer : network.layers) {
    if (layer.codes.empty()) continue;
    if (arith::info(layer.number_system).tabulate != nullptr) {
      permute(layer, network.array_kind, random);
    } else {
      tabulate(layer, network.number_system, network.array_kind, random);
    }
  }
}

}  // namespace keyway::lock
