// SPDX-License-Identifier: Apache-2.0
#include "tune/projection.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace keyway::tune {
namespace {

constexpr int kRounds = 3;  ///< of buckets, operands and steps in turn
/// Steps that are tried: the least that cuts nothing off, times 2^(k / kPerOctave).
constexpr int kPerOctave = 8, kOctavesBelow = 2, kOctavesAbove = 5;

/// Numbers that rise as finite floats do.
uint32_t rising(float value) {
  value += 0.0F;  // the negative zero is zero
  uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return (bits & 0x80000000U) != 0 ? ~bits : bits | 0x80000000U;
}

}  // namespace

Projection::Projection(const arith::NumberSystemInfo& system) {
  if (system.equally_likely) {
    codes_ = system.codes();
    return;
  }
  int kind = 0;
  while ((system.array_kinds >> kind & 1U) == 0) ++kind;
  for (const int32_t operand : system.operands({}, static_cast<arith::ArrayKind>(kind))) {
    operands_.push_back(static_cast<float>(operand));
  }
  std::sort(operands_.begin(), operands_.end());
  operands_.erase(std::unique(operands_.begin(), operands_.end()), operands_.end());
}

float Projection::nearest(float value) const {
  const auto above = std::lower_bound(operands_.begin(), operands_.end(), value);
  if (above == operands_.begin()) return *above;
  if (above == operands_.end()) return operands_.back();
  return *above - value < value - *(above - 1) ? *above : *(above - 1);
}

std::vector<float> Projection::fit_steps(const Folded& wanted) const {
  std::vector<float> steps;
  if (codes_ != 0) return steps;
  for (int64_t c = 0; c < wanted.channels; ++c) {
    const float* weights = wanted.weights.data() + c * wanted.taps;
    float whole = 0;  // the least step that cuts nothing off
    for (int64_t t = 0; t < wanted.taps; ++t) {
      whole = std::max(whole, weights[t] / (weights[t] > 0 ? operands_.back() : operands_.front()));
    }
    float best = whole > 0 ? whole : 1;
    double least = -1;
    for (int k = -kOctavesBelow * kPerOctave; whole > 0 && k <= kOctavesAbove * kPerOctave; ++k) {
      const float step = whole * std::exp2(static_cast<float>(k) / kPerOctave);
      double error = 0;
      for (int64_t t = 0; t < wanted.taps; ++t) {
        const auto off = static_cast<double>(weights[t] - step * nearest(weights[t] / step));
        error += off * off;
      }
      if (least < 0 || error < least) {
        least = error;
        best = step;
      }
    }
    steps.push_back(best);
  }
  return steps;
}

std::vector<float> Projection::project(const Folded& wanted,
                                       const std::vector<float>& steps) const {
  if (codes_ != 0) return by_rank(wanted);
  std::vector<float> result(wanted.weights.size());
  for (size_t i = 0; i < result.size(); ++i) {
    const float step = steps[i / static_cast<size_t>(wanted.taps)];
    result[i] = step * nearest(wanted.weights[i] / step);
  }
  return result;
}

std::vector<float> Projection::by_rank(const Folded& wanted) const {
  const size_t count = wanted.weights.size(), taps = static_cast<size_t>(wanted.taps);
  const auto channels = static_cast<size_t>(wanted.channels);
  const float* weights = wanted.weights.data();
  std::vector<float> step(channels), values(count), operands(count);
  std::vector<bool> is_zero(channels);
  for (size_t c = 0; c < channels; ++c) {
    double square = 0;
    for (size_t i = c * taps; i < (c + 1) * taps; ++i) square += double(weights[i]) * weights[i];
    step[c] = static_cast<float>(std::sqrt(square / static_cast<double>(taps)));
    is_zero[c] = !(step[c] > 0);
    if (is_zero[c]) step[c] = 1;
  }
  std::vector<uint64_t> order(count);  // value and index, which breaks ties
  for (int round = 0; round < kRounds; ++round) {
    for (size_t i = 0; i < count; ++i) {
      values[i] = weights[i] / step[i / taps];
      order[i] = uint64_t{rising(values[i])} << 32 | i;
    }
    std::sort(order.begin(), order.end());
    const auto ranked = [&](size_t i) { return static_cast<uint32_t>(order[i]); };
    for (size_t k = 0; k < codes_; ++k) {
      const size_t begin = k * count / codes_, end = (k + 1) * count / codes_;
      double sum = 0;
      for (size_t i = begin; i < end; ++i) sum += static_cast<double>(values[ranked(i)]);
      const auto mean = static_cast<float>(sum / static_cast<double>(end - begin));
      for (size_t i = begin; i < end; ++i) operands[ranked(i)] = mean;
    }
    for (size_t c = 0; c < channels; ++c) {
      double product = 0, square = 0;
      for (size_t i = c * taps; i < (c + 1) * taps; ++i) {
        product += double(weights[i]) * operands[i];
        square += double(operands[i]) * operands[i];
      }
      if (product > 0 && square > 0) step[c] = static_cast<float>(product / square);
    }
  }
  for (size_t i = 0; i < count; ++i) operands[i] *= is_zero[i / taps] ? 0 : step[i / taps];
  return operands;
}

}  // namespace keyway::tune
