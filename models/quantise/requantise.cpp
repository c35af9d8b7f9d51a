// SPDX-License-Identifier: Apache-2.0
#include "quantise/requantise.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace keyway::quantise {
namespace {

constexpr int kMinShift = 1;

int32_t multiplier(double factor, int shift) {
  const double m = std::nearbyint(std::ldexp(factor, shift));
  return static_cast<int32_t>(std::clamp(m, -double{kMaxMultiplier}, double{kMaxMultiplier}));
}

/// The largest shift at which both factors' integers fit.
int shift_of(double factor, double residual_factor) {
  const double largest = std::max(std::abs(factor), std::abs(residual_factor));
  int shift = kMaxShift;
  while (shift > kMinShift && std::nearbyint(std::ldexp(largest, shift)) > kMaxMultiplier) --shift;
  return shift;
}

}  // namespace

double factor_grid(double largest, double residual_factor) {
  if (residual_factor == 0) return 0;
  return std::ldexp(1.0, -shift_of(largest, residual_factor));
}

ChannelPost make_post(double factor, double residual_factor, double bias, double lo, double hi,
                      bool is_signed) {
  ChannelPost post;
  post.shift = shift_of(factor, residual_factor);
  post.m = multiplier(factor, post.shift);
  post.mr = multiplier(residual_factor, post.shift);
  const double most = std::numeric_limits<int32_t>::max();
  post.bias = static_cast<int32_t>(std::clamp(std::nearbyint(bias), -most, most));
  const double least_byte = is_signed ? -128 : 0, most_byte = is_signed ? 127 : 255;
  post.lo = static_cast<int32_t>(std::nearbyint(std::clamp(lo, least_byte, most_byte)));
  post.hi = static_cast<int32_t>(std::nearbyint(std::clamp(hi, least_byte, most_byte)));
  return post;
}

}  // namespace keyway::quantise
