// SPDX-License-Identifier: Apache-2.0
// Pooling, means and maxima over space. See importer.hpp.
#include <algorithm>

#include "graph/importer.hpp"
#include "graph/window.hpp"

namespace keyway::graph::importing {

namespace {

bool is_plain(const Window& w) {
  return w.kernel_h == 1 && w.kernel_w == 1 && w.pad_top == 0 && w.pad_left == 0 &&
         w.pad_bottom == 0 && w.pad_right == 0;
}

}  // namespace

void Importer::pool(const OnnxNode& node, const Inputs& inputs) {
  const bool average = node.op() == "AveragePool";
  if (average) {
    // Before operator set 7 the divisor leaves out the padding, as it does by default since then.
    node.allow({"auto_pad",
                {"ceil_mode", 10},
                {"count_include_pad", 7},
                {"dilations", 19},
                "kernel_shape",
                "pads",
                "strides"});
  } else {
    node.allow({"auto_pad",
                {"ceil_mode", 10},
                {"dilations", 10},
                "kernel_shape",
                "pads",
                {"storage_order", 8},
                "strides"});
  }
  node.expect_inputs(1, 1);
  if (!node.has("kernel_shape")) node.malformed("has no kernel_shape");
  const Value& value = view_input(node, inputs, 0);
  if (value.view.axes.size() != 3 && value.view.axes.size() != 4) {
    node.unsupported("only pools over one or two axes are supported");
  }
  View view = settled_image(node, value, false);
  const Roles roles = channels_first(node, value, view);
  const std::vector<int64_t> dims = view.dims();
  auto windows = read_windows(node, {dims.begin() + 2, dims.end()}, {});
  const bool include = average && node.integer("count_include_pad", 0) != 0;
  bool extra = false;
  for (const AxisWindow& w : windows) {
    if (w.begin >= w.kernel || w.end >= w.kernel) {
      node.unsupported("pads as wide as the kernel are not supported");
    }
    extra = extra || w.extra != 0;
  }
  Node out = make_node(node, average ? OpKind::kAveragePool : OpKind::kMaxPool, view);
  out.count_include_pad = include;
  if (include && extra) {
    // The stated pads count, what ceil_mode adds does not: make the former part of the image.
    auto pads = windows;
    for (AxisWindow& w : pads) w.extra = 0;
    Node padding = make_node(node, OpKind::kPad, view);
    Shape padded = shape_of(view);
    place_windows(roles, pads, padding.window, padded);
    padded = shape_of(view);
    padded.height += padding.window.pad_top + padding.window.pad_bottom;
    padded.width += padding.window.pad_left + padding.window.pad_right;
    padding.window.kernel_h = padding.window.kernel_w = 1;
    padding.window.stride_h = padding.window.stride_w = 1;
    out.inputs = {emit(node, std::move(padding), padded)};
    for (AxisWindow& w : windows) w.begin = w.end = 0;
    out.count_include_pad = false;
  }
  Shape shape = shape_of(view);
  place_windows(roles, windows, out.window, shape);
  if (is_plain(out.window)) {
    if (out.window.stride_h == 1 && out.window.stride_w == 1) {
      give_view(node, std::move(view));
      return;
    }
    out.kind = OpKind::kShortcut;
    out.count_include_pad = false;
    out.window.stride_h = std::min(out.window.stride_h, shape_of(view).height);
    out.window.stride_w = std::min(out.window.stride_w, shape_of(view).width);
  }
  give_view(node, with_roles(emit(node, std::move(out), shape), roles));
}

void Importer::global_pool(const OnnxNode& node, const Inputs& inputs) {
  node.allow({});
  node.expect_inputs(1, 1);
  const Value& value = view_input(node, inputs, 0);
  std::vector<int64_t> axes;
  for (size_t i = 2; i < value.view.axes.size(); ++i) axes.push_back(static_cast<int64_t>(i));
  if (axes.empty()) node.malformed("its input of shape " + shape_text(value.view) + " is no image");
  reduce(node, value, axes, true,
         node.op() == "GlobalMaxPool" ? OpKind::kMaxPool : OpKind::kAveragePool);
}

void Importer::reduction(const OnnxNode& node, const Inputs& inputs) {
  node.allow({{"axes", 6, 17}, "keepdims", {"noop_with_empty_axes", 18}});
  node.expect_inputs(1, node.opset() < 18 ? 1 : 2);
  const Value& value = view_input(node, inputs, 0);
  const auto axes = axes_of(node, constant_input(node, inputs, 1, "axes"), value.view.axes.size());
  if (axes.empty()) {
    if (node.integer("noop_with_empty_axes", 0) == 0) node.unsupported("reduces the whole batch");
    give(node, value);
    return;
  }
  reduce(node, value, axes, node.integer("keepdims", 1) != 0,
         node.op() == "ReduceMax" ? OpKind::kMaxPool : OpKind::kAveragePool);
}

void Importer::reduce(const OnnxNode& node, const Value& value, const std::vector<int64_t>& axes,
                      bool keep, OpKind kind) {
  if (unbound(value)) {
    if (is_joined(value.view)) {
      bind_default(node, value);
    } else {
      bind_image(node, value, axes.front() == 1);
    }
  }
  const View view = settled(node, value);
  const Shape in = shape_of(view);
  int64_t channels = 1, height = 1, width = 1;
  for (int64_t axis : axes) {
    for (const Atom& atom : view.axes[static_cast<size_t>(axis)]) {
      if (atom.axis == Axis::kBatch) node.unsupported("reduces the batch");
      (atom.axis == Axis::kChannel  ? channels
       : atom.axis == Axis::kHeight ? height
                                    : width) *= atom.size;
    }
  }
  if (channels != 1 || (height != 1 && height != in.height) || (width != 1 && width != in.width)) {
    node.unsupported("reduces axes " + to_string(axes) + " of " + shape_text(view) +
                     ", which are not the image's height or width");
  }
  View result;
  result.tensor = view.tensor;
  if (height != 1 || width != 1) {
    Node out = make_node(node, kind, view);
    out.window.kernel_h = height;
    out.window.kernel_w = width;
    const Shape shape{in.channels, height != 1 ? 1 : in.height, width != 1 ? 1 : in.width};
    result.tensor = emit(node, std::move(out), shape);
  }
  for (size_t i = 0; i < view.axes.size(); ++i) {
    const bool reduced = std::binary_search(axes.begin(), axes.end(), static_cast<int64_t>(i));
    if (!reduced) {
      result.axes.push_back(view.axes[i]);
    } else if (keep) {
      result.axes.emplace_back();
    }
  }
  give_view(node, std::move(result));
}

}  // namespace keyway::graph::importing
