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

/// Applied over the channels of every pixel of the output, by whoever hands it to the user.
enum class OutputFunction { kNone, kSoftmax, kLogSoftmax };

}  // namespace keyway
