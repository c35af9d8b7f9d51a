// SPDX-License-Identifier: Apache-2.0
/// The sliding windows of Conv and the pools as ONNX states them: kernel, strides, pads or
/// auto_pad, ceil_mode; and the size of their results.
///
///     out = floor((in + begin + end - kernel) / stride) + 1
///
/// With ceil_mode the division rounds up, but a last window that would start behind the image and
/// its leading pad is left out; `extra` is what the last window then reaches beyond the trailing
/// pad. auto_pad SAME_UPPER and SAME_LOWER pad so that out = ceil(in / stride), the odd one of an
/// uneven pad at the end or at the beginning.
///
/// Source: ONNX operators Conv-11, MaxPool-12, AveragePool-19.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/onnx_node.hpp"

namespace keyway::graph::importing {

/// Along one axis of the image.
struct AxisWindow {
  int64_t kernel = 1, stride = 1, begin = 0, end = 0, extra = 0, out = 0;
};

/// For every spatial axis; `sizes` are those of the image, `kernel` those of the weights (empty:
/// from the attribute kernel_shape, which must agree with it otherwise).
std::vector<AxisWindow> read_windows(const OnnxNode& node, const std::vector<int64_t>& sizes,
                                     const std::vector<int64_t>& kernel);

}  // namespace keyway::graph::importing
