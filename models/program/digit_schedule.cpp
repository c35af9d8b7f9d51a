// SPDX-License-Identifier: Apache-2.0
#include "program/digit_schedule.hpp"

#include <algorithm>

#include "common/integers.hpp"

namespace keyway::program {
namespace {

constexpr uint32_t kEntryBits = contract::kDigitBits;
constexpr uint64_t kMostRun = uint64_t{1} << contract::multiply::kScheduleRun.bits;
static_assert(contract::multiply::kSchedule.bits == kEntryBits * contract::kScheduleEntries &&
              contract::kMostDigits == 1 << kEntryBits);

}  // namespace

DigitSchedule::DigitSchedule(const std::vector<uint32_t>& digits) : DigitSchedule() {
  run_ = std::clamp<uint64_t>(common::ceil_div(digits.size(), entries_.size()), 1, kMostRun);
  for (size_t tile = 0; tile < digits.size(); ++tile) {
    uint32_t& entry = entries_[tile / run_ % entries_.size()];
    entry = std::max(entry, digits[tile]);
  }
}

DigitSchedule::DigitSchedule(const MultiplyInstruction& multiply) {
  for (size_t e = 0; e < entries_.size(); ++e) {
    const auto bits = static_cast<uint64_t>(multiply.schedule) >> (kEntryBits * e);
    entries_[e] = 1 + static_cast<uint32_t>(bits % contract::kMostDigits);
  }
  run_ = static_cast<uint64_t>(multiply.schedule_run) + 1;
}

uint64_t DigitSchedule::sum(uint64_t tiles) const {
  const uint64_t turns = tiles / (run_ * entries_.size());
  uint64_t left = tiles % (run_ * entries_.size()), all = 0;
  for (const uint32_t entry : entries_) {
    const uint64_t last = std::min(run_, left);
    all += entry * (turns * run_ + last);
    left -= last;
  }
  return all;
}

void DigitSchedule::write(MultiplyInstruction& multiply) const {
  uint64_t bits = 0;
  for (size_t e = 0; e < entries_.size(); ++e) {
    bits |= static_cast<uint64_t>(entries_[e] - 1) << (kEntryBits * e);
  }
  multiply.schedule = static_cast<int64_t>(bits);
  multiply.schedule_run = static_cast<int64_t>(run_) - 1;
}

}  // namespace keyway::program
