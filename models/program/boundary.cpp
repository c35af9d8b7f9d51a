// SPDX-License-Identifier: Apache-2.0
#include "program/boundary.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>

#include "common/error.hpp"

namespace keyway::program {
namespace {

/// Far more than any memory of a core; products of two such numbers do not overflow.
constexpr int64_t kMostElements = int64_t{1} << 30;
/// Of a unit: half, and what a user's own rounding adds to the last value of a range.
constexpr double kMostRounding = 0.501;

[[noreturn]] void contradiction(const char* which, const std::string& what) {
  throw Error(ErrorKind::kFile, std::string(which) + " description: " + what);
}

void validate_layout(const char* which, const Shape& shape, const Layout& layout) {
  for (const int64_t d : {shape.channels, shape.height, shape.width}) {
    if (d < 1 || d > kMostElements) contradiction(which, "impossible shape");
  }
  if (shape.channels > kMostElements / shape.height ||
      shape.channels * shape.height > kMostElements / shape.width) {
    contradiction(which, "the shape is too large");
  }
  int64_t elements = 1;
  for (const int64_t d : layout.dims) {
    if (d < 1 || d > kMostElements || elements > kMostElements / d) {
      contradiction(which, "impossible dimensions");
    }
    elements *= d;
  }
  if (elements != shape.elements()) contradiction(which, "dimensions and shape differ in size");
  int64_t last = 0;
  const int64_t strides[] = {layout.stride_c, layout.stride_h, layout.stride_w};
  const int64_t counts[] = {shape.channels, shape.height, shape.width};
  for (int i = 0; i < 3; ++i) {
    if (counts[i] == 1) continue;
    if (strides[i] < 1 || strides[i] > kMostElements) contradiction(which, "impossible stride");
    last += (counts[i] - 1) * strides[i];
  }
  if (last >= elements) contradiction(which, "strides lead out of the array");
}

void validate_channels(const char* which, const std::vector<float>& values, int64_t channels,
                       bool positive) {
  if (static_cast<int64_t>(values.size()) != channels) {
    contradiction(which, "not one scale or offset per channel");
  }
  for (const float v : values) {
    if (!std::isfinite(v) || (positive && v <= 0)) {
      contradiction(which, "a scale or offset is out of range");
    }
  }
}

template <typename Visit>
void for_each_element(const Shape& shape, const Layout& layout, const Visit& visit) {
  int64_t at = 0;
  for (int64_t c = 0; c < shape.channels; ++c) {
    for (int64_t y = 0; y < shape.height; ++y) {
      for (int64_t x = 0; x < shape.width; ++x, ++at) {
        visit(c, at, c * layout.stride_c + y * layout.stride_h + x * layout.stride_w);
      }
    }
  }
}

void apply_softmax(const Shape& shape, bool logarithm, std::vector<double>& values) {
  const int64_t pixels = shape.pixels();
  for (int64_t p = 0; p < pixels; ++p) {
    const auto value = [&](int64_t c) -> double& {
      return values[static_cast<size_t>(c * pixels + p)];
    };
    double most = value(0), sum = 0;
    for (int64_t c = 1; c < shape.channels; ++c) most = std::max(most, value(c));
    for (int64_t c = 0; c < shape.channels; ++c) sum += std::exp(value(c) - most);
    for (int64_t c = 0; c < shape.channels; ++c) {
      value(c) = logarithm ? value(c) - most - std::log(sum) : std::exp(value(c) - most) / sum;
    }
  }
}

/// The ends of a byte.
std::pair<int, int> ends(const InputBoundary& b) {
  return {std::max(b.least, b.is_signed ? -128 : 0), std::min(b.most, b.is_signed ? 127 : 255)};
}

/// One of a user's values.
double finite(const float* user, int64_t index) {
  const double x = user[index];
  if (std::isfinite(x)) return x;
  throw Error(ErrorKind::kFile, "input value " + std::to_string(index) + " is NaN or infinite");
}

/// A user's value in units of its channel's byte.
double units(const InputBoundary& b, size_t c, double x) {
  return (x * static_cast<double>(b.input_scale[c]) + static_cast<double>(b.input_offset[c])) /
         static_cast<double>(b.scale[c]);
}

void apply_function(OutputFunction function, const Shape& shape, std::vector<double>& values) {
  switch (function) {
    case OutputFunction::kNone:
      break;
    case OutputFunction::kSoftmax:
    case OutputFunction::kLogSoftmax:
      apply_softmax(shape, function == OutputFunction::kLogSoftmax, values);
      break;
    case OutputFunction::kSigmoid:
      for (double& v : values) v = 1 / (1 + std::exp(-v));
      break;
    case OutputFunction::kTanh:
      for (double& v : values) v = std::tanh(v);
      break;
  }
}

std::vector<double> selected(const OutputBoundary& b, const std::vector<double>& values) {
  const auto pixels = static_cast<size_t>(b.shape.pixels());
  const auto count = static_cast<size_t>(b.selection.count);
  std::vector<double> out(count * pixels);
  std::vector<size_t> order(static_cast<size_t>(b.shape.channels));
  for (size_t p = 0; p < pixels; ++p) {
    const auto value = [&](size_t c) { return values[c * pixels + p]; };
    std::iota(order.begin(), order.end(), size_t{0});
    std::sort(order.begin(), order.end(), [&](size_t i, size_t j) {
      return b.selection.before(value(i), static_cast<int64_t>(i), value(j),
                                static_cast<int64_t>(j));
    });
    for (size_t k = 0; k < count; ++k) {
      const bool indices = b.selection.gives == OutputSelection::Gives::kIndices;
      out[k * pixels + p] = indices ? static_cast<double>(order[k]) : value(order[k]);
    }
  }
  return out;
}

}  // namespace

const char* function_name(OutputFunction function) {
  switch (function) {
    case OutputFunction::kSoftmax:
      return "softmax";
    case OutputFunction::kLogSoftmax:
      return "log_softmax";
    case OutputFunction::kSigmoid:
      return "sigmoid";
    case OutputFunction::kTanh:
      return "tanh";
    case OutputFunction::kNone:
      break;
  }
  return "none";
}

void validate(const InputBoundary& b) {
  for (const int64_t pad : {b.pad_top, b.pad_left, b.pad_bottom, b.pad_right}) {
    if (pad < 0 || pad > kMostElements) contradiction("input", "impossible padding");
    if (pad > 0 && b.pad_value.empty()) contradiction("input", "padding without a value");
  }
  for (const int64_t d : {b.shape.height, b.shape.width}) {
    if (d < 1 || d > kMostElements) contradiction("input", "impossible shape");
  }
  validate_layout("input", b.user_shape(), b.layout);
  if (b.shape.height > kMostElements / b.shape.channels ||
      b.shape.width > kMostElements / (b.shape.channels * b.shape.height)) {
    contradiction("input", "the shape is too large");
  }
  if (ends(b).first > ends(b).second) contradiction("input", "no byte is left");
  if (!b.pad_value.empty()) validate_channels("input", b.pad_value, b.shape.channels, false);
  validate_channels("input", b.scale, b.shape.channels, true);
  validate_channels("input", b.input_scale, b.shape.channels, false);
  validate_channels("input", b.input_offset, b.shape.channels, false);
}

void validate(const OutputBoundary& b) {
  const bool selects = b.selection.gives != OutputSelection::Gives::kAll;
  if (selects && (b.selection.count < 1 || b.selection.count > b.shape.channels)) {
    contradiction("output", "selects more channels than there are, or none");
  }
  validate_layout("output", b.user_shape(), b.layout);
  validate_channels("output", b.scale, b.shape.channels, true);
  validate_channels("output", b.offset, b.shape.channels, false);
}

void quantise_input(const InputBoundary& b, const float* user, uint8_t* bytes) {
  const double lo = ends(b).first, hi = ends(b).second;
  const auto byte = [&](double q) {
    return static_cast<uint8_t>(static_cast<int>(std::clamp(std::nearbyint(q), lo, hi)));
  };
  const Shape inner = b.user_shape();
  for (size_t c = 0; c < b.pad_value.size(); ++c) {
    std::fill_n(bytes + static_cast<int64_t>(c) * b.shape.pixels(), b.shape.pixels(),
                byte(static_cast<double>(b.pad_value[c]) / static_cast<double>(b.scale[c])));
  }
  for_each_element(inner, b.layout, [&](int64_t channel, int64_t at, int64_t index) {
    const auto c = static_cast<size_t>(channel);
    const int64_t pixel = at % inner.pixels(), y = pixel / inner.width + b.pad_top;
    const int64_t to =
        (channel * b.shape.height + y) * b.shape.width + pixel % inner.width + b.pad_left;
    bytes[to] = byte(units(b, c, finite(user, index)));
  });
}

InputFit fit(const InputBoundary& b, const float* user, int64_t images) {
  const double lo = ends(b).first, hi = ends(b).second;
  const Shape inner = b.user_shape();
  InputFit result;
  result.steps = static_cast<int>(hi - lo) + 1;
  for (int64_t n = 0; n < images; ++n, user += inner.elements()) {
    const uint64_t before = result.beyond;
    for_each_element(inner, b.layout, [&](int64_t channel, int64_t, int64_t index) {
      const double q = units(b, static_cast<size_t>(channel), finite(user, index));
      const auto byte = static_cast<int>(std::clamp(std::nearbyint(q), lo, hi));
      result.lowest = std::min(result.lowest, byte);
      result.highest = std::max(result.highest, byte);
      if (std::abs(q - byte) > kMostRounding) ++result.beyond;
      ++result.values;
    });
    if (result.beyond > before) ++result.inputs_beyond;
  }
  return result;
}

void dequantise_output(const OutputBoundary& b, const uint8_t* bytes, float* user) {
  std::vector<double> values(static_cast<size_t>(b.shape.elements()));
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t c = i / static_cast<size_t>(b.shape.pixels());
    const int q = b.is_signed ? static_cast<int>(static_cast<int8_t>(bytes[i])) : bytes[i];
    values[i] = static_cast<double>(b.scale[c]) * q + static_cast<double>(b.offset[c]);
  }
  apply_function(b.function, b.shape, values);
  if (b.selection.gives != OutputSelection::Gives::kAll) values = selected(b, values);
  for_each_element(b.user_shape(), b.layout, [&](int64_t, int64_t at, int64_t index) {
    user[index] = static_cast<float>(values[static_cast<size_t>(at)]);
  });
}

}  // namespace keyway::program
