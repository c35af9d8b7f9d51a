// SPDX-License-Identifier: Apache-2.0
#include "quantise/input_values.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace keyway::quantise {
namespace {

constexpr size_t kFewest = 32;       ///< different values that make a grid
constexpr double kTolerance = 0.02;  ///< of a step
constexpr double kSteps = 255;

bool is_point(double value, double step) {
  return std::abs(value / step - std::nearbyint(value / step)) < kTolerance;
}

}  // namespace

float middle_of(double lo, double hi, double least_gain) {
  const double around = (hi - lo) / 254;
  const double now = lo >= 0 ? hi / kSteps : std::max(hi, -lo) / 127;
  return std::isfinite(around) && now > least_gain * around ? static_cast<float>(lo + (hi - lo) / 2)
                                                            : 0.0F;
}

void InputValues::add(const float* values, int64_t count) {
  count_ += count;
  for (int64_t i = 0; i < count; ++i) {
    const float v = values[i];
    low_ = std::min(low_, v);
    high_ = std::max(high_, v);
    if (different_.size() > kMost) continue;
    const auto at = std::lower_bound(different_.begin(), different_.end(), v);
    if (at == different_.end() || *at != v) different_.insert(at, v);
  }
}

float InputValues::grid_step(bool with_zero) const {
  if (different_.size() < kFewest || different_.size() > kMost) return 0;
  const double first = different_.front(), last = different_.back();
  double least = last - first;
  for (size_t i = 1; i < different_.size(); ++i) {
    least = std::min(least, static_cast<double>(different_[i]) - different_[i - 1]);
  }
  const double step = (last - first) / std::nearbyint((last - first) / least);
  const double lo = with_zero ? std::min(first, 0.0) : first;
  const double hi = with_zero ? std::max(last, 0.0) : last;
  if (!((hi - lo) / step < kSteps + 0.5)) return 0;
  const bool fits = std::all_of(different_.begin(), different_.end(), [&](float v) {
    return is_point(static_cast<double>(v) - first, step);
  });
  return fits ? static_cast<float>(step) : 0.0F;
}

std::vector<InputUnit> choose_units(const std::vector<InputValues>& channels, bool with_zero,
                                    bool can_move, double least_gain, double trust,
                                    const std::vector<double>& reach) {
  std::vector<InputUnit> units(channels.size());
  std::vector<double> lo, hi;
  bool is_unsigned = true;
  for (size_t c = 0; c < channels.size(); ++c) {
    units[c].step = channels[c].grid_step(with_zero && can_move);
    lo.push_back(std::min<double>(channels[c].low(), with_zero ? 0.0 : channels[c].low()));
    hi.push_back(std::max<double>(channels[c].high(), with_zero ? 0.0 : channels[c].high()));
    const double step = units[c].step;
    is_unsigned = is_unsigned && step > 0 && channels[c].low() >= 0 &&
                  is_point(channels[c].low(), step) && hi[c] / step < kSteps + 0.5;
  }
  if (is_unsigned) return units;
  // What one value or two tell of a channel is little: the others tell more.
  const auto reach_of = [&](size_t c) { return reach.empty() ? 1.0 : reach[c]; };
  double lowest = std::numeric_limits<double>::infinity(), highest = -lowest;
  for (size_t c = 0; c < channels.size(); ++c) {
    if (!(reach_of(c) > 0)) continue;
    lowest = std::min(lowest, lo[c] / reach_of(c));
    highest = std::max(highest, hi[c] / reach_of(c));
  }
  for (size_t c = 0; c < channels.size(); ++c) {
    if (units[c].step > 0 || !(reach_of(c) > 0)) continue;
    const double share = 1 / std::max(1.0, trust * static_cast<double>(channels[c].count()));
    lo[c] += share * (reach_of(c) * lowest - lo[c]);
    hi[c] += share * (reach_of(c) * highest - hi[c]);
  }
  for (size_t c = 0; c < channels.size(); ++c) {
    InputUnit& unit = units[c];
    if (!(unit.step > 0)) {
      if (can_move) unit.middle = middle_of(lo[c], hi[c], least_gain);
      continue;
    }
    const double step = unit.step;
    const bool fits = is_point(channels[c].low(), step) && std::max(hi[c], -lo[c]) / step < 127.5;
    if (fits) continue;
    if (!can_move) {
      unit.step = 0;
      continue;
    }
    // A point of the grid, such that as many steps are free below as above.
    const double first = channels[c].low();
    const double below = std::ceil((first - lo[c]) / step - kTolerance);
    const double above = std::floor((hi[c] - first) / step + kTolerance);
    unit.middle = static_cast<float>(first + step * std::ceil((above - below) / 2));
  }
  return units;
}

}  // namespace keyway::quantise
