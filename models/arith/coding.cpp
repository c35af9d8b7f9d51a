// SPDX-License-Identifier: Apache-2.0
#include "arith/coding.hpp"

#include <algorithm>
#include <cmath>

namespace keyway::arith {

double WeightProblem::permitted(int64_t channel, double step, bool up) const {
  const auto c = static_cast<size_t>(channel);
  if (!least_step.empty() && step < least_step[c]) {
    step = least_step[c];
    up = true;
  }
  const double unit = grid.empty() ? 0.0 : grid[c];
  if (unit <= 0) return step;
  // A step that came from this grid must stay where it is, in spite of the division's rounding.
  const double multiple = up ? std::ceil(step / unit - 1e-9) : std::round(step / unit);
  return unit * std::max(1.0, multiple);
}

double WeightProblem::any_step(int64_t channel) const {
  const double least = permitted(channel, 0.0, true);
  return least > 0 ? least : 1.0;
}

double relative_error(const WeightProblem& problem, const Coding& coding) {
  double all_power = 0, all_error = 0;
  for (int64_t c = 0; c < problem.channels; ++c) {
    double power = 0, error = 0;
    for (int64_t t = 0; t < problem.taps; ++t) {
      const double w = problem.weight(c, t), i = problem.importance_of_tap(t);
      const uint8_t code = coding.codes[static_cast<size_t>(c * problem.taps + t)];
      const double d = w - coding.step[static_cast<size_t>(c)] * coding.operands[code];
      power += i * w * w;
      error += i * d * d;
    }
    all_power += problem.importance_of_channel(c) * power;
    all_error += problem.importance_of_channel(c) * error;
  }
  return all_power > 0 ? all_error / all_power : 0.0;
}

}  // namespace keyway::arith
