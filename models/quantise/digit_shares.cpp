// SPDX-License-Identifier: Apache-2.0
#include "quantise/digit_shares.hpp"

#include <algorithm>
#include <cmath>

#include "common/integers.hpp"

namespace keyway::quantise {
namespace {

using common::ceil_div;

constexpr int64_t kEntries = contract::kScheduleEntries;
/// Halvings of the range in which the price lies.
constexpr int kTurns = 100;

std::vector<uint8_t> digits_at(const std::vector<arith::DigitErrors>& errors,
                               const std::vector<double>& cycles, double price) {
  std::vector<uint8_t> digits(errors.size(), 1);
  for (size_t g = 0; g < errors.size(); ++g) {
    double least = errors[g][0] + price * cycles[g];
    for (uint32_t k = 2; k <= contract::kMostDigits; ++k) {
      const double cost = errors[g][k - 1] + price * k * cycles[g];
      if (cost >= least) continue;
      least = cost;
      digits[g] = static_cast<uint8_t>(k);
    }
  }
  return digits;
}

}  // namespace

DigitGroups digit_groups(const Shape& in, const Shape& out, const graph::Window& window,
                         bool is_dense, const ArrayShape& array) {
  const int64_t positions = window.kernel_h * window.kernel_w;
  const int64_t channels = is_dense ? in.channels : 1;
  // Few channels are gathered from several taps: then all of an output block is one group.
  const bool is_gathered = channels < array.depth;
  const int64_t blocks = is_gathered ? 1 : ceil_div(channels, array.depth);
  const int64_t tiles =
      is_gathered ? ceil_div(channels * positions, array.depth) : blocks * positions;
  const int64_t run = ceil_div(tiles, kEntries);
  const int64_t entries = is_gathered ? 1 : ceil_div(tiles, run);
  const double pass = std::max(static_cast<double>(out.pixels()),
                               static_cast<double>(array.depth) / contract::kLaneWeightBytes);
  DigitGroups groups;
  groups.cycles.assign(static_cast<size_t>(ceil_div(out.channels, array.lanes) * entries), 0.0);
  for (int64_t block = 0; block * array.lanes < out.channels; ++block) {
    for (int64_t tile = 0; tile < tiles; ++tile) {
      const int64_t entry = is_gathered ? 0 : tile / run;
      groups.cycles[static_cast<size_t>(block * entries + entry)] += pass;
    }
  }
  for (int64_t o = 0; o < out.channels; ++o) {
    for (int64_t c = 0; c < channels; ++c) {
      for (int64_t p = 0; p < positions; ++p) {
        const int64_t tile = p * blocks + c / array.depth;
        const int64_t entry = is_gathered ? 0 : tile / run;
        groups.of_weight.push_back(static_cast<uint32_t>(o / array.lanes * entries + entry));
      }
    }
  }
  return groups;
}

std::vector<uint8_t> share_digits(const std::vector<arith::DigitErrors>& errors,
                                  const std::vector<double>& cycles, double mean) {
  double all = 0, most = 0;
  for (size_t g = 0; g < errors.size(); ++g) {
    all += cycles[g];
    most = std::max(most, errors[g][0] / cycles[g]);
  }
  const auto fits = [&](const std::vector<uint8_t>& digits) {
    double sum = 0;
    for (size_t g = 0; g < digits.size(); ++g) sum += digits[g] * cycles[g];
    return sum <= mean * all;
  };
  // At `most` each group has one digit.
  double low = std::log2(std::max(most, 1e-300)) - kTurns, high = low + kTurns;
  std::vector<uint8_t> best = digits_at(errors, cycles, most);
  for (int turn = 0; turn < kTurns; ++turn) {
    const double middle = (low + high) / 2;
    std::vector<uint8_t> digits = digits_at(errors, cycles, std::exp2(middle));
    if (fits(digits)) {
      high = middle;
      best = std::move(digits);
    } else {
      low = middle;
    }
  }
  return best;
}

}  // namespace keyway::quantise
