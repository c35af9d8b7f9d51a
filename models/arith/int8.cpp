// SPDX-License-Identifier: Apache-2.0
#include "arith/int8.hpp"

#include <algorithm>
#include <cmath>

#include "arith/coding.hpp"
#include "arith/ladder.hpp"
#include "arith/refine.hpp"

namespace keyway::arith::int8 {
namespace {

constexpr int kLargest = 127;

/// Sum of importance * error^2 of one channel at one step.
double squared_error(const WeightProblem& problem, int64_t channel, double step, int largest) {
  double sum = 0;
  for (int64_t t = 0; t < problem.taps; ++t) {
    const double w = problem.weight(channel, t);
    const double operand =
        std::clamp(std::nearbyint(w / step), -static_cast<double>(largest), double(largest));
    const double d = w - step * operand;
    sum += problem.importance_of_tap(t) * d * d;
  }
  return sum;
}

/// The step that makes every weight of the channel an integer (weights that were 8-bit integers
/// before); 0 if there is none.
double exact_step(const WeightProblem& problem, int64_t channel, double peak, int largest) {
  constexpr double kTolerance = 1e-3;  // of a step
  for (int k = largest; k >= 1; --k) {
    const double step = peak / k;
    bool fits = true;
    for (int64_t t = 0; t < problem.taps && fits; ++t) {
      const double operand = problem.weight(channel, t) / step;
      fits = std::abs(operand - std::nearbyint(operand)) < kTolerance;
    }
    if (fits) return step;
  }
  return 0;
}

/// The step without clamping and a range of smaller ones; the best of them.
double best_step(const WeightProblem& problem, int64_t channel, double peak, int largest) {
  const double whole = problem.permitted(channel, peak / largest, true);
  double best = whole, least = squared_error(problem, channel, whole, largest);
  const double exact = exact_step(problem, channel, peak, largest);
  for (int i = exact > 0 ? 0 : 1; i <= 60; ++i) {
    const double step =
        problem.permitted(channel, i == 0 ? exact : peak / largest * std::pow(0.96, i));
    const double error = squared_error(problem, channel, step, largest);
    if (error < least) {
      least = error;
      best = step;
    }
  }
  return best;
}

}  // namespace

int32_t operand(uint8_t code, const Table&, ArrayKind) { return static_cast<int8_t>(code); }

double unit(ArrayKind) { return 1; }

double exact_value(uint8_t code, const Table&) {
  double value = 0;
  for (int bit = 0; bit < 8; ++bit) {
    if ((code >> bit & 1) != 0) value += bit == 7 ? -128.0 : static_cast<double>(1 << bit);
  }
  return value;
}

CodeFields fields(uint8_t code) {
  return {{"integer", bits_of(code, 0, 8), static_cast<int8_t>(code)}};
}

Coding encode(const WeightProblem& problem) {
  Coding coding;
  coding.codes.resize(problem.weights.size());
  coding.step.resize(static_cast<size_t>(problem.channels));
  for (int code = 0; code < 256; ++code) {
    coding.operands[static_cast<size_t>(code)] = static_cast<int8_t>(code);
  }
  const int largest = std::min(kLargest, problem.operand_limit);
  for (int64_t c = 0; c < problem.channels; ++c) {
    double peak = 0;
    for (int64_t t = 0; t < problem.taps; ++t)
      peak = std::max(peak, std::abs(problem.weight(c, t)));
    const double step = peak > 0 ? best_step(problem, c, peak, largest) : problem.any_step(c);
    coding.step[static_cast<size_t>(c)] = step;
    for (int64_t t = 0; t < problem.taps; ++t) {
      const double operand = std::clamp(std::nearbyint(problem.weight(c, t) / step),
                                        -static_cast<double>(largest), double(largest));
      coding.codes[static_cast<size_t>(c * problem.taps + t)] =
          static_cast<uint8_t>(static_cast<int8_t>(operand));
    }
  }
  refine_rounding(problem, Ladder(coding.operands, largest), coding);
  return coding;
}

}  // namespace keyway::arith::int8
