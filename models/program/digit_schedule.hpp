// SPDX-License-Identifier: Apache-2.0
/// How many digits of their codes count in the tiles of a MULTIPLY (number systems with digits).
///
/// Tile t has entry (t / run) mod 24: so up to 24 tiles have an entry each, of more tiles several
/// share one, which is then the largest number that one of them needs. In the instruction entries
/// and run are written less one. Test: tests/program/test_digit_schedule.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "program/instructions.hpp"

namespace keyway::program {

class DigitSchedule {
 public:
  /// One digit for every tile.
  DigitSchedule() { entries_.fill(1); }
  /// What gives tile t at least digits[t], 1 to contract::kMostDigits.
  explicit DigitSchedule(const std::vector<uint32_t>& digits);
  explicit DigitSchedule(const MultiplyInstruction& multiply);

  uint32_t digits(uint64_t tile) const { return entries_[tile / run_ % entries_.size()]; }
  /// Of all tiles together.
  uint64_t sum(uint64_t tiles) const;
  void write(MultiplyInstruction& multiply) const;

 private:
  std::array<uint32_t, contract::kScheduleEntries> entries_{};
  uint64_t run_ = 1;
};

}  // namespace keyway::program
