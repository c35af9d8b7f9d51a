// SPDX-License-Identifier: Apache-2.0
/// Which bytes the values of one input channel should become.
///
/// Inputs are often integers in disguise: (pixel / 255 - mean) / deviation, or features that were
/// stored as 8-bit numbers. Then values lie on a grid first + k step, k in 0..255, and a byte holds
/// them without any error if its unit is that step and its zero a point of the grid. A grid is
/// believed if the calibration values show at least 32 different ones and every one is within a
/// fiftieth of a step of it. Without a grid there is a range only. Test:
/// tests/quantise/test_input_values.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace keyway::quantise {

class InputValues {
 public:
  void add(const float* values, int64_t count);

  int64_t count() const { return count_; }  ///< values added
  float low() const { return low_; }
  float high() const { return high_; }

  /// 0 where there is no grid. `with_zero`: zero must be within the grid's 256 steps, too (it may
  /// lie between two points).
  float grid_step(bool with_zero) const;

 private:
  static constexpr size_t kMost = 256;

  std::vector<float> different_;  ///< rising; kMost + 1 of them: too many for a byte
  int64_t count_ = 0;
  float low_ = std::numeric_limits<float>::infinity();
  float high_ = -std::numeric_limits<float>::infinity();
};

/// The middle of lo..hi where a byte's step is smaller around it than around zero, by the factor
/// `least_gain`; else 0, as for a range that is empty (lo > hi).
float middle_of(double lo, double hi, double least_gain);

/// Unit and zero of a channel's bytes.
struct InputUnit {
  float middle = 0;  ///< value that byte zero stands for
  float step = 0;    ///< 0: not known
};

/// For all channels of a tensor, which share their sign, at least one value in each. Ends of a
/// range that n values gave, each counting `trust` (Evidence::trust), move the n-th part of the way
/// to the ends of all channels, all measured by their `reach` (reach.hpp; empty: 1). `with_zero`:
/// the value zero occurs beside those seen (padding). `can_move`: a middle other than zero is
/// possible, if it makes a byte's step smaller by the factor `least_gain`.
std::vector<InputUnit> choose_units(const std::vector<InputValues>& channels, bool with_zero,
                                    bool can_move, double least_gain, double trust = 1,
                                    const std::vector<double>& reach = {});

}  // namespace keyway::quantise
