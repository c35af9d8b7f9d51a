// SPDX-License-Identifier: Apache-2.0
/// Where the cycles of the last run went: product by product (a product is one MULTIPLY), and in
/// each by what the array did. It is counted from the kernel's event pins, so it costs the core
/// nothing and sees no more than the performance counters do.
///
/// A cycle belongs to the product whose steps the array works on or waits for: the first cycle
/// after a product's last step is the next product's. Summed over all entries, each cause equals
/// the core's counter of the same name; the rest of counter `total` are the cycles in which no
/// program runs (header and licence, program frames of a cold start, the last write's answer).
/// When a start turns out to be of another package, what the core did for the old one is forgotten,
/// but for the last few cycles, which count for the first product. Test:
/// tests/system/test_cycle_account.cpp.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "platform/pins.hpp"
#include "program/contract.hpp"

namespace keyway::platform {

class CycleAccount {
 public:
  /// Busy, then the causes of a stall, in the order of KernelEvent.
  static constexpr size_t kCauses = contract::kEventStallEmpty + 1;
  using Causes = std::array<uint64_t, kCauses>;

  void restart() {
    products_.assign(1, Causes{});
    opening_ = false;
  }

  void sample(uint32_t events) {
    const bool opening = ((events >> contract::kEventOpening) & 1) != 0;
    if (opening && !opening_) restart();  // what ran before was given up; the core forgets it too
    opening_ = opening;
    const uint32_t causes = events & ((1U << kCauses) - 1);
    if (causes == 0) return;
    for (size_t i = 0; i < kCauses; ++i) products_.back()[i] += (causes >> i) & 1;
    if (((events >> contract::kEventJobEnd) & 1) != 0 && !opening) products_.emplace_back();
  }

  /// One entry a product in the order of execution, then one for the cycles after the last.
  const std::vector<Causes>& products() const { return products_; }
  /// The product at hand, from 0.
  size_t current() const { return products_.size() - 1; }

 private:
  bool opening_ = false;
  std::vector<Causes> products_ = std::vector<Causes>(1);
};

}  // namespace keyway::platform
