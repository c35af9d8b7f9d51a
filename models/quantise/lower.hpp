// SPDX-License-Identifier: Apache-2.0
/// From the float graph to the layers that the core can run, still in float: structure only, no
/// scales and no integers. The quantiser turns the result into a `Network` one layer at a time.
///
///     graph                          layer
///     kConv, kDepthwiseConv          kDense, kDepthwise
///     kMaxPool                       kMax
///     kAveragePool                   kSum over the window; one part per divisor
///     kAdd                           the residual of the convolution or average that makes one
///                                    operand, if nothing else reads that one and it has no clamp
///                                    of its own; else a 1 x 1 kSum with a residual
///     x + x                          1 x 1 kSum of twice the gain
///     kShortcut                      read through the residual of the additions that use it; for
///                                    any other reader a strided 1 x 1 kSum, or a 1 x 1 kDense of
///                                    zeros and ones where channels move
///     kPad                           1 x 1 kSum with the padding (negative: crop) in its window
///
/// A fused layer stands where the addition stood, when both operands are there. Tensors keep the
/// graph's indices; those that fusing removes are produced by no layer.
/// Errors: kUnsupported, naming the node. Test: tests/quantise/test_lower.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graph/graph.hpp"
#include "quantise/network.hpp"

namespace keyway::quantise {

/// Part of the output image whose sums are divided by the same number.
struct Part {
  int64_t y = 0, x = 0, height = 0, width = 0;
  double divisor = 1;
};

/// y = clamp(gain / divisor * sum(weight * x) + bias + residual); for kMax the maximum for the sum.
struct FloatLayer {
  std::string name;
  LayerKind kind = LayerKind::kDense;
  int input = -1;
  int output = -1;
  graph::Window window;
  std::vector<float> weights;  ///< kDense: [out][in][kh][kw]; kDepthwise: [channel][kh][kw]
  std::vector<float> bias;     ///< kDense, kDepthwise: [out]; else empty
  bool selects = false;        ///< kDense of zeros and ones that only moves channels
  double gain = 1;             ///< kSum
  std::vector<Part> parts;     ///< tile the output
  bool has_residual = false;
  Residual residual;
  graph::Clamp clamp;
  /// Every output value is an input value of the same channel (or zero): scales can be shared.
  bool keeps_values = false;
  uint64_t macs = 0;
};

struct FloatNetwork {
  std::vector<FloatLayer> layers;  ///< topological order
  /// What the first layer reads: the graph's input, or a kPad of it with values of its own, which
  /// only the host can do.
  int input = -1;
  graph::Window padding;         ///< of that kPad
  std::vector<float> pad_value;  ///< one per channel; empty without
};

FloatNetwork lower(const graph::Graph& graph);

}  // namespace keyway::quantise
