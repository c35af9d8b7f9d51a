// SPDX-License-Identifier: Apache-2.0
#include "quantise/given_range.hpp"

#include <algorithm>
#include <cmath>

namespace keyway::quantise {
namespace {

constexpr double kSlack = 0.01;  ///< of a step, for bounds that are products of floats

/// The range divided into steps of a byte, without its zero moved.
double best_step(double lo, double hi, double step) {
  const double least = lo < 0 ? -128 : 0, most = lo < 0 ? 127 : 255;
  if (step > 0 && lo / step > least - kSlack && hi / step < most + kSlack) return step;
  return std::max(hi / most, lo < 0 ? lo / least : 0.0);
}

}  // namespace

bool is_given(const Bound& bound) { return std::isfinite(bound.lo) && std::isfinite(bound.hi); }

bool is_byte(const graph::Clamp& clamp) {
  return clamp.step > 0 && (static_cast<double>(clamp.hi) - static_cast<double>(clamp.lo)) /
                                   static_cast<double>(clamp.step) <
                               255 + kSlack;
}

std::optional<Tensor> given_scales(const graph::Tensor& tensor, const Bound& bound, float step) {
  if (!is_given(bound)) return std::nullopt;
  Tensor result;
  result.name = tensor.name;
  result.shape = tensor.shape;
  result.is_signed = bound.lo < 0;
  double scale = best_step(bound.lo, bound.hi, static_cast<double>(step));
  if (!(scale > 0)) scale = step > 0 ? static_cast<double>(step) : 1.0;  // zeros alone
  // Below the smallest normal float a scale would lose its precision, and its inverse overflow.
  scale = std::max(scale, 1e-30);
  result.scale.assign(static_cast<size_t>(tensor.shape.channels), static_cast<float>(scale));
  return result;
}

InputUnit given_unit(const graph::Clamp& clamp, bool is_unsigned, bool with_zero, bool can_move) {
  const auto lo = static_cast<double>(clamp.lo), hi = static_cast<double>(clamp.hi);
  const auto step = static_cast<double>(clamp.step);
  const double still = best_step(is_unsigned ? lo : std::min(lo, -1e-30), hi, step);
  InputUnit unit{0, static_cast<float>(still)};
  const bool is_exact = is_byte(clamp) && still == step;
  if (is_exact || is_unsigned || !can_move || (with_zero && (lo > 0 || hi < 0))) return unit;
  // Byte -128 stands for the lower end.
  const double around = is_byte(clamp) ? step : (hi - lo) / 255;
  if (!(around > 0)) return unit;
  unit.step = static_cast<float>(around);
  unit.middle = static_cast<float>(lo + 128 * around);
  return unit;
}

}  // namespace keyway::quantise
