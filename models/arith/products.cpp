// SPDX-License-Identifier: Apache-2.0
#include "arith/products.hpp"

#include <algorithm>
#include <cstdlib>

namespace keyway::arith {

Products::Products(const NumberSystemInfo& system, const Table& table) {
  values_.reserve((kMostActivation - kLeastActivation + 1) * kCodes);
  for (int32_t x = kLeastActivation; x <= kMostActivation; ++x) {
    for (size_t code = 0; code < kCodes; ++code) {
      values_.push_back(system.product(static_cast<uint8_t>(code), x, table));
    }
  }
  largest_.assign(kCodes, 0);
  for (int32_t most = 1; most <= kMostActivation; ++most) {
    for (size_t code = 0; code < kCodes; ++code) {
      int32_t size = largest_[largest_.size() - kCodes];
      for (const int32_t x : {-most, most}) {
        if (x >= kLeastActivation) size = std::max(size, std::abs(of(x)[code]));
      }
      largest_.push_back(size);
    }
  }
}

}  // namespace keyway::arith
