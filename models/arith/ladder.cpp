// SPDX-License-Identifier: Apache-2.0
#include "arith/ladder.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "arith/refine.hpp"
#include "common/error.hpp"

namespace keyway::arith {
namespace {

/// See StepSearch.
constexpr StepSearch kSearch{6, -40, false};

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
  Operands operands{};
  for (size_t code = 0; code < operands.size(); ++code) {
    operands[code] = operand(static_cast<uint8_t>(code), {}, problem.array_kind);
  }
  return encode_on_ladder(problem, operands);
}

Coding encode_on_ladder(const WeightProblem& problem, const Operands& operands) {
  Coding coding;
  coding.operands = operands;
  const Ladder ladder(coding.operands, problem.operand_limit);
  coding.codes.resize(problem.weights.size());
  coding.step.resize(static_cast<size_t>(problem.channels));
  const double top =
      std::max(std::abs(ladder.rungs().front().operand), std::abs(ladder.rungs().back().operand));
  for (int64_t c = 0; c < problem.channels; ++c) {
    const double step = best_step(
        problem, c, top, [&](size_t) -> const Ladder& { return ladder; }, kSearch);
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
