// SPDX-License-Identifier: Apache-2.0
// Shape rules of ONNX operators that constants and views of activations share.
#include <algorithm>
#include <limits>

#include "graph/onnx_constant.hpp"

namespace keyway::graph::importing {

int64_t checked_axis(const OnnxNode& node, int64_t axis, size_t rank) {
  const auto r = static_cast<int64_t>(rank);
  if (axis < -r || axis >= r) {
    node.malformed("axis " + std::to_string(axis) + " is outside of rank " + std::to_string(r));
  }
  return axis < 0 ? axis + r : axis;
}

const std::vector<int64_t>& integers_of(const OnnxNode& node, const ConstantPtr& constant,
                                        const char* what) {
  if (!constant) node.malformed(std::string(what) + " is missing");
  if (constant->is_float) node.malformed(std::string(what) + " should hold integers");
  return constant->integers;
}

std::vector<int64_t> axes_of(const OnnxNode& node, const ConstantPtr& input, size_t rank) {
  std::vector<int64_t> axes =
      input ? integers_of(node, input, "axes input") : node.integers("axes");
  if (axes.size() > kMaxRank) node.malformed("names " + std::to_string(axes.size()) + " axes");
  for (int64_t& axis : axes) axis = checked_axis(node, axis, rank);
  std::sort(axes.begin(), axes.end());
  if (std::adjacent_find(axes.begin(), axes.end()) != axes.end())
    node.malformed("names an axis twice");
  return axes;
}

void refuse_training(const OnnxNode& node) {
  node.unsupported("without is_test = 1 it is in training mode (operator set " +
                   std::to_string(node.opset()) + "), which is not supported");
}

void inference_dropout(const OnnxNode& node, const ConstantPtr& training_mode) {
  node.allow({{"is_test", 6, 6}, {"ratio", 6, 11}, {"seed", 12}});
  node.expect_inputs(1, node.opset() < 12 ? 1 : 3);
  if (node.opset() < 7 && node.integer("is_test", 0) == 0) refuse_training(node);
  if (training_mode && (training_mode->is_float || training_mode->integers.empty() ||
                        training_mode->integers[0] != 0)) {
    node.unsupported("training_mode is not supported");
  }
}

std::vector<int64_t> second_operand(const OnnxNode& node, const std::vector<int64_t>& a,
                                    const std::vector<int64_t>& b) {
  node.allow({{"axis", 6, 6}, {"broadcast", 6, 6}});
  node.expect_inputs(2, 2);
  if (node.opset() >= 7) return b;
  if (node.integer("broadcast", 0) == 0) {
    if (a != b) {
      node.unsupported("combining shapes " + to_string(a) + " and " + to_string(b) +
                       " needs broadcast = 1 in operator set " + std::to_string(node.opset()));
    }
    return b;
  }
  if (checked_elements(b) == 1 && b.size() <= a.size()) return {};
  const auto suffix = static_cast<int64_t>(a.size()) - static_cast<int64_t>(b.size());
  const int64_t axis = suffix < 0 ? suffix : node.integer("axis", suffix);
  if (axis < 0 || axis > suffix) {
    node.unsupported("cannot place shape " + to_string(b) + " in shape " + to_string(a));
  }
  std::vector<int64_t> placed = b;
  placed.resize(a.size() - static_cast<size_t>(axis), 1);
  return placed;
}

std::vector<int64_t> reshaped_dims(const OnnxNode& node, const std::vector<int64_t>& dims,
                                   const Constant& target, bool free) {
  node.allow({{"allowzero", 14}});
  node.expect_inputs(2, 2);
  const bool allow_zero = node.integer("allowzero", 0) != 0;
  std::vector<int64_t> out = target.integers;
  if (target.is_float || target.dims.size() > 1)
    node.malformed("shape should be a list of integers");
  if (out.size() > kMaxRank)
    node.unsupported("the new shape has more than " + std::to_string(kMaxRank) + " dimensions");
  const int64_t count = checked_elements(dims);
  const auto does_not_fit = [&] {
    const std::string what = "cannot bring " + to_string(dims) + " to shape ";
    if (free) {
      node.unsupported(what + to_string(target.integers) + " with one input at a time");
    }
    node.malformed(what + to_string(target.integers));
  };
  int64_t known = 1;
  int open = -1;
  for (size_t i = 0; i < out.size(); ++i) {
    if (out[i] == 0 && !allow_zero) {
      if (i >= dims.size()) node.malformed("copies a dimension that its input does not have");
      out[i] = dims[i];
    }
    if (out[i] == -1) {
      if (open >= 0) node.malformed("leaves two dimensions open");
      open = static_cast<int>(i);
      continue;
    }
    if (out[i] < 0 || out[i] > kMaxDimension)
      node.malformed("asks for shape " + to_string(target.integers));
    if (out[i] != 0 && known > kMaxElements / out[i])
      node.malformed("asks for shape " + to_string(target.integers));
    known *= out[i];
  }
  if (open >= 0) {
    if (known == 0 || count % known != 0) does_not_fit();
    out[static_cast<size_t>(open)] = count / known;
  } else if (known != count) {
    does_not_fit();
  }
  return out;
}

std::vector<int64_t> squeezed_dims(const OnnxNode& node, const std::vector<int64_t>& dims,
                                   const ConstantPtr& axes_input, const std::vector<bool>& free) {
  node.allow({{"axes", 6, 12}});
  node.expect_inputs(1, node.opset() < 13 ? 1 : 2);
  const std::vector<int64_t> axes = axes_of(node, axes_input, dims.size());
  const bool all = axes.empty() && !axes_input && !node.has("axes");
  std::vector<int64_t> out;
  for (size_t i = 0; i < dims.size(); ++i) {
    const bool named = std::binary_search(axes.begin(), axes.end(), static_cast<int64_t>(i));
    if (named && dims[i] != 1) {
      node.malformed("squeezes axis " + std::to_string(i) + " of " + to_string(dims));
    }
    if (!named && !(all && dims[i] == 1 && (free.empty() || !free[i]))) out.push_back(dims[i]);
  }
  return out;
}

std::vector<int64_t> unsqueezed_dims(const OnnxNode& node, const std::vector<int64_t>& dims,
                                     const ConstantPtr& axes_input) {
  node.allow({{"axes", 6, 12}});
  const int inputs = node.opset() < 13 ? 1 : 2;
  node.expect_inputs(inputs, inputs);
  const size_t added = axes_input ? axes_input->integers.size() : node.integers("axes").size();
  if (dims.size() + added > kMaxRank)
    node.unsupported("the new shape has more than " + std::to_string(kMaxRank) + " dimensions");
  const std::vector<int64_t> axes = axes_of(node, axes_input, dims.size() + added);
  if (axes.empty()) node.malformed("has no axes");
  std::vector<int64_t> out;
  size_t next = 0;
  for (size_t i = 0; i < dims.size() + added; ++i) {
    const bool named = std::binary_search(axes.begin(), axes.end(), static_cast<int64_t>(i));
    out.push_back(named ? 1 : dims[next++]);
  }
  return out;
}

std::vector<int64_t> flattened_dims(const OnnxNode& node, const std::vector<int64_t>& dims) {
  node.allow({"axis"});
  node.expect_inputs(1, 1);
  int64_t axis = node.integer("axis", 1);
  const auto rank = static_cast<int64_t>(dims.size());
  if (axis < -rank || axis > rank)
    node.malformed("axis " + std::to_string(axis) + " is outside of the shape");
  if (axis < 0) axis += rank;
  int64_t head = 1, tail = 1;
  for (int64_t i = 0; i < rank; ++i) (i < axis ? head : tail) *= dims[static_cast<size_t>(i)];
  return {head, tail};
}

std::vector<int64_t> permutation(const OnnxNode& node, size_t rank) {
  std::vector<int64_t> perm = node.integers("perm");
  if (perm.empty() && !node.has("perm")) {
    for (size_t i = rank; i-- > 0;) perm.push_back(static_cast<int64_t>(i));
  }
  std::vector<bool> seen(rank, false);
  if (perm.size() != rank)
    node.malformed("perm does not fit an input of rank " + std::to_string(rank));
  for (int64_t axis : perm) {
    if (axis < 0 || axis >= static_cast<int64_t>(rank) || seen[static_cast<size_t>(axis)]) {
      node.malformed("perm " + to_string(perm) + " is no permutation");
    }
    seen[static_cast<size_t>(axis)] = true;
  }
  return perm;
}

std::vector<SliceAxis> slice_axes(const OnnxNode& node, const std::vector<int64_t>& dims,
                                  const std::vector<ConstantPtr>& inputs) {
  std::vector<int64_t> starts, ends, axes, steps;
  const auto optional = [&](size_t index, const char* what) -> std::vector<int64_t> {
    if (index >= inputs.size() || !inputs[index]) return {};
    return integers_of(node, inputs[index], what);
  };
  node.allow({{"starts", 6, 9}, {"ends", 6, 9}, {"axes", 6, 9}});
  if (node.opset() < 10) {
    node.expect_inputs(1, 1);
    starts = node.integers("starts");
    ends = node.integers("ends");
    axes = node.integers("axes");
  } else {
    node.expect_inputs(3, 5);
    starts = optional(1, "starts");
    ends = optional(2, "ends");
    axes = optional(3, "axes");
    steps = optional(4, "steps");
  }
  if (axes.empty()) {
    for (size_t i = 0; i < starts.size(); ++i) axes.push_back(static_cast<int64_t>(i));
  }
  if (steps.empty()) steps.assign(starts.size(), 1);
  if (starts.empty() || ends.size() != starts.size() || axes.size() != starts.size() ||
      steps.size() != starts.size()) {
    node.malformed("starts, ends, axes and steps have different lengths");
  }
  std::vector<SliceAxis> out;
  for (int64_t d : dims) out.push_back({0, 1, d});
  std::vector<bool> seen(dims.size(), false);
  for (size_t i = 0; i < starts.size(); ++i) {
    const auto axis = static_cast<size_t>(checked_axis(node, axes[i], dims.size()));
    if (seen[axis]) node.malformed("names an axis twice");
    seen[axis] = true;
    const int64_t size = dims[axis], step = steps[i];
    if (step == 0 || step == std::numeric_limits<int64_t>::min())
      node.malformed("has a step of zero or out of range");
    // Negative positions count from the end; then both are brought into the range of the step's
    // direction. Comparisons come before sums, so nothing overflows.
    const auto position = [&](int64_t p, int64_t lowest, int64_t highest) {
      if (p < 0) p = p < -size - 1 ? -size - 1 + size : p + size;
      return std::clamp(p, lowest, highest);
    };
    const int64_t start =
        step > 0 ? position(starts[i], 0, size) : position(starts[i], -1, size - 1);
    const int64_t end = step > 0 ? position(ends[i], 0, size) : position(ends[i], -1, size - 1);
    const int64_t distance = step > 0 ? end - start : start - end;
    const int64_t stride = step > 0 ? step : -step;
    const int64_t count = distance <= 0 ? 0 : (distance - 1) / stride + 1;
    // A step beyond the axis is never taken; keep it small so that products stay in range.
    out[axis] = {start, count <= 1 ? (step > 0 ? 1 : -1) : step, count};
  }
  return out;
}

}  // namespace keyway::graph::importing
