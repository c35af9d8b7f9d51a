// SPDX-License-Identifier: Apache-2.0
/// The quantised network before a value is known: what follows from shapes and wiring alone.
///
/// Names, shapes, windows, residuals and regions are those of the network that the quantiser will
/// give. There are no scales, signs, codes and tables; post-processing holds one guess, of the
/// parameters' form (models/compile/tiles.hpp): a channel that adds a residual has a factor for it,
/// and a clamp inside the bytes' range stays one. A compiler can tell from this whether the network
/// fits a core (compile::check_fit), long before calibration has ended.
/// Test: tests/quantise/test_quantise.cpp, tests/compile/test_check_fit.cpp.
#pragma once

#include <vector>

#include "quantise/lower.hpp"
#include "quantise/network.hpp"

namespace keyway::quantise {

struct Structure {
  Network network;
  std::vector<int> index;  ///< of every tensor of the graph in the network; -1: not there
};

/// `lowered` is lower(graph).
Structure structure_of(const graph::Graph& graph, const FloatNetwork& lowered,
                       arith::NumberSystem system, arith::ArrayKind kind);

}  // namespace keyway::quantise
