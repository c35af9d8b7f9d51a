// SPDX-License-Identifier: Apache-2.0
/// How far a layer's output channels reach, as their weights let expect.
///
/// If the inputs of a sum were independent, each as large as the range r of its channel, the sum
/// would be about
///
///     reach = sqrt(sum over taps of (w r)^2 + bias^2 + (range of the residual)^2)
///
/// Only the proportions of a layer's channels are used: a channel whose values were hardly seen
/// should reach about as far, measured by this, as the others do. Unlike a share of the tensor's
/// largest value, that holds whatever the units of the channels are, and for channels that a factor
/// was moved through. Channels of the input have no weights of their own; but what reads them was
/// trained with them, so the smaller a column's numbers the larger its weights.
/// Test: tests/quantise/test_evidence.cpp.
#pragma once

#include <vector>

#include "graph/graph.hpp"
#include "quantise/lower.hpp"

namespace keyway::quantise {

/// One number for each of `channels` outputs; zero for a channel that is always zero. `input` and
/// `residual` are the ranges of the channels of the tensors that the layer reads (`residual` may be
/// empty without one). For kSum and kMax the reach is that of equal inputs.
std::vector<double> expected_reach(const FloatLayer& layer, size_t channels,
                                   const std::vector<double>& input,
                                   const std::vector<double>& residual);

/// One number for each channel of the graph's input: 1 / Euclidean norm of the weights that read
/// it, 0 if there are none. All are 1 where a node without weights reads it.
std::vector<double> input_reach(const graph::Graph& graph);

/// How far the channels of a tensor go beyond what was expected, as a factor that nine of ten of
/// them do not exceed. Channels of no range or no reach do not count; 0 if there are no others.
double usual_factor(const std::vector<double>& range, const std::vector<double>& reach);

}  // namespace keyway::quantise
