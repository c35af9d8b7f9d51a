// SPDX-License-Identifier: Apache-2.0
/// The quantisers of ONNX model files: parameters, checked, and what they make of constants.
///
///     QuantizeLinear     integer = saturate(round(x / scale) + zero)
///     DequantizeLinear   x = scale (integer - zero)
///     Quant (QONNX)      the two together, for integers of any number of bits
///     BipolarQuant       x = scale where x >= 0, else -scale
///
/// Scales and zero points are single numbers or one per position of an axis (for QONNX whatever
/// broadcasts); blocks along an axis are not supported. Rounding is to nearest, ties to even,
/// unless a Quant names one of its other modes.
///
/// Errors: kFile for a scale that is no positive finite number, a zero point that its type does not
/// hold, shapes that do not fit; kUnsupported for element types that are no integers of at most 16
/// bits (32 for what only gets dequantised: biases).
/// Source: ONNX operators QuantizeLinear and DequantizeLinear (10 to 23); QONNX, arXiv 2206.07527.
/// Test: tests/graph/test_import_quantised.cpp.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/graph.hpp"
#include "graph/onnx_constant.hpp"

namespace keyway::graph::importing {

/// Least and largest integer of a quantiser, and the one that stands for zero.
struct Integers {
  int64_t lo = 0, hi = 0, zero = 0;
  int32_t element_type = 0;  ///< 0: of no ONNX type

  /// Of the real values, for integers of unit `scale`.
  Clamp clamp(float scale) const;
  bool operator==(const Integers& other) const {
    return lo == other.lo && hi == other.hi && zero == other.zero;
  }
};

/// The range of an ONNX element type with zero point 0. kUnsupported unless it is an integer of at
/// most `bits` bits.
Integers integers_of_type(const OnnxNode& node, int32_t element_type, int bits);

/// Scale and zero point of one QuantizeLinear or DequantizeLinear, ready to broadcast against its
/// data from the last axis.
struct LinearQuantiser {
  ConstantPtr scale;
  ConstantPtr zero;          ///< integers; null: all 0
  int32_t element_type = 0;  ///< of the integers; 0: not stated
};

/// `scale` and `zero` as the node has them (`zero` may be null); `rank` and `axis` of the data.
/// `is_bias`: the data are 32-bit constants, whose scales may be negative.
LinearQuantiser linear_quantiser(const OnnxNode& node, const ConstantPtr& scale,
                                 const ConstantPtr& zero, size_t rank, int64_t axis,
                                 bool is_bias = false);

/// Of a quantiser in the graph, whose integers share one zero point. kUnsupported if they do not.
Integers integers_of(const OnnxNode& node, const LinearQuantiser& quantiser);

/// kFile where the zero point has another type than the data; 0: not known.
void expect_type(const OnnxNode& node, int32_t data, const LinearQuantiser& quantiser);
ConstantPtr dequantised(const OnnxNode& node, const Constant& integers,
                        const LinearQuantiser& quantiser, Budget& budget);
ConstantPtr quantised(const OnnxNode& node, const Constant& floats,
                      const LinearQuantiser& quantiser, Budget& budget);

/// Quant, BipolarQuant: what the node says beside its scale.
struct FakeQuantiser {
  bool is_bipolar = false;
  ConstantPtr scale;  ///< broadcasts against the data
  ConstantPtr zero;   ///< likewise, floats
  int64_t lo = 0, hi = 0;
  enum class Rounding { kNearest, kDown, kUp, kToZero, kFromZero } rounding = Rounding::kNearest;
};

/// `inputs` as the node has them; entry 0, the data, is not looked at.
FakeQuantiser fake_quantiser(const OnnxNode& node, const std::vector<ConstantPtr>& inputs);
ConstantPtr fake_quantised(const OnnxNode& node, const Constant& floats,
                           const FakeQuantiser& quantiser, Budget& budget);

/// All elements of `constant` are the same (and there is one).
bool is_uniform(const Constant& constant);

}  // namespace keyway::graph::importing
