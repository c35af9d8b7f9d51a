// SPDX-License-Identifier: Apache-2.0
/// Assignment of weights to C codes (a power of two, 256 at most) that are all equally likely, and
/// the least-squares fits beside it.
///
/// Weights are compared by value = weight / step of their channel. Of C buckets number k holds
/// exactly floor((k+1) n / C) - floor(k n / C) of the n weights. If every error weighed the same,
/// the best assignment would be by rank, and its few outermost buckets, wide because values are
/// rare there, would make most of the error. But errors do not weigh the same (coding.hpp): the
/// least important `share` of the weights may go wherever there is room. The others, in order of
/// value, are cut into C runs, none larger than its bucket, of equal error where that limit does
/// not bind (the condition of an optimal scalar quantiser), and the least important ones fill the
/// buckets up, in order of value. With share 0 this is the rank.
///
/// Values are compared as 32-bit floats, so that ranking is a radix sort; ties are broken by
/// pseudo-random numbers from the problem's seed. A run's error follows from sums up to its ends.
/// With fewer than C weights every weight gets a code of its own, chosen at random in order of
/// value. Source: equal distortion of cells: Gersho and Gray, Vector Quantization and Signal
/// Compression, section 5.6. Test: tests/arith/test_number_systems.cpp.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "arith/coding.hpp"

namespace keyway::arith {

/// Of every code; those that the system does not have are zero.
using Entries = std::array<double, contract::kTableEntries>;

class Quantiles {
 public:
  /// The problem must outlive this.
  Quantiles(const WeightProblem& problem, size_t codes);

  size_t count() const { return buckets_; }  ///< of codes

  /// Every weight of the channel is zero (or its square is).
  bool is_zero(int64_t channel) const;
  /// Where to start: the root mean square weight of a channel.
  double first_step(int64_t channel) const;

  /// Gives every weight its code.
  void assign(const std::vector<double>& step, double share);
  const std::vector<uint8_t>& codes() const { return codes_; }

  /// Least-squares entries for the last assignment, in units of its steps.
  Entries fit_entries() const;
  /// Least-squares step of a channel for the last assignment; 0 where there is none.
  template <typename Values>
  double fit_step(int64_t channel, const Values& entries) const;
  /// Objective of coding.hpp for the last assignment.
  double error(const std::vector<double>& step, const Entries& entries) const;

 private:
  void choose_codes();
  void rank();
  size_t capacity(size_t bucket) const;
  double importance_below(double share) const;
  size_t cut(double most, bool store);
  void fill(const std::vector<uint32_t>& rest);
  void fill_unused(Entries& entries) const;

  const WeightProblem& problem_;
  size_t count_;    ///< of weights
  size_t buckets_;  ///< of codes
  std::mt19937_64 random_;
  std::vector<double> error_weight_;  ///< of every weight: channel times tap importance
  std::vector<uint32_t> shuffled_;    ///< all weights, at random: ties are ranked in this order
  std::vector<uint8_t> used_;    ///< codes in use, rising; all, or as many as there are weights
  std::vector<uint32_t> order_;  ///< weights by value
  /// Of the important weights in order of value, before each: importance, that times value, that
  /// times value squared.
  struct Sums {
    double zeroth = 0, first = 0, second = 0;
  };
  std::vector<uint32_t> important_;
  std::vector<Sums> sums_;
  std::vector<double> value_;
  std::vector<double> importance_;  ///< of an error of `value`
  std::vector<uint8_t> codes_;
  std::array<size_t, contract::kTableEntries> taken_{};  ///< weights that a bucket holds so far
};

template <typename Values>
double Quantiles::fit_step(int64_t channel, const Values& entries) const {
  double product = 0, square = 0;
  for (int64_t t = 0; t < problem_.taps; ++t) {
    const auto i = static_cast<size_t>(channel * problem_.taps + t);
    const auto entry = static_cast<double>(entries[codes_[i]]);
    const double importance = problem_.importance_of_tap(t);
    product += importance * problem_.weights[i] * entry;
    square += importance * entry * entry;
  }
  return product > 0 && square > 0 ? product / square : 0.0;
}

}  // namespace keyway::arith
