// SPDX-License-Identifier: Apache-2.0
/// A soft lock by scales: every channel that can be scaled (streams.hpp) is multiplied by 2^u, u
/// uniform in [-octaves, octaves].
///
/// The network computes what it did (up to rounding of the float weights), and so does the core,
/// which has a scale for every channel of every tensor, residuals included. What has one scale a
/// tensor, as static quantisation to 8 bits for other hardware has for activations, loses all
/// channels but the largest. Scaling pairs of layers back does not reach the residual streams;
/// scaling whole streams does, and needs nothing but the weights: this deters tools, not people.
/// Test: tests/soft/test_scales.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "graph/graph.hpp"

namespace keyway::soft {

/// Where random bytes come from.
using RandomBytes = std::function<void(uint8_t* bytes, size_t size)>;

/// Uniform in [low, high).
double draw(const RandomBytes& random, double low, double high);

struct ScaleReport {
  size_t groups = 0, scaled = 0;  ///< of channels that can be scaled together; of these, scaled
};

ScaleReport scale_channels(graph::Graph& graph, double octaves, const RandomBytes& random);

}  // namespace keyway::soft
