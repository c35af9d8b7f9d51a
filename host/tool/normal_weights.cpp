// SPDX-License-Identifier: Apache-2.0
#include "tool/normal_weights.hpp"

#include <cmath>

namespace keyway::tool {

namespace {

constexpr int64_t kWeights = 4096;

/// Where the standard normal distribution reaches `share`.
double normal_quantile(double share) {
  double low = -10, high = 10;
  while (high - low > 1e-12) {
    const double middle = (low + high) / 2;
    (std::erfc(-middle / std::sqrt(2.0)) / 2 < share ? low : high) = middle;
  }
  return low;
}

}  // namespace

arith::WeightProblem normal_weights(arith::ArrayKind kind) {
  arith::WeightProblem problem;
  problem.channels = 1;
  problem.taps = kWeights;
  problem.array_kind = kind;
  for (int64_t k = 0; k < kWeights; ++k) {
    problem.weights.push_back(normal_quantile((static_cast<double>(k) + 0.5) / kWeights));
  }
  return problem;
}

}  // namespace keyway::tool
