// SPDX-License-Identifier: Apache-2.0
/// The bytes that a network's activations will be: which tensors are rounded, and their scales.
///
/// The core rounds where one of its layers ends, not behind every node of a graph (an addition is
/// part of the convolution before it): `quantise/lower.hpp` tells where. Scales follow from example
/// inputs as in calibration (`quantise/calibrate.hpp`), one per channel. What only moves values
/// (maxima, shortcuts, padding) keeps the scales of what it reads and rounds nothing; a tensor to
/// which a quantised file gave a step has that step, and the graph itself rounds it. The output is
/// left as it is: the host adds an offset of its own to it.
///
/// Test: tests/tune/test_activation_grid.cpp.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/graph.hpp"

namespace keyway::tune {

struct ActivationGrid {
  std::vector<float> scale;  ///< one per channel; empty: the tensor is inside of a layer
  bool rounds = false;       ///< values become multiples of the scale, from lo to hi times it
  double lo = 0, hi = 0;
};

/// One per tensor of the graph, from `images` inputs in the user's layout.
std::vector<ActivationGrid> activation_grids(const graph::Graph& graph, const float* inputs,
                                             int64_t images, int threads);

}  // namespace keyway::tune
