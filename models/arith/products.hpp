// SPDX-License-Identifier: Apache-2.0
/// Products of a number system's codes with activations where these are not operand times
/// activation, all of them at once.
///
/// `of(x)` are the products of activation x with every code, so that whoever has many weights for
/// one activation reads one kilobyte. Test: tests/arith/test_number_systems.cpp.
#pragma once

#include <cstdint>
#include <vector>

#include "arith/number_system.hpp"

namespace keyway::arith {

class Products {
 public:
  /// `system` has such products.
  Products(const NumberSystemInfo& system, const Table& table);

  /// By code; kLeastActivation <= activation <= kMostActivation.
  const int32_t* of(int32_t activation) const {
    return values_.data() + static_cast<size_t>(activation - kLeastActivation) * kCodes;
  }
  /// The largest size of a code's products with bytes of at most `most`, 0 to 255, in size.
  int64_t largest(uint8_t code, int64_t most) const {
    return largest_[static_cast<size_t>(most) * kCodes + code];
  }

 private:
  static constexpr size_t kCodes = 256;
  std::vector<int32_t> values_;
  std::vector<int32_t> largest_;
};

}  // namespace keyway::arith
