// SPDX-License-Identifier: Apache-2.0
/// The quantised network: what the quantiser gives and the compiler takes. Integers only, channels
/// in the model's own order, no padding to any hardware size; it knows nothing of the accelerator.
///
/// Numeric contract. An activation is a byte, signed or unsigned per tensor, without zero point;
/// its real value is scale[c] * q. A weight code decodes to a signed operand of at most 12 bits
/// (`arith/number_system.hpp`). A layer computes, per output channel,
///
///     acc = sum of operand * x   (kDense, kDepthwise),  sum of x (kSum),  max of x (kMax)
///     q   = clamp((m * (acc + bias) + mr * residual + 2^(shift-1)) >> shift, lo, hi)
///
/// where in a number system with corrections operand * x stands for its products of code and x
/// (`products_of`), with a 32-bit acc that never overflows (the compiler proves it), a 32-bit bias,
/// signed 18-bit m and mr, 1 <= shift <= 47, an arithmetic right shift, and rounding once. Taps
/// outside the image count as zero (for kMax: are left out).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "arith/number_system.hpp"
#include "arith/products.hpp"
#include "graph/graph.hpp"

namespace keyway::quantise {

struct Tensor {
  std::string name;
  Shape shape;
  bool is_signed = false;
  std::vector<float> scale;  ///< one per channel
};

enum class LayerKind {
  kDense,      ///< codes [out][in][kh][kw]
  kDepthwise,  ///< codes [channel][kh][kw]
  kSum,        ///< every operand is one: average pooling, padding, plain additions; no codes
  kMax,        ///< maximum pooling; no codes
};

/// Post-processing of one output channel; see the formula above.
struct ChannelPost {
  int32_t bias = 0;
  int32_t m = 0;
  int32_t mr = 0;
  int32_t shift = 1;
  int32_t lo = -128;
  int32_t hi = 127;
};

/// Part of the output image with its own post-processing (average pooling that leaves out padding
/// divides by another count at the border). Regions of a layer tile its output exactly. Output
/// pixel (y, x) is what the formula gives for pixel (y + shift_y, x + shift_x): only the compiler,
/// which lays some tensors out in another order, makes regions with a shift.
struct Region {
  int64_t y = 0, x = 0, height = 0, width = 0;
  std::vector<ChannelPost> post;  ///< one per output channel
  int64_t shift_y = 0, shift_x = 0;
};

/// Output channel c adds pixel (y * stride_h, x * stride_w) of channel `channel[c]` of the tensor,
/// or nothing where channel[c] is -1.
struct Residual {
  int tensor = -1;
  int64_t stride_h = 1, stride_w = 1;
  std::vector<int64_t> channel;
};

struct Layer {
  std::string name;
  LayerKind kind = LayerKind::kDense;
  int input = -1;
  int output = -1;
  bool has_residual = false;
  Residual residual;
  graph::Window window;
  std::vector<uint8_t> codes;
  arith::NumberSystem number_system = arith::NumberSystem::kInt8;
  arith::Table table{};  ///< what the decode memory holds for each code, or corrections
  std::vector<Region> regions;
  uint64_t macs = 0;  ///< useful multiply-accumulates; 0 for pooling and additions
};

struct Network {
  std::string name;
  std::vector<Tensor> tensors;
  std::vector<Layer> layers;  ///< topological order
  int input = -1;
  int output = -1;
  Layout input_layout;
  Layout output_layout;
  std::vector<float> input_scale;  ///< see graph::Graph: applied in float before quantisation
  std::vector<float> input_offset;
  graph::Window input_padding;               ///< pads that the host adds; part of the input's shape
  std::vector<float> input_pad_value;        ///< their real value, one per channel; empty: no pads
  int input_least = -128, input_most = 255;  ///< no byte of the input is beyond
  /// Added to the output's real values, one per channel; empty: zero. A bias that the last layer
  /// leaves to the host, so that an output's bytes are spread around its middle.
  std::vector<float> output_offset;
  OutputFunction output_function = OutputFunction::kNone;
  OutputSelection output_selection;
  uint64_t macs = 0;
  arith::NumberSystem number_system = arith::NumberSystem::kInt8;
  arith::ArrayKind array_kind = arith::ArrayKind::kMultiplier;  ///< what operands are made for
};

/// What the array multiplies by, for every code of a layer that has weights; about, where
/// `products_of` gives something.
inline arith::Operands operands_of(const Network& network, const Layer& layer) {
  return arith::info(layer.number_system).operands(layer.table, network.array_kind);
}

/// Products that are not operand times activation.
inline std::optional<arith::Products> products_of(const Layer& layer) {
  const arith::NumberSystemInfo& system = arith::info(layer.number_system);
  if (system.product == nullptr) return std::nullopt;
  return arith::Products(system, layer.table);
}

}  // namespace keyway::quantise
