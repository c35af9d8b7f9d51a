// SPDX-License-Identifier: Apache-2.0
/// The network as the rest of Keyway sees it: a small, normalised float graph.
///
/// An importer (`onnx_import.hpp`) turns a model file into this form; the float executor
/// (`execute.hpp`) runs it for calibration and reference; the quantiser turns it into integers.
/// Nothing here knows of ONNX, of number systems or of the accelerator.
///
/// Conventions: one input and one output; the batch dimension is implied everywhere; every tensor
/// is channels x height x width (a vector of n values is n x 1 x 1); nodes are in topological
/// order; BatchNormalization, constants and layout changes are folded away. A fully connected layer
/// over a C x H x W tensor is a `kConv` whose kernel is H x W without padding.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "common/shape.hpp"

namespace keyway::graph {

struct Tensor {
  std::string name;
  Shape shape;
};

enum class OpKind {
  kConv,           ///< dense convolution, group 1
  kDepthwiseConv,  ///< one filter per channel, channel multiplier 1
  kMaxPool,        ///< padding never wins
  kAveragePool,    ///< divisor: see `count_include_pad`
  kAdd,            ///< inputs[0] + inputs[1], equal shapes
  kShortcut,  ///< every stride-th pixel; output channel `channel_before` + c is input channel c,
              ///< the other output channels are zero (ResNet's parameter-free shortcut)
  kPad,       ///< zeros (or `pad_value`) around the image; `window.pad_*` (negative: crop)
};

/// Padding is never negative, but in kPad. A pool's pads are narrower than its kernel and every one
/// of its windows meets the image; a convolution's pads may be wider than its kernel (a kPad was
/// folded into them), so a window may lie wholly in the padding and then gives the bias.
struct Window {
  int64_t kernel_h = 1, kernel_w = 1;
  int64_t stride_h = 1, stride_w = 1;
  int64_t pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;
};

/// Applied to the result of a node, after the bias: min(max(x, lo), hi), then, where a step is
/// given, its nearest multiple. Relu is {0, inf}; a quantised model file's integers of `step`,
/// read as floats, are multiples of it between the bounds of their type.
struct Clamp {
  float lo = -std::numeric_limits<float>::infinity();
  float hi = std::numeric_limits<float>::infinity();
  float step = 0;

  bool is_open() const { return std::isinf(lo) && lo < 0 && std::isinf(hi) && hi > 0 && step == 0; }
  float operator()(float x) const {
    const float bounded = std::min(std::max(x, lo), hi);
    return step > 0 ? step * std::nearbyint(bounded / step) : bounded;
  }
};

struct Node {
  std::string name;  ///< name of the model file's node, for messages
  OpKind kind = OpKind::kConv;
  std::vector<int> inputs;  ///< indices into Graph::tensors
  int output = -1;
  Window window;                   ///< kShortcut uses only the strides
  bool count_include_pad = false;  ///< kAveragePool
  int64_t channel_before = 0;      ///< kShortcut
  std::vector<float> weights;      ///< kConv: [out][in][kh][kw]; kDepthwiseConv: [channel][kh][kw]
  std::vector<float> bias;         ///< kConv, kDepthwiseConv: [out], always present
  std::vector<float> pad_value;    ///< kPad: one per channel; empty: zeros
  Clamp clamp;
};

struct Graph {
  std::string name;
  std::vector<Tensor> tensors;
  std::vector<Node> nodes;
  int input = -1;
  int output = -1;
  Layout input_layout;
  Layout output_layout;
  /// The network reads x * input_scale[c] + input_offset[c] (constant arithmetic found ahead of the
  /// first layer). Both have one entry per input channel.
  std::vector<float> input_scale;
  std::vector<float> input_offset;
  /// What it reads is clamped so, after scale and offset, where the file quantises its input. One
  /// per channel, or none.
  std::vector<Clamp> input_clamp;
  OutputFunction output_function = OutputFunction::kNone;
  OutputSelection output_selection;  ///< output_layout is of what it leaves
  /// Multiply-accumulates of the model file's convolutions and matrix products for one input.
  uint64_t macs = 0;
};

}  // namespace keyway::graph
