// SPDX-License-Identifier: Apache-2.0
/// Weights that make up for what the layers before them did wrong.
///
/// A quantised layer meets activations x' that are not the float network's x. Weights that are near
/// the float ones pass those errors on; what is to be coded is the linear layer that comes nearest
/// to the float one's outputs w x + r on the inputs x' (and residuals r') that it will have,
///
///     w + cov(w x + r - w x' - r', x') (cov(x') + ridge)^-1.
///
/// Means do not count, the bias takes them. The ridge, a share of the taps' mean power, keeps the
/// weights where the inputs tell nothing. This pays where codes are coarse: a system of eight bits
/// leaves next to nothing to be made up for.
/// Source: Li et al., GPTAQ, arXiv 2504.02692 (asymmetric calibration).
/// Test: tests/quantise/test_compensate.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "graph/graph.hpp"
#include "quantise/lower.hpp"

namespace keyway::quantise {

/// What layers with weights sum up in the float network, residual included and bias not, at the
/// sampled positions (calibration_run.hpp).
class WantedSums {
 public:
  /// Of the layers that are wanted, from the first on, as far as `kMostSums` go. Graph and network
  /// must outlive this.
  WantedSums(const graph::Graph& graph, const FloatNetwork& network, int64_t images,
             const std::function<bool(const FloatLayer&)>& wanted);

  /// Hears of `count` images of a tensor, number `first` and on, as calibrate() tells.
  void see(int tensor, const float* data, int64_t first, int64_t count);

  /// [channel][position]; empty where nothing was kept.
  const std::vector<float>& of_layer(size_t layer) const { return sums_[layer]; }

 private:
  void add_products(size_t layer, const float* data, int64_t first, int64_t count);
  void add_residual(size_t layer, const float* data, int64_t first, int64_t count);

  const graph::Graph& graph_;
  const FloatNetwork& network_;
  int64_t images_;
  std::vector<std::vector<float>> sums_;
};

/// Numbers that are kept at most.
inline constexpr int64_t kMostSums = int64_t{1} << 26;

/// Outputs that read the same taps.
struct CompensationProblem {
  size_t channels = 0, taps = 0;
  const std::vector<float>& columns;  ///< what taps meet, less its mean: [tap][position]
  const float* gram = nullptr;        ///< its covariance, [tap][tap]
  double certainty = 1;  ///< of covariances between different things, from so few positions
};

/// Moves `weights`, [channel][tap], so; `goal`, [channel][position], is w x + r - r'.
void compensate(const CompensationProblem& problem, const float* goal, double* weights);

}  // namespace keyway::quantise
