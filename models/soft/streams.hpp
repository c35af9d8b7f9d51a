// SPDX-License-Identifier: Apache-2.0
/// Which channels of which tensors can be scaled, and which of them only together.
///
/// Multiplying a channel by a factor f > 0 wherever it is changes nothing that the network gives,
/// if who makes it gives f times as much and who reads it expects that:
///
///     conv         w[o][i] f(o) / f(i), b[o] f(o)    input and output have factors of their own
///     depthwise    w[c] f(o c) / f(i c), b[c] f(o c)                               the same
///     pools, pads, sums, shortcuts    pass the factor on (values to pad with take it), so a
///                                     residual stream has one a channel for all of its tensors
///
/// A clamp to zero or at nothing (ReLU) commutes with f, any other (ReLU6, the steps of a quantised
/// file) does not: what it is applied to keeps its scale, as the network's input and output do.
/// Source: Nagel et al., arXiv 1906.04721, section 4.1, who scale pairs of layers so.
/// Test: tests/soft/test_scales.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "graph/graph.hpp"

namespace keyway::soft {

/// Does clamp(f x) = f clamp(x) hold for every f > 0?
bool is_homogeneous(const graph::Clamp& clamp);

class Streams {
 public:
  explicit Streams(const graph::Graph& graph);

  /// Of a tensor's channel: channels of one group have one factor.
  size_t group(int tensor, int64_t channel) const;
  size_t groups() const { return fixed_.size(); }
  /// Its factor is one.
  bool is_fixed(size_t group) const { return fixed_[group]; }

 private:
  std::vector<std::vector<size_t>> group_;  ///< [tensor][channel]
  std::vector<bool> fixed_;
};

/// Multiplies the channels of every group by its factor; those of fixed groups must be one.
void rescale(graph::Graph& graph, const Streams& streams, const std::vector<double>& factors);

}  // namespace keyway::soft
