// SPDX-License-Identifier: Apache-2.0
/// What a number system is asked when a tensor of weights is coded, and what it answers.
///
/// A tensor has `channels` output channels of `taps` weights each. Coding finds, for every channel,
/// a step and, for every weight, a code, such that weight ~ step[channel] * operand(code), with
/// least
///
///     sum over channels of  channel_importance * sum over taps of tap_importance * error^2
///
/// where a tap's importance is the mean square of the activation that meets it, and a channel's
/// that of the unit in which its output is stored, to the power of minus two: what counts is the
/// error that arrives at the outputs, in their own units. A channel that adds nearly nothing to its
/// bias thus counts for nearly nothing, and so do taps of inputs that are nearly always zero.
///
/// Activations are correlated, so errors of taps add up or cancel. Where the covariance of the
/// activations (`gram`) is known, a coding is refined under the error that really arrives, up to
/// its mean, which the bias takes,
///
///     sum over channels of  channel_importance * error' gram error        (`refine.hpp`).
///
/// A requantiser that multiplies sum and residual with integers of one shift knows only steps that
/// are multiples of a grid; so the step is chosen on that grid and the weights are coded for
/// it, instead of rounding the multiplier afterwards.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "arith/number_system.hpp"

namespace keyway::arith {

struct WeightProblem {
  static constexpr int kNoLimit = std::numeric_limits<int>::max();

  int64_t channels = 0;
  int64_t taps = 0;
  std::vector<double> weights;         ///< [channel][tap], finite
  std::vector<double> tap_importance;  ///< [tap], not negative; empty: all one
  /// Covariance of the activations at taps, [tap][tap]; of channels with activations of their own
  /// (depthwise) [channel][tap][tap]; may be empty.
  std::vector<float> gram;
  std::vector<double> channel_importance;  ///< [channel], not negative; empty: all one
  std::vector<double> grid;  ///< [channel]: steps are positive multiples of it; 0: any step
  std::vector<double>
      least_step;  ///< [channel]: steps are at least this (a bias must fit); empty: 0
  ArrayKind array_kind = ArrayKind::kMultiplier;  ///< of the core: what operands are
  std::vector<uint8_t> digits;   ///< [channel][tap] of a system with digits; empty: all of them
  int operand_limit = kNoLimit;  ///< no |operand| beyond it (an accumulator must not overflow)
  Table table{};                 ///< of a system with corrections: these
  /// How often each activation from kLeastActivation on meets a weight, for systems whose products
  /// are not linear in it; empty: as usual.
  std::vector<double> activations;
  std::vector<int16_t> columns;  ///< [tap][column], activations that met the taps; may be empty
  double column_trust = 1;       ///< what one of them counts
  uint64_t seed = 0;             ///< of every pseudo-random choice

  double weight(int64_t channel, int64_t tap) const {
    return weights[static_cast<size_t>(channel * taps + tap)];
  }
  double importance_of_tap(int64_t tap) const {
    return tap_importance.empty() ? 1.0 : tap_importance[static_cast<size_t>(tap)];
  }
  double importance_of_channel(int64_t channel) const {
    return channel_importance.empty() ? 1.0 : channel_importance[static_cast<size_t>(channel)];
  }
  bool has_own_grams() const {
    return gram.size() > static_cast<size_t>(taps) * static_cast<size_t>(taps);
  }
  const float* gram_of(size_t channel) const {
    const size_t size = static_cast<size_t>(taps) * static_cast<size_t>(taps);
    return gram.data() + (has_own_grams() ? channel * size : 0);
  }
  /// The permitted step nearest to `step` (`up`: not below it).
  double permitted(int64_t channel, double step, bool up = false) const;
  /// A step for a channel of zeros: the smallest permitted one, so that operands that cannot be
  /// zero (quantile codes) weigh least.
  double any_step(int64_t channel) const;
};

struct Coding {
  std::vector<uint8_t> codes;  ///< [channel][tap]
  Operands operands{};         ///< of every code; with corrections, about
  std::vector<double> step;    ///< [channel]; of systems with digits it may be negative
};

/// The objective above, divided by its value when all weights are taken as zero (0 if that is 0,
/// too).
double relative_error(const WeightProblem& problem, const Coding& coding);

}  // namespace keyway::arith
