// SPDX-License-Identifier: Apache-2.0
#include "arith/ladder.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "arith/refine.hpp"
#include "common/error.hpp"

namespace keyway::arith {
namespace {

/// The step that is searched puts the largest weight of a channel at the top operand times
/// 2^(k / kStepsAnOctave), for k from kHighest down to kLowest.
constexpr int kStepsAnOctave = 8;
constexpr int kHighest = 6;
constexpr int kLowest = -40;
/// Taps of a channel that decide its step.
constexpr int64_t kSampledTaps = 4096;

double squared_error(const WeightProblem& problem, int64_t channel, double step,
                     const Ladder& ladder) {
  const int64_t stride = std::max<int64_t>(1, problem.taps / kSampledTaps);
  double sum = 0;
  for (int64_t t = 0; t < problem.taps; t += stride) {
    const double w = problem.weight(channel, t);
    const double d = w - step * ladder.rungs()[ladder.nearest(w / step)].operand;
    sum += problem.importance_of_tap(t) * d * d;
  }
  return sum;
}

double best_step(const WeightProblem& problem, int64_t channel, double peak, const Ladder& ladder) {
  const double top =
      std::max(std::abs(ladder.rungs().front().operand), std::abs(ladder.rungs().back().operand));
  double best = 0, least = 0;
  for (int k = kHighest; k >= kLowest; --k) {
    const double wanted = peak / (top * std::exp2(static_cast<double>(k) / kStepsAnOctave));
    const double step = problem.permitted(channel, wanted);
    if (step == best) continue;  // of a coarse grid
    const double error = squared_error(problem, channel, step, ladder);
    if (best > 0 && error >= least) continue;
    least = error;
    best = step;
  }
  return best;
}

}  // namespace

Ladder::Ladder(const Operands& operands, int limit) : rung_of_(operands.size(), 0) {
  for (size_t code = 0; code < operands.size(); ++code) {
    if (std::abs(operands[code]) > limit) continue;
    rungs_.push_back({operands[code], static_cast<uint8_t>(code)});
  }
  if (rungs_.empty()) throw Error(ErrorKind::kUsage, "no code has an operand so small");
  std::stable_sort(rungs_.begin(), rungs_.end(),
                   [](const Rung& a, const Rung& b) { return a.operand < b.operand; });
  rungs_.erase(std::unique(rungs_.begin(), rungs_.end(),
                           [](const Rung& a, const Rung& b) { return a.operand == b.operand; }),
               rungs_.end());
  for (size_t r = 0; r + 1 < rungs_.size(); ++r) {
    middles_.push_back((static_cast<double>(rungs_[r].operand) + rungs_[r + 1].operand) / 2);
  }
  for (size_t code = 0; code < operands.size(); ++code) {
    const auto at = std::find_if(rungs_.begin(), rungs_.end(),
                                 [&](const Rung& rung) { return rung.operand == operands[code]; });
    rung_of_[code] = static_cast<size_t>(at - rungs_.begin());
  }
}

size_t Ladder::nearest(double value) const {
  return static_cast<size_t>(std::lower_bound(middles_.begin(), middles_.end(), value) -
                             middles_.begin());
}

Coding encode_on_ladder(const WeightProblem& problem,
                        int32_t (*operand)(uint8_t code, const Table& table, ArrayKind kind)) {
  Coding coding;
  for (size_t code = 0; code < coding.operands.size(); ++code) {
    coding.operands[code] = operand(static_cast<uint8_t>(code), {}, problem.array_kind);
  }
  const Ladder ladder(coding.operands, problem.operand_limit);
  coding.codes.resize(problem.weights.size());
  coding.step.resize(static_cast<size_t>(problem.channels));
  for (int64_t c = 0; c < problem.channels; ++c) {
    double peak = 0;
    for (int64_t t = 0; t < problem.taps; ++t) {
      peak = std::max(peak, std::abs(problem.weight(c, t)));
    }
    const double step = peak > 0 ? best_step(problem, c, peak, ladder) : problem.any_step(c);
    coding.step[static_cast<size_t>(c)] = step;
    for (int64_t t = 0; t < problem.taps; ++t) {
      coding.codes[static_cast<size_t>(c * problem.taps + t)] =
          ladder.rungs()[ladder.nearest(problem.weight(c, t) / step)].code;
    }
  }
  refine_rounding(problem, ladder, coding);
  return coding;
}

}  // namespace keyway::arith
