// SPDX-License-Identifier: Apache-2.0
/// The error that a coding makes at a layer's outputs, kept up to date while codes change, and the
/// searches that lessen it.
///
/// With d the coded weights minus the wanted ones, the error is E = sum over channels of a d' G d
/// (coding.hpp: a the channel's importance, G the gram matrix). Moving one weight by x changes E by
/// a (2 x g + x^2 G_tt), where the gradient g = G d is stored for all weights and costs one row of
/// G to update. `refine_rounding` lets single codes step up or down a ladder (int8);
/// `refine_exchange` swaps the codes of two weights, so every code keeps its count (qf8), and moves
/// table entries. Steps are refitted in between. E never grows, but for the noise of double. Time:
/// a round of exchanges is linear in the weights, but for a row of G a move; beyond some thousand
/// by a thousand weights there is one round, and entries stay. Without a gram matrix both do
/// nothing. Source: Nagel et al., "Up or Down? Adaptive Rounding", arXiv 2004.10568, section 3 (why
/// rounding to nearest is not best, and this quadratic form). Test: tests/arith/test_refine.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "arith/coding.hpp"

namespace keyway::arith {

class Ladder;
/// That of a weight, [channel][tap].
using LadderOf = std::function<const Ladder&(size_t weight)>;

class OutputError {
 public:
  /// The problem must outlive this and have a gram matrix.
  OutputError(const WeightProblem& problem, const Coding& coding);

  /// How E changes if the coded weight at (channel, tap) moves by `x`.
  double change(size_t channel, size_t tap, double x) const {
    return importance(channel) *
           (2 * x * gradient_[channel * taps_ + tap] + x * x * gram(tap, tap));
  }
  /// What two moves in one channel change beyond the sum of their changes.
  double cross(size_t channel, size_t tap_a, double x_a, size_t tap_b, double x_b) const {
    return 2 * importance(channel) * x_a * x_b * gram(tap_a, tap_b);
  }
  void move(size_t channel, size_t tap, double x);
  /// Moves table entry `code` by the whole number that lessens E most, within `limit`; false: by 0.
  bool move_entry(Coding& coding, uint8_t code, const std::vector<size_t>& members, int limit);
  /// Gives every channel the permitted step that is best for its codes.
  void refit_steps(Coding& coding);

  double total() const;

 private:
  double gram(size_t a, size_t b) const {
    return static_cast<double>(problem_.gram[a * taps_ + b]);
  }
  double importance(size_t channel) const {
    return problem_.importance_of_channel(static_cast<int64_t>(channel));
  }
  /// Rows of [channel][tap] times the gram matrix.
  void multiply(const std::vector<double>& rows, std::vector<double>& products) const;

  const WeightProblem& problem_;
  size_t channels_, taps_;
  std::vector<double> difference_;  ///< coded minus wanted weight
  std::vector<double> gradient_;
};

/// Codes move to neighbouring rungs.
void refine_rounding(const WeightProblem& problem, const LadderOf& ladder_of, Coding& coding);
void refine_rounding(const WeightProblem& problem, const Ladder& ladder, Coding& coding);
/// Codes keep their counts; entries stay within [-limit, limit].
void refine_exchange(const WeightProblem& problem, int limit, Coding& coding);

}  // namespace keyway::arith
