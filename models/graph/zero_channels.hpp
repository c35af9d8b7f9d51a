// SPDX-License-Identifier: Apache-2.0
/// Channels that are zero for every input, as the graph alone proves it: behind a ReLU what has no
/// positive weights for inputs that are never negative, and no positive bias; and what only such
/// channels make.
///
/// What such a channel's weights are, and those that read it, is all the same. As zeros they cost
/// nothing: neither a range of operands nor codes.
///
/// Contract: the graph satisfies `check.hpp`. Test: tests/graph/test_zero_channels.cpp.
#pragma once

#include <vector>

#include "graph/graph.hpp"

namespace keyway::graph {

/// Of every tensor: no value of it is negative, whatever the input.
std::vector<bool> never_negative(const Graph& graph);

/// [tensor][channel]
std::vector<std::vector<bool>> zero_channels(const Graph& graph);

/// Sets the weights and biases that make or read such channels to zero. The network computes what
/// it did.
void clear_zero_channels(Graph& graph);

}  // namespace keyway::graph
