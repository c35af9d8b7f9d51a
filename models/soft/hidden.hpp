// SPDX-License-Identifier: Apache-2.0
/// Tensors that lie between convolutions alone: what a channel of such a tensor is, only its maker
/// and its readers know. Test: tests/soft/test_decoys.cpp.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/graph.hpp"

namespace keyway::soft {

/// A tensor that a dense convolution makes behind a ReLU, from values that are never negative, and
/// the tensors that others make of it channel by channel. Numbers of nodes and tensors.
struct Hidden {
  size_t maker = 0;
  std::vector<int> tensors;       ///< the maker's first
  std::vector<size_t> depthwise;  ///< layers with weights between them
  std::vector<size_t> readers;    ///< dense convolutions
};

/// In the order of their makers. None is the network's output, or part of a sum.
std::vector<Hidden> hidden_tensors(const graph::Graph& graph);

/// Adds a channel of zeros behind the others; its weights are zero.
void add_channel(graph::Graph& graph, const Hidden& hidden);

/// Sets the weights that make and read a channel to zero.
void clear_channel(graph::Graph& graph, const Hidden& hidden, int64_t channel);

}  // namespace keyway::soft
