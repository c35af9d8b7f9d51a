// SPDX-License-Identifier: Apache-2.0
#include "compile/layers.hpp"

#include <algorithm>

namespace keyway::compile {

RowRange input_rows(const quantise::Layer& layer, const Shape& input, int64_t y, int64_t height) {
  const graph::Window& w = layer.window;
  const int64_t first = y * w.stride_h - w.pad_top;
  const int64_t last = first + (height - 1) * w.stride_h + w.kernel_h;
  RowRange range{std::clamp<int64_t>(first, 0, input.height),
                 std::clamp<int64_t>(last, 0, input.height)};
  if (range.first >= range.last) return {};
  return range;
}

quantise::ChannelPost unchanged(bool is_signed) {
  quantise::ChannelPost post;
  post.m = 2;
  post.shift = 1;
  post.lo = is_signed ? -128 : 0;
  post.hi = is_signed ? 127 : 255;
  return post;
}

const char* kind_name(quantise::LayerKind kind) {
  switch (kind) {
    case quantise::LayerKind::kDense:
      return "dense";
    case quantise::LayerKind::kDepthwise:
      return "depthwise";
    case quantise::LayerKind::kSum:
      return "sum";
    case quantise::LayerKind::kMax:
      return "max";
  }
  return "unknown";
}

}  // namespace keyway::compile
