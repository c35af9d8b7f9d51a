// SPDX-License-Identifier: Apache-2.0
/// Random cells of a PUF, for tests.
#pragma once

#include <algorithm>
#include <random>
#include <vector>

#include "lock/fuzzy_extractor.hpp"

namespace keyway::test {

/// Cells that are 1 with probability `bias`.
inline lock::PufCells random_cells(std::mt19937_64& random, double bias = 0.5) {
  std::bernoulli_distribution one(bias);
  lock::PufCells cells;
  for (size_t i = 0; i < lock::kPufCells; ++i) cells[i] = one(random) ? 1 : 0;
  return cells;
}

/// The same cells with the bits of `groups` groups, chosen at random, read wrong by majority.
inline lock::PufCells with_wrong_groups(lock::PufCells cells, size_t groups,
                                        std::mt19937_64& random) {
  std::vector<size_t> order(lock::kPufCodeBits);
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::shuffle(order.begin(), order.end(), random);
  constexpr size_t kGroup = contract::kPufRepetition;
  for (size_t i = 0; i < groups; ++i) {
    const size_t spared = random() % kGroup;  // a majority is enough
    for (size_t cell = 0; cell < kGroup; ++cell)
      if (cell != spared) cells[order[i] * kGroup + cell] ^= 1U;
  }
  return cells;
}

/// The same cells, each read wrong with probability `error`.
inline lock::PufCells with_noise(lock::PufCells cells, double error, std::mt19937_64& random) {
  std::bernoulli_distribution wrong(error);
  for (size_t i = 0; i < lock::kPufCells; ++i)
    if (wrong(random)) cells[i] ^= 1U;
  return cells;
}

}  // namespace keyway::test
