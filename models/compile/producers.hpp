// SPDX-License-Identifier: Apache-2.0
/// Who wrote what: for every row of every output block of a tensor, the last MULTIPLY that writes
/// it, counted from one as the core counts products. Emission asks it which wait a reader needs.
#pragma once

#include <cstdint>
#include <vector>

#include "compile/groups.hpp"
#include "compile/mapping.hpp"
#include "program/core_config.hpp"
#include "quantise/network.hpp"

namespace keyway::compile {

/// Rows [first_row, end_row) of output blocks [first_block, end_block) of a tensor.
struct Rows {
  int tensor = -1;
  int64_t first_block = 0, end_block = 0;
  int64_t first_row = 0, end_row = 0;
};

class Producers {
 public:
  /// `groups` per layer: what MULTIPLYs there will be.
  Producers(const program::CoreConfig& core, const quantise::Network& network,
            const std::vector<Mapping>& mappings, const std::vector<std::vector<Group>>& groups);

  /// MULTIPLY number `product` writes these rows (or part of their columns).
  void record(const Rows& rows, int64_t product);
  /// Last product that writes any of the rows; 0 for the network's input.
  int64_t last(const Rows& rows) const;
  /// All MULTIPLYs that write the rows are recorded.
  bool complete(const Rows& rows) const;

 private:
  struct Row {
    int64_t last = 0;
    int64_t missing = 0;  ///< MULTIPLYs still to come
  };
  std::vector<std::vector<std::vector<Row>>> rows_;  ///< [tensor][block][row]; input: none
};

}  // namespace keyway::compile
