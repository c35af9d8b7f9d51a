// SPDX-License-Identifier: Apache-2.0
/// What the taps of a convolution meet: second moments over sampled positions of some inputs.
/// Test: tests/soft/test_decoys.cpp.
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "graph/graph.hpp"

namespace keyway::soft {

/// One matrix for each of these nodes, dense convolutions all: means of x x' over taps [c][ky][kx]
/// and, last, a one for the bias. That of a layer with more than `kMostTaps` is empty. With
/// `images` zero all are empty.
std::vector<Eigen::MatrixXd> second_moments(const graph::Graph& graph,
                                            const std::vector<size_t>& nodes, const float* inputs,
                                            int64_t images, int threads);

inline constexpr int64_t kMostTaps = 2048;

}  // namespace keyway::soft
