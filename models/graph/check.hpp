// SPDX-License-Identifier: Apache-2.0
/// The contract of `graph.hpp`, checked: indices, topological order, shapes of every node, sizes of
/// weights, finite numbers.
///
/// Errors: kFile for NaN or infinity (weights that overflow when they are folded), kUsage for
/// anything else, which is a defect of whoever built the graph.
#pragma once

#include "graph/graph.hpp"

namespace keyway::graph {

void check(const Graph& graph);

/// Size of a convolution's or pool's result along one axis.
inline int64_t window_outputs(int64_t size, int64_t kernel, int64_t stride, int64_t before,
                              int64_t after) {
  return (size + before + after - kernel) / stride + 1;
}

}  // namespace keyway::graph
