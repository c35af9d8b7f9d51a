// SPDX-License-Identifier: Apache-2.0
/// Where the words of a tensor lie in the activation memory, as contract.toml defines it:
///
///     word (b, y, x): row bank (y + phase) mod 4, block bank b mod BlockBanks, address
///     base + ((y + phase) / 4) * row_pitch + (b / BlockBanks) * block_pitch + x
///
/// A word's number is bank * bank_words + address, so that words of one row and block follow each
/// other.
#pragma once

#include <cstdint>

#include "program/contract.hpp"
#include "program/program.hpp"

namespace keyway::simulate {

struct ActivationMap {
  uint32_t block_banks = 1;
  int64_t base = 0, phase = 0, row_pitch = 0, block_pitch = 0;
  int64_t bank_words = 0;

  int64_t address(int64_t block, int64_t y, int64_t x) const {
    return base + (y + phase) / int64_t{contract::kRowBanks} * row_pitch +
           block / int64_t{block_banks} * block_pitch + x;
  }
  int64_t word(int64_t block, int64_t y, int64_t x) const {
    const int64_t bank =
        (y + phase) % int64_t{contract::kRowBanks} * block_banks + block % int64_t{block_banks};
    return bank * bank_words + address(block, y, x);
  }
};

/// A box of words: blocks [0, blocks), rows [y, y_end), columns [x, x_end), every stride-th.
struct WordBox {
  ActivationMap map;
  int64_t blocks = 0;
  int64_t y = 0, y_end = 0, stride_y = 1;
  int64_t x = 0, x_end = 0, stride_x = 1;

  bool empty() const { return blocks <= 0 || y >= y_end || x >= x_end; }
  int64_t last_row() const { return y + (y_end - 1 - y) / stride_y * stride_y; }
  int64_t last_column() const { return x + (x_end - 1 - x) / stride_x * stride_x; }
  int64_t first_address() const { return map.address(0, y, x); }
  int64_t last_address() const { return map.address(blocks - 1, last_row(), last_column()); }
  bool inside_memory() const {
    return empty() || (first_address() >= 0 && last_address() < map.bank_words);
  }
  /// False only if no word can be common (compares address ranges).
  bool may_meet(const WordBox& other) const {
    return !empty() && !other.empty() && first_address() <= other.last_address() &&
           other.first_address() <= last_address();
  }

  template <typename Visitor>
  void for_each_word(Visitor&& visit) const {
    if (empty()) return;
    for (int64_t b = 0; b < blocks; ++b) {
      for (int64_t row = y; row < y_end; row += stride_y) {
        for (int64_t column = x; column < x_end; column += stride_x) {
          visit(static_cast<size_t>(map.word(b, row, column)));
        }
      }
    }
  }
};

}  // namespace keyway::simulate
