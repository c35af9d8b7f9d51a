// SPDX-License-Identifier: Apache-2.0
#include "graph/window.hpp"

#include <algorithm>
#include <string>

#include "common/integers.hpp"
#include "common/printable.hpp"

namespace keyway::graph::importing {

namespace {

constexpr int64_t kMaxWindow = int64_t{1} << 20;

std::vector<int64_t> list(const OnnxNode& node, const char* attribute, size_t length,
                          int64_t otherwise, int64_t least) {
  std::vector<int64_t> values = node.integers(attribute);
  if (values.empty()) return std::vector<int64_t>(length, otherwise);
  if (values.size() != length) {
    node.malformed(std::string(attribute) + " " + to_string(values) + " does not fit its input");
  }
  for (int64_t v : values) {
    if (v < least || v > kMaxWindow) {
      node.unsupported(std::string(attribute) + " " + to_string(values) + " is outside of " +
                       std::to_string(least) + " to " + std::to_string(kMaxWindow));
    }
  }
  return values;
}

}  // namespace

std::vector<AxisWindow> read_windows(const OnnxNode& node, const std::vector<int64_t>& sizes,
                                     const std::vector<int64_t>& kernel) {
  const size_t rank = sizes.size();
  const auto stated = list(node, "kernel_shape", rank, 0, 1);
  const auto strides = list(node, "strides", rank, 1, 1);
  const auto dilations = list(node, "dilations", rank, 1, 1);
  const auto pads = list(node, "pads", 2 * rank, 0, 0);
  const std::string auto_pad = node.text("auto_pad", "NOTSET");
  const bool same_lower = auto_pad == "SAME_LOWER";
  const bool same = same_lower || auto_pad == "SAME_UPPER";
  if (!same && auto_pad != "VALID" && auto_pad != "NOTSET" && !auto_pad.empty()) {
    node.malformed("auto_pad " + common::quoted(auto_pad) + " is unknown");
  }
  const bool ceil = node.integer("ceil_mode", 0) != 0;

  std::vector<AxisWindow> out(rank);
  for (size_t i = 0; i < rank; ++i) {
    AxisWindow& w = out[i];
    w.kernel = kernel.empty() ? stated[i] : kernel[i];
    if (w.kernel < 1 || (stated[i] != 0 && stated[i] != w.kernel)) {
      node.malformed("kernel_shape " + to_string(stated) + " does not fit");
    }
    if (w.kernel > kMaxWindow) {
      node.unsupported("the kernel is longer than " + std::to_string(kMaxWindow));
    }
    if (dilations[i] != 1 && w.kernel != 1) {
      node.unsupported("dilations " + to_string(dilations) + ": only 1 is supported");
    }
    w.stride = strides[i];
    const int64_t size = sizes[i];
    if (same) {
      w.out = common::ceil_div(size, w.stride);
      const int64_t total = std::max<int64_t>((w.out - 1) * w.stride + w.kernel - size, 0);
      w.begin = same_lower ? total - total / 2 : total / 2;
      w.end = total - w.begin;
      continue;
    }
    if (auto_pad != "VALID") {
      w.begin = pads[i];
      w.end = pads[rank + i];
    }
    const int64_t room = size + w.begin + w.end - w.kernel;
    if (room < 0) {
      node.malformed("a kernel of " + std::to_string(w.kernel) + " does not fit an image of " +
                     std::to_string(size) + " with its pads");
    }
    w.out = room / w.stride + 1;
    if (ceil && room % w.stride != 0 && w.out * w.stride < size + w.begin) {
      w.extra = w.stride - room % w.stride;
      ++w.out;
    }
  }
  return out;
}

}  // namespace keyway::graph::importing
