// SPDX-License-Identifier: Apache-2.0
/// What a tensor is to everybody: channels x height x width, and how its users' array is laid out.
/// A vector of n values is n x 1 x 1; the batch dimension is implied everywhere.
#pragma once

#include <cstdint>
#include <vector>

namespace keyway {

struct Shape {
  int64_t channels = 0;
  int64_t height = 1;
  int64_t width = 1;

  int64_t pixels() const { return height * width; }
  int64_t elements() const { return channels * height * width; }
  bool operator==(const Shape& other) const {
    return channels == other.channels && height == other.height && width == other.width;
  }
};

/// Where element (c, y, x) of a tensor stands in the flat array that the model file's users see:
/// index = c * stride_c + y * stride_h + x * stride_w. NCHW is {h*w, w, 1}; NHWC is {1, w*c, c}.
struct Layout {
  std::vector<int64_t> dims;  ///< as the user sees them, without the batch
  int64_t stride_c = 1, stride_h = 1, stride_w = 1;
};

/// Applied to the output by whoever hands it to the user: softmax over the channels of every pixel,
/// the others to each value.
enum class OutputFunction { kNone, kSoftmax, kLogSoftmax, kSigmoid, kTanh };

/// Behind the function: of the channels of every pixel the first `count` in order of value, of
/// equal ones in order of channel.
struct OutputSelection {
  enum class Gives { kAll, kValues, kIndices };
  Gives gives = Gives::kAll;  ///< everything as it is; else the values selected, or which they are
  int64_t count = 0;
  bool smallest_first = false;  ///< otherwise the largest come first
  bool last_of_equals = false;  ///< of equal values the highest channel comes first

  /// Of what the user gets.
  Shape shape(const Shape& output) const {
    return gives == Gives::kAll ? output : Shape{count, output.height, output.width};
  }
  /// True if value `a` of channel `i` comes before value `b` of channel `j`.
  template <typename Value>
  bool before(Value a, int64_t i, Value b, int64_t j) const {
    if (a != b) return smallest_first ? a < b : a > b;
    return last_of_equals ? i > j : i < j;
  }
};

}  // namespace keyway
