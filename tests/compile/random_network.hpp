// SPDX-License-Identifier: Apache-2.0
/// Random quantised networks for tests: all layer kinds, odd shapes, strides and paddings, signed
/// and unsigned tensors, several regions, residuals of every form. Post-processing is scaled so
/// that outputs use their range. The same seed gives the same network.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "quantise/network.hpp"

namespace keyway::test {

struct RandomNetworkOptions {
  /// Of the core that is to run it: the network's number system is one of that kind's.
  contract::ArrayKind array_kind = contract::ArrayKind::kMultiplier;
  int64_t most_side = 14;      ///< of the input
  int64_t most_channels = 40;  ///< of any tensor
  int64_t most_layers = 6;
  /// Not zero: one axis of the input, rows or columns, is as long as this at most, and windows may
  /// be as long as that axis; the other has three pixels at most.
  int64_t most_length = 0;
};

quantise::Network random_network(uint64_t seed, const RandomNetworkOptions& options = {});

std::vector<uint8_t> random_bytes(std::mt19937_64& random, size_t size);

}  // namespace keyway::test
