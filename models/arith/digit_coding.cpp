// SPDX-License-Identifier: Apache-2.0
#include "arith/digit_coding.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <optional>

#include "arith/ladder.hpp"
#include "arith/refine.hpp"

namespace keyway::arith {
namespace {

using Operand = int32_t (*)(uint8_t code, const Table& table, ArrayKind kind);
using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// See StepSearch: operands reach twice as far on one side as on the other.
constexpr StepSearch kSearch{20, -12, true};
/// Of the mean power of a tap, added to each: more than noise, less than what is seen.
constexpr double kDamping = 0.01;
/// Steps beside the first choice that are coded with feedback, by these factors.
constexpr std::array<double, 6> kOtherSteps{0.7, 0.8, 0.9, 1.12, 1.25, 1.4};
/// Products of a tensor's feedback beyond which the first choice is the only one.
constexpr double kLarge = 4e9;

class Ladders {
 public:
  Ladders(const WeightProblem& problem, Operand operand) : problem_(problem) {
    for (size_t code = 0; code < operands_.size(); ++code) {
      operands_[code] = operand(static_cast<uint8_t>(code), {}, problem.array_kind);
    }
    for (uint32_t digits = 1; digits <= contract::kMostDigits; ++digits) {
      Operands upper;
      for (size_t code = 0; code < upper.size(); ++code) {
        upper[code] = operands_[upper_digits(static_cast<uint8_t>(code), digits)];
      }
      ladders_.emplace_back(upper, problem.operand_limit);
    }
  }

  const Operands& operands() const { return operands_; }
  const Ladder& of_digits(uint32_t digits) const { return ladders_[digits - 1]; }
  const Ladder& of_weight(size_t weight) const {
    return of_digits(problem_.digits.empty() ? contract::kMostDigits : problem_.digits[weight]);
  }
  /// The furthest operand.
  double top() const {
    const auto& rungs = ladders_.back().rungs();
    return std::max(std::abs(rungs.front().operand), std::abs(rungs.back().operand));
  }

 private:
  const WeightProblem& problem_;
  Operands operands_{};
  std::vector<Ladder> ladders_;
};

const Ladder::Rung& nearest(const Ladder& ladder, double value) {
  return ladder.rungs()[ladder.nearest(value)];
}

/// A channel's gram matrix as R' R, over taps in the order in which they are not coded.
class Feedback {
 public:
  Feedback(const WeightProblem& problem, const Ladders& ladders, size_t channel)
      : problem_(problem), ladders_(ladders), order_(static_cast<size_t>(problem.taps)) {
    const size_t taps = order_.size();
    const auto gram = [&](size_t a, size_t b) {
      return static_cast<double>(problem.gram_of(channel)[a * taps + b]);
    };
    std::iota(order_.begin(), order_.end(), size_t{0});
    std::stable_sort(order_.begin(), order_.end(),
                     [&](size_t a, size_t b) { return gram(a, a) < gram(b, b); });
    double power = 0;
    for (size_t t = 0; t < taps; ++t) power += gram(t, t);
    const double damping = power > 0 ? kDamping * power / static_cast<double>(taps) : 1.0;
    const auto n = static_cast<Eigen::Index>(taps);
    Matrix ordered(n, n);
    for (size_t a = 0; a < taps; ++a) {
      for (size_t b = 0; b < taps; ++b) {
        ordered(static_cast<Eigen::Index>(a), static_cast<Eigen::Index>(b)) =
            gram(order_[a], order_[b]) + (a == b ? damping : 0.0);
      }
    }
    root_ = Eigen::LLT<Matrix>(ordered).matrixU();
  }

  /// Codes a channel in this step; gives its part of E.
  double code(int64_t channel, double step, uint8_t* codes) const {
    const auto n = static_cast<Eigen::Index>(order_.size());
    Eigen::VectorXd difference(n);
    double sum = 0;
    for (Eigen::Index i = n - 1; i >= 0; --i) {
      const size_t tap = order_[static_cast<size_t>(i)];
      const double w = problem_.weight(channel, static_cast<int64_t>(tap));
      const Eigen::Index later = n - 1 - i;
      const double others = root_.row(i).tail(later).dot(difference.tail(later));
      const Ladder& ladder = ladders_.of_weight(static_cast<size_t>(channel) * order_.size() + tap);
      const Ladder::Rung& rung = nearest(ladder, (w - others / root_(i, i)) / step);
      difference[i] = step * rung.operand - w;
      const double row = root_(i, i) * difference[i] + others;
      sum += row * row;
      codes[tap] = rung.code;
    }
    return sum;
  }

 private:
  const WeightProblem& problem_;
  const Ladders& ladders_;
  std::vector<size_t> order_;
  Matrix root_;
};

void code_with_feedback(const WeightProblem& problem, const Ladders& ladders, Coding& coding) {
  std::optional<Feedback> feedback;
  const auto taps = static_cast<size_t>(problem.taps);
  const bool is_large = static_cast<double>(coding.codes.size()) * static_cast<double>(taps) *
                            (2 * kOtherSteps.size() + 2) / 2 >
                        kLarge;
  std::vector<uint8_t> tried(taps);
  for (int64_t c = 0; c < problem.channels; ++c) {
    if (!feedback || problem.has_own_grams())
      feedback.emplace(problem, ladders, static_cast<size_t>(c));
    double& step = coding.step[static_cast<size_t>(c)];
    uint8_t* codes = coding.codes.data() + static_cast<size_t>(c) * taps;
    double least = feedback->code(c, step, codes);
    if (is_large) continue;
    const double first = std::abs(step);
    std::vector<double> others{-step};
    for (const double factor : kOtherSteps) {
      const double size = problem.permitted(c, factor * first);
      if (size == first) continue;
      others.insert(others.end(), {size, -size});
    }
    for (const double other : others) {
      const double error = feedback->code(c, other, tried.data());
      if (error >= least) continue;
      least = error;
      step = other;
      std::copy(tried.begin(), tried.end(), codes);
    }
  }
}

/// The problem with every channel turned so that its step is positive, and its turning back.
WeightProblem turned(WeightProblem problem, const std::vector<double>& step) {
  for (size_t i = 0; i < problem.weights.size(); ++i) {
    if (step[i / static_cast<size_t>(problem.taps)] < 0) problem.weights[i] = -problem.weights[i];
  }
  return problem;
}

}  // namespace

Coding encode_digits(const WeightProblem& problem, Operand operand) {
  const Ladders ladders(problem, operand);
  Coding coding;
  coding.operands = ladders.operands();
  coding.codes.resize(problem.weights.size());
  const auto ladder_of = [&](size_t weight) -> const Ladder& { return ladders.of_weight(weight); };
  for (int64_t c = 0; c < problem.channels; ++c) {
    coding.step.push_back(best_step(problem, c, ladders.top(), ladder_of, kSearch));
  }
  if (problem.gram.empty()) {
    for (size_t i = 0; i < coding.codes.size(); ++i) {
      const double step = coding.step[i / static_cast<size_t>(problem.taps)];
      coding.codes[i] = nearest(ladders.of_weight(i), problem.weights[i] / step).code;
    }
    return coding;
  }
  code_with_feedback(problem, ladders, coding);
  const std::vector<double> signs = coding.step;
  for (double& step : coding.step) step = std::abs(step);
  refine_rounding(turned(problem, signs), ladder_of, coding);
  for (size_t c = 0; c < signs.size(); ++c)
    coding.step[c] = std::copysign(coding.step[c], signs[c]);
  return coding;
}

std::vector<DigitErrors> digit_errors(const WeightProblem& problem, Operand operand,
                                      const std::vector<uint32_t>& group, size_t groups) {
  const Ladders ladders(problem, operand);
  std::vector<DigitErrors> errors(groups, DigitErrors{});
  for (uint32_t digits = 1; digits <= contract::kMostDigits; ++digits) {
    const Ladder& ladder = ladders.of_digits(digits);
    for (int64_t c = 0; c < problem.channels; ++c) {
      const double step = best_step(
          problem, c, ladders.top(), [&](size_t) -> const Ladder& { return ladder; }, kSearch);
      for (int64_t t = 0; t < problem.taps; ++t) {
        const double w = problem.weight(c, t);
        const double d = w - step * nearest(ladder, w / step).operand;
        errors[group[static_cast<size_t>(c * problem.taps + t)]][digits - 1] +=
            problem.importance_of_channel(c) * problem.importance_of_tap(t) * d * d;
      }
    }
  }
  return errors;
}

}  // namespace keyway::arith
