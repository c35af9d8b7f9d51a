// SPDX-License-Identifier: Apache-2.0
/// The error that a coding makes at a layer's outputs, kept up to date while codes change, and the
/// searches that lessen it.
///
/// With d the coded weights minus the wanted ones, the error is E = sum over channels of a d' G d
/// (coding.hpp: a the channel's importance, G the gram matrix). Moving one weight by x changes E by
/// a (2 x g + x^2 G_tt), where the gradient g = G d is stored for all weights and costs one row of
/// G to update. `refine_rounding` lets single codes step up or down a ladder (int8);
/// `refine_exchange` swaps the codes of two weights, so every code keeps its count (qf8, qf4), and
/// moves table entries. Steps are refitted in between. E never grows, but for the noise of the
/// gradient's type. Without a gram matrix both do nothing.
///
/// What stops the exchanges: a round that gains little of E is the last. Below 1e8 weights times
/// taps every exchange is made that gains at all. Of a larger tensor most exchanges gain next to
/// nothing, and each costs two rows of G, which soon are all of the time, so there
/// - an exchange must gain 0.08 of what a weight had of E on average at first, an entry 0.004 for
///   each of its weights;
/// - rounds are three at most, and fewer the larger the tensor, because a round's time grows with
///   weights times taps and the first one gains most. Codes follow steps and steps codes, slowly,
///   so steps go nearly twice as far as is best for the codes of the moment (successive
///   over-relaxation), and to the best one at the end;
/// - weights exchange codes within blocks of channels whose gradients a cache holds, and gradients
///   are 32-bit floats, whose noise is far below the least gain.
///
/// Against exchanging to the end, E is within one percent at 128 x 1152 to 2048 x 1024 weights, in
/// a third to a half of the time.
///
/// Everything runs in one fixed order on one thread, so equal problems get equal codings.
/// Source: Nagel et al., "Up or Down? Adaptive Rounding", arXiv 2004.10568, section 3 (why rounding
/// to nearest is not best, and this quadratic form). Test: tests/arith/test_refine.cpp.
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

/// Of a weight.
struct Place {
  uint32_t channel, tap;
};

/// Real is the type of the gradient: double or float.
template <typename Real>
class OutputErrorIn {
 public:
  /// The problem must outlive this and have a gram matrix.
  OutputErrorIn(const WeightProblem& problem, const Coding& coding);

  /// How E changes if the coded weight at (channel, tap) moves by `x`.
  double change(size_t channel, size_t tap, double x) const {
    return importance(channel) * (2 * x * gradient(channel, tap) + x * x * diagonal(channel, tap));
  }
  /// What two moves in one channel change beyond the sum of their changes.
  double cross(size_t channel, size_t tap_a, double x_a, size_t tap_b, double x_b) const {
    return 2 * importance(channel) * x_a * x_b * gram(channel, tap_a, tap_b);
  }
  void move(size_t channel, size_t tap, double x);
  /// Moves table entry `code` by the whole number that lessens E most, within `limit`, if that
  /// gains more than `least` for each weight that has the code.
  void move_entry(Coding& coding, uint8_t code, const std::vector<Place>& members, int limit,
                  double least);
  /// Gives every channel the permitted step that is best for its codes, or `stride` times as far on
  /// its way there (below two), if that lessens E.
  void refit_steps(Coding& coding, double stride = 1);

  double total() const;

 private:
  double gram(size_t channel, size_t a, size_t b) const {
    return static_cast<double>(problem_.gram_of(channel)[a * taps_ + b]);
  }
  double diagonal(size_t channel, size_t tap) const {
    return diagonal_[(problem_.has_own_grams() ? channel * taps_ : 0) + tap];
  }
  double gradient(size_t channel, size_t tap) const {
    return static_cast<double>(gradient_[channel * taps_ + tap]);
  }
  double importance(size_t channel) const {
    return problem_.importance_of_channel(static_cast<int64_t>(channel));
  }
  /// Rows of [channel][tap] times the gram matrix.
  std::vector<Real> multiply(const std::vector<double>& rows) const;

  const WeightProblem& problem_;
  size_t channels_, taps_;
  std::vector<double> diagonal_;    ///< of the gram matrix, or of every channel's
  std::vector<double> difference_;  ///< coded minus wanted weight
  std::vector<Real> gradient_;
  std::vector<Real> wanted_;  ///< wanted weights times the gram matrix
};
using OutputError = OutputErrorIn<double>;

/// Codes move to neighbouring rungs.
void refine_rounding(const WeightProblem& problem, const LadderOf& ladder_of, Coding& coding);
void refine_rounding(const WeightProblem& problem, const Ladder& ladder, Coding& coding);
/// Codes, of which there are `codes`, keep their counts; entries stay within [-limit, limit].
void refine_exchange(const WeightProblem& problem, int limit, size_t codes, Coding& coding);

}  // namespace keyway::arith
