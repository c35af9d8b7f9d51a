// SPDX-License-Identifier: Apache-2.0
#include "compile/producers.hpp"

#include <algorithm>

namespace keyway::compile {

Producers::Producers(const program::CoreConfig& core, const quantise::Network& network,
                     const std::vector<Mapping>& mappings,
                     const std::vector<std::vector<Group>>& groups)
    : rows_(network.tensors.size()) {
  for (size_t l = 0; l < network.layers.size(); ++l) {
    const auto t = static_cast<size_t>(network.layers[l].output);
    std::vector<Row> column(static_cast<size_t>(network.tensors[t].shape.height));
    for (const Group& group : groups[l]) {
      for (int64_t y = group.y; y < group.y + group.height; ++y) {
        ++column[static_cast<size_t>(y)].missing;
      }
    }
    rows_[t].assign(mappings[t].blocks(core), column);
  }
}

void Producers::record(const Rows& rows, int64_t product) {
  auto& blocks = rows_[static_cast<size_t>(rows.tensor)];
  for (int64_t b = rows.first_block; b < rows.end_block; ++b) {
    for (int64_t y = rows.first_row; y < rows.end_row; ++y) {
      Row& row = blocks[static_cast<size_t>(b)][static_cast<size_t>(y)];
      row.last = product;
      --row.missing;
    }
  }
}

int64_t Producers::last(const Rows& rows) const {
  const auto& blocks = rows_[static_cast<size_t>(rows.tensor)];
  int64_t product = 0;
  if (blocks.empty()) return product;
  for (int64_t b = rows.first_block; b < rows.end_block; ++b) {
    for (int64_t y = rows.first_row; y < rows.end_row; ++y) {
      product = std::max(product, blocks[static_cast<size_t>(b)][static_cast<size_t>(y)].last);
    }
  }
  return product;
}

bool Producers::complete(const Rows& rows) const {
  const auto& blocks = rows_[static_cast<size_t>(rows.tensor)];
  if (blocks.empty()) return true;
  for (int64_t b = rows.first_block; b < rows.end_block; ++b) {
    for (int64_t y = rows.first_row; y < rows.end_row; ++y) {
      if (blocks[static_cast<size_t>(b)][static_cast<size_t>(y)].missing > 0) return false;
    }
  }
  return true;
}

}  // namespace keyway::compile
