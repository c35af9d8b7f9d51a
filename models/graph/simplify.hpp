// SPDX-License-Identifier: Apache-2.0
/// Brings a freshly imported graph into the form that `graph.hpp` promises, without changing what
/// it computes (beyond rounding).
///
/// The importer writes every elementwise operation as a depthwise 1 x 1 layer ("affine": y = clamp(
/// scale[c] x + offset[c])). Rules, applied until none fits:
///   1. affine into the layer before it, if nobody else reads that layer: scale and offset into a
///      convolution's weights and bias, a bare clamp into any node;
///   2. affine without clamp on the network's input into input_scale and input_offset, the clamp
///      of a quantised file into input_clamp;
///   3. affine without clamp into all convolutions behind it, where their padding allows
///      (zero padding commutes with a scale, not with an offset);
///   4. kPad into the convolutions or averages behind it; kPad after kPad; kPad of nothing;
///   5. kShortcut after kShortcut; a kShortcut that changes nothing;
///   6. the clamp of a quantised file from a node that only moves values to the one before it; one
///      node for equal quantisers of a tensor; a range for a tensor that only quantisers read.
/// At the end tensors and nodes that the output does not need are gone.
///
/// Contract: the graph satisfies `check.hpp`, before and after. `macs` is not touched.
/// Test: tests/graph/test_simplify.cpp.
#pragma once

#include "graph/graph.hpp"

namespace keyway::graph {

void simplify(Graph& graph);

}  // namespace keyway::graph
