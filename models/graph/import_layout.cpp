// SPDX-License-Identifier: Apache-2.0
// Operators that move or select elements: Reshape and its kin, Transpose, Slice, Pad, Concat,
// Shape. See importer.hpp.
#include <algorithm>
#include <cmath>

#include "common/printable.hpp"
#include "graph/importer.hpp"

namespace keyway::graph::importing {

void Importer::shape(const OnnxNode& node, const Inputs& inputs) {
  node.expect_inputs(1, 1);
  const Value& value = *inputs[0];
  const std::vector<int64_t> dims = value.is_constant() ? value.constant->dims : value.view.dims();
  auto out = std::make_shared<Constant>();
  if (node.op() == "Size") {
    node.allow({});
    out->integers = {std::max<int64_t>(checked_elements(dims), 0)};
    give_constant(node, std::move(out));
    return;
  }
  node.allow({{"start", 15}, {"end", 15}});
  const auto rank = static_cast<int64_t>(dims.size());
  const auto bounded = [rank](int64_t at) {
    return std::clamp(at < 0 ? at < -rank ? int64_t{0} : at + rank : at, int64_t{0}, rank);
  };
  const int64_t start = bounded(node.integer("start", 0)), end = bounded(node.integer("end", rank));
  for (int64_t i = start; i < end; ++i) out->integers.push_back(dims[static_cast<size_t>(i)]);
  out->dims = {out->elements()};
  give_constant(node, std::move(out));
}

void Importer::reshape(const OnnxNode& node, const Inputs& inputs) {
  Value value = view_input(node, inputs, 0);
  const std::vector<int64_t> dims = value.view.dims();
  std::vector<int64_t> target;
  if (node.op() == "Flatten") {
    target = flattened_dims(node, dims);
  } else if (node.op() == "Reshape") {
    const ConstantPtr shape = constant_input(node, inputs, 1, "the shape");
    if (!shape) node.malformed("the shape is missing");
    const std::vector<bool> free = free_axes(value.view);
    target =
        reshaped_dims(node, dims, *shape, std::find(free.begin(), free.end(), true) != free.end());
  } else {
    const ConstantPtr axes = constant_input(node, inputs, 1, "axes");
    target = node.op() == "Squeeze" ? squeezed_dims(node, dims, axes, free_axes(value.view))
                                    : unsqueezed_dims(node, dims, axes);
  }
  auto view = reshaped(value.view, target);
  if (!view) {
    node.unsupported("cannot bring " + shape_text(value.view) + " to " + to_string(target) +
                     " without mixing images or channels and pixels");
  }
  value.view = std::move(*view);
  value.arranged = std::make_shared<const OnnxNode>(node);
  give(node, std::move(value));
}

void Importer::transpose(const OnnxNode& node, const Inputs& inputs) {
  node.allow({"perm"});
  node.expect_inputs(1, 1);
  Value value = view_input(node, inputs, 0);
  value.view = transposed(value.view, permutation(node, value.view.axes.size()));
  value.arranged = std::make_shared<const OnnxNode>(node);
  give(node, std::move(value));
}

void Importer::slice(const OnnxNode& node, const Inputs& inputs) {
  const Value& value = view_input(node, inputs, 0);
  std::vector<ConstantPtr> parameters = {nullptr};
  for (size_t i = 1; i < inputs.size(); ++i) {
    parameters.push_back(constant_input(node, inputs, i, "starts, ends, axes or steps"));
  }
  const std::vector<int64_t> dims = value.view.dims();
  const auto slices = slice_axes(node, dims, parameters);
  const auto is_whole = [&](size_t i) {
    return slices[i].start == 0 && slices[i].step == 1 && slices[i].count == dims[i];
  };
  bool whole = true;
  for (size_t i = 0; i < slices.size(); ++i) whole = whole && is_whole(i);
  if (whole) {
    give(node, value);
    return;
  }
  const View view = settled_image(node, value);
  const Roles roles = image_roles(node, value, view);
  Shape shape = shape_of(view);
  Node crop = make_node(node, OpKind::kPad, view),
       stride = make_node(node, OpKind::kShortcut, view);
  bool crops = false;
  Shape result = shape;
  for (size_t i = 0; i < slices.size(); ++i) {
    if (is_whole(i)) continue;
    const SliceAxis& s = slices[i];
    const Axis axis = roles.axes[i];
    if (axis == Axis::kBatch || axis == Axis::kChannel) {
      node.unsupported("takes a part of the " +
                       std::string(axis == Axis::kBatch ? "batch" : "channels"));
    }
    if (s.step < 1 || s.count < 1) node.unsupported("is empty or runs backwards");
    // Every step-th pixel from `start`: the crop keeps the pixels after the last one unless there
    // are enough of them for one more step.
    const int64_t rest = dims[i] - s.start;
    const int64_t keep =
        s.step > 1 && (rest - 1) / s.step + 1 == s.count ? rest : (s.count - 1) * s.step + 1;
    const int64_t behind = rest - keep;
    crops = crops || s.start != 0 || behind != 0;
    if (axis == Axis::kHeight) {
      crop.window.pad_top = -s.start;
      crop.window.pad_bottom = -behind;
      stride.window.stride_h = s.step;
      shape.height = keep;
      result.height = s.count;
    } else {
      crop.window.pad_left = -s.start;
      crop.window.pad_right = -behind;
      stride.window.stride_w = s.step;
      shape.width = keep;
      result.width = s.count;
    }
  }
  int tensor = view.tensor;
  if (crops) tensor = emit(node, std::move(crop), shape);
  if (stride.window.stride_h != 1 || stride.window.stride_w != 1) {
    stride.inputs = {tensor};
    tensor = emit(node, std::move(stride), result);
  }
  give_view(node, with_roles(tensor, roles));
}

void Importer::pad(const OnnxNode& node, const Inputs& inputs) {
  const Value& value = view_input(node, inputs, 0);
  const size_t rank = value.view.axes.size();
  std::vector<int64_t> pads, axes;
  float fill = 0;
  node.allow({"mode", {"pads", 6, 10}, {"value", 6, 10}});
  if (node.opset() < 11) {
    node.expect_inputs(1, 1);
    pads = node.integers("pads");
    fill = node.number("value", 0);
  } else {
    node.expect_inputs(2, node.opset() < 18 ? 3 : 4);
    pads = integers_of(node, constant_input(node, inputs, 1, "pads"), "pads");
    if (const ConstantPtr constant = constant_input(node, inputs, 2, "the value")) {
      if (!constant->is_float || constant->floats.size() != 1)
        node.malformed("the value should be one number");
      fill = constant->floats[0];
    }
    if (const ConstantPtr constant = constant_input(node, inputs, 3, "axes")) {
      axes = integers_of(node, constant, "axes");
    }
  }
  if (axes.empty()) {
    for (size_t i = 0; i < rank; ++i) axes.push_back(static_cast<int64_t>(i));
  }
  if (pads.size() != 2 * axes.size() || axes.size() > rank) {
    node.malformed("its pads do not fit an input of rank " + std::to_string(rank));
  }
  std::vector<int64_t> before(rank, 0), after(rank, 0);
  bool nothing = true;
  for (size_t i = 0; i < axes.size(); ++i) {
    const auto axis = static_cast<size_t>(checked_axis(node, axes[i], rank));
    before[axis] = pads[i];
    after[axis] = pads[axes.size() + i];
    for (int64_t p : {pads[i], pads[axes.size() + i]}) {
      nothing = nothing && p == 0;
      if (p < -kMaxDimension || p > kMaxDimension)
        node.unsupported("pads " + to_string(pads) + " are outside of -" +
                         std::to_string(kMaxDimension) + " to " + std::to_string(kMaxDimension));
    }
  }
  if (nothing) {
    give(node, value);
    return;
  }
  const std::string mode = node.text("mode", "constant");
  if (mode != "constant")
    node.unsupported("mode " + common::quoted(mode) + ": only constant is supported");
  if (fill != 0) node.unsupported("pads with a value other than zero");

  const View view = settled_image(node, value);
  const Roles roles = image_roles(node, value, view);
  Shape shape = shape_of(view);
  Node space = make_node(node, OpKind::kPad, view),
       channels = make_node(node, OpKind::kShortcut, view);
  int64_t more_channels = 0;
  bool spatial = false;
  for (size_t i = 0; i < rank; ++i) {
    if (before[i] == 0 && after[i] == 0) continue;
    switch (roles.axes[i]) {
      case Axis::kHeight:
        space.window.pad_top = before[i];
        space.window.pad_bottom = after[i];
        spatial = true;
        break;
      case Axis::kWidth:
        space.window.pad_left = before[i];
        space.window.pad_right = after[i];
        spatial = true;
        break;
      case Axis::kChannel:
        if (before[i] < 0 || after[i] < 0) node.unsupported("takes a part of the channels");
        if (!roles.channels.empty()) node.unsupported("pads shuffled channels");
        channels.channel_before = before[i];
        more_channels = before[i] + after[i];
        break;
      default:
        node.unsupported("pads the batch");
    }
  }
  int tensor = view.tensor;
  if (spatial) {
    // Also with pads on the other side that make up for it: nothing of the image would be left.
    const auto crops_all = [](int64_t size, int64_t first, int64_t last) {
      return first <= -size || last <= -size;
    };
    if (crops_all(shape.height, space.window.pad_top, space.window.pad_bottom) ||
        crops_all(shape.width, space.window.pad_left, space.window.pad_right)) {
      node.unsupported("pads " + to_string(pads) + " crop the whole image");
    }
    shape.height += space.window.pad_top + space.window.pad_bottom;
    shape.width += space.window.pad_left + space.window.pad_right;
    if (shape.height < 0 || shape.width < 0) node.malformed("crops more than there is");
    if (shape.height == 0 || shape.width == 0) node.unsupported("leaves no pixel");
    tensor = emit(node, std::move(space), shape);
  }
  if (more_channels != 0) {
    shape.channels += more_channels;
    channels.inputs = {tensor};
    tensor = emit(node, std::move(channels), shape);
  }
  give_view(node, with_roles(tensor, roles));
}

bool Importer::is_zero(int tensor) const {
  for (const Node& node : graph_.nodes) {
    if (node.output != tensor) continue;
    const auto zero = [](float v) { return v == 0; };
    return node.kind == OpKind::kDepthwiseConv && node.clamp.lo <= 0 && node.clamp.hi >= 0 &&
           std::all_of(node.weights.begin(), node.weights.end(), zero) &&
           std::all_of(node.bias.begin(), node.bias.end(), zero);
  }
  return false;
}

void Importer::concat(const OnnxNode& node, const Inputs& inputs) {
  node.allow({"axis"});
  if (!node.has("axis")) node.malformed("has no axis");
  // One part carries the image; all others have to be zero, as in a padded shortcut.
  const Value* image = nullptr;
  size_t image_at = 0;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i]) node.malformed("input " + std::to_string(i) + " is missing");
    if (inputs[i]->is_constant()) continue;
    if (inputs.size() > 1 && !unbound(*inputs[i]) && is_zero(inputs[i]->view.tensor)) continue;
    if (image) node.unsupported("joins two tensors; only zeros can be joined to one");
    image = inputs[i];
    image_at = i;
  }
  if (!image) node.unsupported("joins only zeros");
  if (inputs.size() == 1) {
    give(node, *image);
    return;
  }
  const View view = settled_image(node, *image);
  const Roles roles = image_roles(node, *image, view);
  const std::vector<int64_t> dims = view.dims();
  const auto axis = static_cast<size_t>(checked_axis(node, node.integer("axis", 0), dims.size()));
  int64_t before = 0, after = 0;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (i == image_at) continue;
    const bool constant = inputs[i]->is_constant();
    std::vector<int64_t> part = constant ? inputs[i]->constant->dims : inputs[i]->view.dims();
    if (part.size() != dims.size()) node.malformed("its inputs do not fit each other");
    (i < image_at ? before : after) += part[axis];
    part[axis] = dims[axis];
    const std::vector<bool> free = free_axes(view);
    for (size_t k = 0; k < dims.size(); ++k) {
      if (part[k] == dims[k]) continue;
      if (free[k]) node.unsupported("its inputs fix the free batch");
      node.malformed("its inputs do not fit each other");
    }
    if (!constant) continue;
    if (!inputs[i]->constant->is_float) node.malformed("joins integers to floats");
    for (float v : inputs[i]->constant->floats) {
      if (v != 0) node.unsupported("joins constants other than zero");
    }
  }
  if (before + after > kMaxDimension) {
    node.unsupported("joins more than " + std::to_string(kMaxDimension) + " zeros");
  }
  Shape shape = shape_of(view);
  const bool channels = roles.axes[axis] == Axis::kChannel;
  Node out = make_node(node, channels ? OpKind::kShortcut : OpKind::kPad, view);
  if (channels) {
    if (!roles.channels.empty()) node.unsupported("joins shuffled channels to others");
    out.channel_before = before;
    shape.channels += before + after;
  } else if (roles.axes[axis] == Axis::kHeight) {
    out.window.pad_top = before;
    out.window.pad_bottom = after;
    shape.height += before + after;
  } else if (roles.axes[axis] == Axis::kWidth) {
    out.window.pad_left = before;
    out.window.pad_right = after;
    shape.width += before + after;
  } else {
    node.unsupported("joins along the batch");
  }
  give_view(node, with_roles(emit(node, std::move(out), shape), roles));
}

}  // namespace keyway::graph::importing
