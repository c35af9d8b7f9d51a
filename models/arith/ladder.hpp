// SPDX-License-Identifier: Apache-2.0
/// Codes for weights in a number system whose codes have fixed values: each weight takes one of the
/// values nearest to it, in steps of its channel.
///
/// Mathematics: a ladder is the different operands that codes have, in order, one code for each.
/// For every channel the step is searched (peak weight at some rung, from beyond the top one down
/// some octaves; of many taps a part decides), on the problem's grid; then weights take the rung of
/// least error, and with a gram matrix they move to neighbouring rungs as long as the error at the
/// layer's outputs falls (`refine.hpp`). Deterministic. Contract: operands within the problem's
/// limit only. Test: tests/arith/test_number_systems.cpp.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "arith/coding.hpp"

namespace keyway::arith {

class Ladder {
 public:
  struct Rung {
    int32_t operand;
    uint8_t code;  ///< the smallest one that has it
  };

  /// The operands of all codes that are at most `limit` in magnitude; throws Error(kUsage) if there
  /// are none.
  Ladder(const Operands& operands, int limit);

  const std::vector<Rung>& rungs() const { return rungs_; }
  /// The rung nearest to `value`, the lower one of two.
  size_t nearest(double value) const;
  /// The rung on which a code stands; rungs().size() if none.
  size_t rung_of(uint8_t code) const { return rung_of_[code]; }

 private:
  std::vector<Rung> rungs_;      ///< by operand
  std::vector<double> middles_;  ///< between each rung and the next
  std::vector<size_t> rung_of_;
};

/// Steps that are tried for a channel: they put its largest weight at the top operand times
/// 2^(k / 8), for k from `highest` down to `lowest`; with `signs` their negatives, too.
struct StepSearch {
  static constexpr int kStepsAnOctave = 8;
  static constexpr int64_t kSampledTaps = 4096;  ///< of a channel, which decide
  int highest, lowest;
  bool signs;
};

/// The permitted one of least error when each weight takes the nearest operand of its ladder;
/// ladder_of(weight) gives that, and `top` is the furthest operand.
template <typename LadderOf>
double best_step(const WeightProblem& problem, int64_t channel, double top, LadderOf ladder_of,
                 const StepSearch& search) {
  double peak = 0;
  for (int64_t t = 0; t < problem.taps; ++t) {
    peak = std::max(peak, std::abs(problem.weight(channel, t)));
  }
  if (!(peak > 0)) return problem.any_step(channel);
  const int64_t stride = std::max<int64_t>(1, problem.taps / StepSearch::kSampledTaps);
  const auto error_of = [&](double step) {
    double sum = 0;
    for (int64_t t = 0; t < problem.taps; t += stride) {
      const double w = problem.weight(channel, t);
      const Ladder& ladder = ladder_of(static_cast<size_t>(channel * problem.taps + t));
      const double d = w - step * ladder.rungs()[ladder.nearest(w / step)].operand;
      sum += problem.importance_of_tap(t) * d * d;
    }
    return sum;
  };
  double best = 0, least = 0;
  for (int k = search.highest; k >= search.lowest; --k) {
    const double wanted =
        peak / (top * std::exp2(static_cast<double>(k) / StepSearch::kStepsAnOctave));
    const double size = problem.permitted(channel, wanted);
    if (size == std::abs(best)) continue;  // of a coarse grid
    for (const double step : {size, -size}) {
      if (step < 0 && !search.signs) continue;
      const double error = error_of(step);
      if (best != 0 && error >= least) continue;
      least = error;
      best = step;
    }
  }
  return best;
}

/// Codes for a tensor in the system without a table of operands whose codes have these, or that
/// decodes so.
Coding encode_on_ladder(const WeightProblem& problem, const Operands& operands);
Coding encode_on_ladder(const WeightProblem& problem,
                        int32_t (*operand)(uint8_t code, const Table& table, ArrayKind kind));

}  // namespace keyway::arith
