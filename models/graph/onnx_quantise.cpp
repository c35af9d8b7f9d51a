// SPDX-License-Identifier: Apache-2.0
#include "graph/onnx_quantise.hpp"

#include <onnx/onnx_pb.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "common/printable.hpp"

namespace keyway::graph::importing {

namespace {

constexpr int64_t kMostBits = 16;  ///< of a Quant node

/// For every element of `dims`, row-major, the element of a constant that broadcasts to it: calls
/// visit(element, element of `constant`).
template <typename Visit>
void for_each_broadcast(const OnnxNode& node, const std::vector<int64_t>& dims,
                        const std::vector<int64_t>& constant, const char* what,
                        const Visit& visit) {
  const size_t rank = dims.size();
  bool fits = constant.size() <= rank;
  std::vector<size_t> strides(rank, 0);
  size_t stride = 1;
  for (size_t i = constant.size(); fits && i-- > 0;) {
    const size_t axis = rank - constant.size() + i;
    fits = constant[i] == 1 || constant[i] == dims[axis];
    strides[axis] = constant[i] == 1 ? 0 : stride;
    stride *= static_cast<size_t>(constant[i]);
  }
  if (!fits || stride == 0) {
    node.malformed(std::string(what) + " of shape " + to_string(constant) +
                   " does not fit data of shape " + to_string(dims));
  }
  const int64_t count = checked_elements(dims);
  std::vector<int64_t> index(rank, 0);
  size_t from = 0;
  for (int64_t i = 0; i < count; ++i) {
    visit(static_cast<size_t>(i), from);
    for (size_t k = rank; k-- > 0;) {
      from += strides[k];
      if (++index[k] < dims[k]) break;
      from -= strides[k] * static_cast<size_t>(dims[k]);
      index[k] = 0;
    }
  }
}

/// `may_be_negative`: onnxruntime writes such scales for biases.
ConstantPtr checked_scale(const OnnxNode& node, const ConstantPtr& scale,
                          bool may_be_negative = false) {
  if (!scale) node.malformed("the scale is missing");
  if (!scale->is_float || scale->floats.empty()) node.malformed("the scale should hold floats");
  for (float v : scale->floats) {
    if (!std::isfinite(v) || v == 0 || (v < 0 && !may_be_negative))
      node.malformed("the scale " + std::to_string(v) + " is not a positive number");
  }
  return scale;
}

std::shared_ptr<Constant> floats_like(const OnnxNode& node, const Constant& data, Budget& budget) {
  budget.take(64 + 8 * data.elements(), node);
  auto out = std::make_shared<Constant>();
  out->dims = data.dims;
  out->is_float = true;
  out->floats.resize(static_cast<size_t>(data.elements()));
  return out;
}

void expect_floats(const OnnxNode& node, const Constant& data) {
  if (!data.is_float) node.malformed("should quantise floats");
  for (float v : data.floats) {
    if (!std::isfinite(v)) node.malformed("quantises NaN or infinity");
  }
}

double rounded(double v, FakeQuantiser::Rounding rounding) {
  switch (rounding) {
    case FakeQuantiser::Rounding::kDown:
      return std::floor(v);
    case FakeQuantiser::Rounding::kUp:
      return std::ceil(v);
    case FakeQuantiser::Rounding::kToZero:
      return std::trunc(v);
    case FakeQuantiser::Rounding::kFromZero:
      return v < 0 ? std::floor(v) : std::ceil(v);
    case FakeQuantiser::Rounding::kNearest:
      break;
  }
  return std::nearbyint(v);
}

FakeQuantiser::Rounding rounding_of(const OnnxNode& node) {
  std::string mode = node.text("rounding_mode", "ROUND");
  std::transform(mode.begin(), mode.end(), mode.begin(), [](unsigned char c) {
    return static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  });
  // Ties apart, which a trained network does not rely on, HALF_... are ROUND.
  if (mode == "ROUND" || mode == "HALF_EVEN" || mode == "HALF_UP" || mode == "HALF_DOWN")
    return FakeQuantiser::Rounding::kNearest;
  if (mode == "FLOOR") return FakeQuantiser::Rounding::kDown;
  if (mode == "CEIL") return FakeQuantiser::Rounding::kUp;
  if (mode == "ROUND_TO_ZERO" || mode == "DOWN") return FakeQuantiser::Rounding::kToZero;
  if (mode == "UP") return FakeQuantiser::Rounding::kFromZero;
  node.unsupported("rounding_mode " + common::quoted(mode));
}

int64_t bits_of(const OnnxNode& node, const ConstantPtr& constant) {
  if (!constant || constant->elements() < 1) node.malformed("the number of bits is missing");
  if (!is_uniform(*constant)) node.unsupported("numbers of bits that differ");
  const double bits = constant->is_float ? static_cast<double>(constant->floats[0])
                                         : static_cast<double>(constant->integers[0]);
  if (!(bits >= 1) || bits != std::nearbyint(bits))
    node.malformed("the number of bits should be a whole number from 1 on");
  if (bits > kMostBits) {
    node.unsupported("more than " + std::to_string(kMostBits) + " bits");
  }
  return static_cast<int64_t>(bits);
}

}  // namespace

Clamp Integers::clamp(float scale) const {
  return {static_cast<float>(lo - zero) * scale, static_cast<float>(hi - zero) * scale, scale};
}

Integers integers_of_type(const OnnxNode& node, int32_t element_type, int bits) {
  using Type = onnx::TensorProto;
  const auto of = [&](int width, bool is_signed) {
    if (width > bits) node.unsupported("integers of " + std::to_string(width) + " bits");
    const int64_t half = int64_t{1} << (width - 1);
    return is_signed ? Integers{-half, half - 1, 0, element_type}
                     : Integers{0, 2 * half - 1, 0, element_type};
  };
  switch (element_type) {
    case kUint4:
      return of(4, false);
    case kInt4:
      return of(4, true);
    case Type::UINT8:
      return of(8, false);
    case Type::INT8:
      return of(8, true);
    case Type::UINT16:
      return of(16, false);
    case Type::INT16:
      return of(16, true);
    case Type::INT32:
      return of(32, true);
    default:
      node.unsupported("integers of element type " + std::to_string(element_type));
  }
}

bool is_uniform(const Constant& constant) {
  const auto same = [](const auto& values) {
    return std::all_of(values.begin(), values.end(), [&](auto v) { return v == values.front(); });
  };
  return constant.elements() > 0 && same(constant.floats) && same(constant.integers);
}

LinearQuantiser linear_quantiser(const OnnxNode& node, const ConstantPtr& scale,
                                 const ConstantPtr& zero, size_t rank, int64_t axis, bool is_bias) {
  LinearQuantiser result;
  const auto aligned = [&](const ConstantPtr& constant) {
    auto out = std::make_shared<Constant>(*constant);
    if (constant->elements() == 1 && constant->dims.size() <= 1) {
      out->dims.clear();
      return out;
    }
    if (constant->dims.size() != 1) {
      node.unsupported("a scale or zero point of shape " + to_string(constant->dims) +
                       ": one number, or one per position of an axis is supported");
    }
    if (axis < -static_cast<int64_t>(rank) || axis >= static_cast<int64_t>(rank)) {
      node.malformed("axis " + std::to_string(axis) + " is outside of rank " +
                     std::to_string(rank));
    }
    const auto at = static_cast<size_t>(axis < 0 ? axis + static_cast<int64_t>(rank) : axis);
    out->dims.insert(out->dims.end(), rank - at - 1, 1);
    return out;
  };
  result.scale = aligned(checked_scale(node, scale, is_bias));
  if (!zero) return result;
  if (zero->is_float) node.malformed("the zero point should hold integers");
  if (zero->dims != scale->dims && zero->elements() != 1) {
    node.malformed("a zero point of shape " + to_string(zero->dims) +
                   " does not fit a scale of shape " + to_string(scale->dims));
  }
  result.element_type = zero->element_type;
  const Integers range = integers_of_type(node, zero->element_type, 32);
  for (int64_t v : zero->integers) {
    if (v < range.lo || v > range.hi)
      node.malformed("the zero point " + std::to_string(v) + " is out of its type's range");
  }
  result.zero = aligned(zero);
  return result;
}

Integers integers_of(const OnnxNode& node, const LinearQuantiser& quantiser) {
  Integers result = integers_of_type(node, quantiser.element_type, kMostBits);
  if (!quantiser.zero) return result;
  if (!is_uniform(*quantiser.zero))
    node.unsupported("zero points that differ between the channels of an activation");
  result.zero = quantiser.zero->integers.front();
  return result;
}

void expect_type(const OnnxNode& node, int32_t data, const LinearQuantiser& quantiser) {
  const bool known = data != 0 && quantiser.element_type != 0;
  if (quantiser.zero && known && data != quantiser.element_type) {
    node.malformed("data of element type " + std::to_string(data) + " with a zero point of type " +
                   std::to_string(quantiser.element_type));
  }
}

ConstantPtr dequantised(const OnnxNode& node, const Constant& integers,
                        const LinearQuantiser& quantiser, Budget& budget) {
  if (integers.is_float) node.malformed("should dequantise integers");
  // Arithmetic on constants forgets types, and its results may be any integers.
  const Integers range = integers_of_type(
      node, integers.element_type != 0 ? integers.element_type : onnx::TensorProto::INT32, 32);
  for (int64_t v : integers.integers) {
    if (v < range.lo || v > range.hi) node.unsupported("integers of more than 32 bits");
  }
  expect_type(node, integers.element_type, quantiser);
  auto out = floats_like(node, integers, budget);
  std::vector<int64_t> shifted = integers.integers;
  if (quantiser.zero) {
    for_each_broadcast(
        node, integers.dims, quantiser.zero->dims, "a zero point",
        [&](size_t i, size_t from) { shifted[i] -= quantiser.zero->integers[from]; });
  }
  for_each_broadcast(
      node, integers.dims, quantiser.scale->dims, "a scale", [&](size_t i, size_t from) {
        out->floats[i] = static_cast<float>(shifted[i]) * quantiser.scale->floats[from];
      });
  return out;
}

ConstantPtr quantised(const OnnxNode& node, const Constant& floats,
                      const LinearQuantiser& quantiser, Budget& budget) {
  expect_floats(node, floats);
  const Integers range = integers_of_type(node, quantiser.element_type, kMostBits);
  budget.take(64 + 8 * floats.elements(), node);
  auto out = std::make_shared<Constant>();
  out->dims = floats.dims;
  out->element_type = quantiser.element_type;
  out->integers.resize(floats.floats.size());
  std::vector<int64_t> zero(floats.floats.size(), 0);
  if (quantiser.zero) {
    for_each_broadcast(node, floats.dims, quantiser.zero->dims, "a zero point",
                       [&](size_t i, size_t from) { zero[i] = quantiser.zero->integers[from]; });
  }
  for_each_broadcast(
      node, floats.dims, quantiser.scale->dims, "a scale", [&](size_t i, size_t from) {
        const double q =
            std::nearbyint(static_cast<double>(floats.floats[i] / quantiser.scale->floats[from])) +
            static_cast<double>(zero[i]);
        out->integers[i] = static_cast<int64_t>(
            std::clamp(q, static_cast<double>(range.lo), static_cast<double>(range.hi)));
      });
  return out;
}

FakeQuantiser fake_quantiser(const OnnxNode& node, const std::vector<ConstantPtr>& inputs) {
  FakeQuantiser result;
  result.is_bipolar = node.op() == "BipolarQuant";
  if (result.is_bipolar) {
    node.allow({});
    node.expect_inputs(2, 2);
    result.scale = checked_scale(node, inputs[1]);
    return result;
  }
  node.allow({"narrow", "rounding_mode", "signed"});
  node.expect_inputs(4, 4);
  result.scale = checked_scale(node, inputs[1]);
  if (!inputs[2] || inputs[2]->elements() < 1) node.malformed("the zero point is missing");
  auto zero = std::make_shared<Constant>(*inputs[2]);
  for (int64_t v : std::exchange(zero->integers, {})) zero->floats.push_back(static_cast<float>(v));
  zero->is_float = true;
  for (float v : zero->floats) {
    if (!std::isfinite(v)) node.malformed("the zero point holds NaN or infinity");
  }
  result.zero = zero;
  const int64_t bits = bits_of(node, inputs[3]);
  const bool is_signed = node.integer("signed", 1) != 0, narrow = node.integer("narrow", 0) != 0;
  const int64_t half = int64_t{1} << (bits - 1);
  // One signed bit is no range but the sign.
  result.is_bipolar = is_signed && bits == 1;
  result.lo = is_signed ? (narrow ? 1 - half : -half) : 0;
  result.hi = is_signed ? half - 1 : (narrow ? 2 * half - 2 : 2 * half - 1);
  result.rounding = rounding_of(node);
  return result;
}

ConstantPtr fake_quantised(const OnnxNode& node, const Constant& floats,
                           const FakeQuantiser& quantiser, Budget& budget) {
  expect_floats(node, floats);
  auto out = floats_like(node, floats, budget);
  std::vector<double> zero(floats.floats.size(), 0.0);
  if (quantiser.zero) {
    for_each_broadcast(node, floats.dims, quantiser.zero->dims, "a zero point",
                       [&](size_t i, size_t from) {
                         zero[i] = static_cast<double>(quantiser.zero->floats[from]);
                       });
  }
  for_each_broadcast(
      node, floats.dims, quantiser.scale->dims, "a scale", [&](size_t i, size_t from) {
        const auto scale = static_cast<double>(quantiser.scale->floats[from]);
        double q = static_cast<double>(floats.floats[i]) / scale + zero[i];
        if (quantiser.is_bipolar) {
          q = q >= 0 ? 1 : -1;
        } else {
          q = rounded(
              std::clamp(q, static_cast<double>(quantiser.lo), static_cast<double>(quantiser.hi)),
              quantiser.rounding);
        }
        out->floats[i] = static_cast<float>((q - zero[i]) * scale);
      });
  return out;
}

}  // namespace keyway::graph::importing
