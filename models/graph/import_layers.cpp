// SPDX-License-Identifier: Apache-2.0
// Layers with weights: Conv, Gemm, MatMul, BatchNormalization. See importer.hpp.
#include <algorithm>
#include <cmath>

#include "common/printable.hpp"
#include "graph/importer.hpp"
#include "graph/window.hpp"

namespace keyway::graph::importing {

namespace {

/// [o][i][a][b] to [o][i][b][a].
std::vector<float> space_transposed(const Constant& weights) {
  const auto outer = static_cast<size_t>(weights.dims[0] * weights.dims[1]);
  const auto a = static_cast<size_t>(weights.dims[2]), b = static_cast<size_t>(weights.dims[3]);
  std::vector<float> out(weights.floats.size());
  for (size_t o = 0; o < outer; ++o) {
    for (size_t i = 0; i < a; ++i) {
      for (size_t j = 0; j < b; ++j) out[(o * b + j) * a + i] = weights.floats[(o * a + i) * b + j];
    }
  }
  return out;
}

/// [outer][channel][inner], whose channels come in this order, by channel of the tensor.
std::vector<float> reordered(const std::vector<float>& values, const std::vector<Position>& order,
                             int64_t outer, int64_t inner) {
  std::vector<float> out(values.size());
  const auto run = static_cast<ptrdiff_t>(inner);
  const auto channels = static_cast<ptrdiff_t>(order.size());
  auto from = values.begin();
  for (ptrdiff_t o = 0; o < outer; ++o) {
    for (const Position& position : order) {
      std::copy_n(from, run, out.begin() + (o * channels + position.channel) * run);
      from += run;
    }
  }
  return out;
}

}  // namespace

void Importer::conv(const OnnxNode& node, const Inputs& inputs) {
  node.allow({"auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"});
  node.expect_inputs(2, 3);
  const Value& value = view_input(node, inputs, 0);
  const ConstantPtr weights = weights_input(node, inputs, 1, "the weights");
  const ConstantPtr bias = weights_input(node, inputs, 2, "the bias");
  if (!weights) node.malformed("has no weights");
  const size_t rank = value.view.axes.size();
  if (weights->dims.size() != rank) {
    node.malformed("weights of shape " + to_string(weights->dims) +
                   " do not fit an input of shape " + shape_text(value.view));
  }
  if (rank != 3 && rank != 4)
    node.unsupported("only convolutions over one or two axes are supported");
  if (weights->elements() < 1) node.malformed("the weights are empty");

  const View view = settled_image(node, value, false);
  Roles roles = channels_first(node, value, view);
  const Shape& in = shape_of(view);
  const int64_t group = node.integer("group", 1), out_channels = weights->dims[0];
  const bool depthwise = group != 1;
  if (depthwise && (group != in.channels || weights->dims[1] != 1)) {
    node.unsupported("group " + std::to_string(group) + " with " + std::to_string(in.channels) +
                     " input channels: only 1 and depthwise are supported");
  }
  if (depthwise && out_channels != in.channels) {
    if (out_channels % group != 0)
      node.malformed("the output channels do not divide into the groups");
    node.unsupported("depthwise with a channel multiplier above 1");
  }
  if (!depthwise && weights->dims[1] != in.channels) {
    node.malformed("weights for " + std::to_string(weights->dims[1]) + " channels read " +
                   std::to_string(in.channels));
  }
  const std::vector<int64_t> dims = view.dims();
  const auto windows = read_windows(node, {dims.begin() + 2, dims.end()},
                                    {weights->dims.begin() + 2, weights->dims.end()});
  Node out = make_node(node, depthwise ? OpKind::kDepthwiseConv : OpKind::kConv, view);
  Shape shape{out_channels, in.height, in.width};
  place_windows(roles, windows, out.window, shape);
  const bool swapped = rank == 4 && roles.axes[2] == Axis::kWidth;
  out.weights = swapped ? space_transposed(*weights) : weights->floats;
  budget_.take(in.channels * static_cast<int64_t>(sizeof(Position)), node);
  const std::vector<Position> order = positions(roles.channels);  // none: the channels' own
  out.bias.assign(static_cast<size_t>(out_channels), 0.0F);
  if (bias) {
    if (bias->dims.size() != 1 || bias->dims[0] != out_channels) {
      node.malformed("a bias of shape " + to_string(bias->dims) + " does not fit " +
                     std::to_string(out_channels) + " channels");
    }
    out.bias = bias->floats;
  }
  // Of shuffled channels the weights take the order; what a depthwise one gives is shuffled alike.
  if (!roles.channels.empty()) {
    const int64_t taps = out.window.kernel_h * out.window.kernel_w;
    out.weights = reordered(out.weights, order, depthwise ? 1 : out_channels, taps);
    if (depthwise) {
      out.bias = reordered(out.bias, order, 1, 1);
    } else {
      roles.channels.clear();
    }
  }
  count_macs(node, {shape.height, shape.width, out_channels, depthwise ? 1 : in.channels,
                    out.window.kernel_h, out.window.kernel_w});
  give_view(node, with_roles(emit(node, std::move(out), shape), roles));
}

Roles Importer::channels_first(const OnnxNode& node, const Value& value, const View& view) const {
  const auto roles = roles_of(view, shape_of(view), true);
  if (!roles || roles->axes.size() < 3) {
    image_roles(node, value, view);
    not_readable(node, value, "has at axis 1 what an operator before it took for space");
  }
  return *roles;
}

void Importer::place_windows(const Roles& roles, const std::vector<AxisWindow>& windows,
                             Window& window, Shape& shape) {
  for (size_t i = 0; i < windows.size(); ++i) {
    const AxisWindow& w = windows[i];
    if (roles.axes[2 + i] == Axis::kHeight) {
      window.kernel_h = w.kernel;
      window.stride_h = w.stride;
      window.pad_top = w.begin;
      window.pad_bottom = w.end + w.extra;
      shape.height = w.out;
    } else {
      window.kernel_w = w.kernel;
      window.stride_w = w.stride;
      window.pad_left = w.begin;
      window.pad_right = w.end + w.extra;
      shape.width = w.out;
    }
  }
}

void Importer::dense(const OnnxNode& node, const Value& value, const Constant& weights,
                     bool transposed_weights, float alpha, const std::vector<float>& bias) {
  if (weights.dims.size() != 2 || weights.elements() < 1) {
    node.unsupported("weights of shape " + to_string(weights.dims) + " are no matrix");
  }
  const int64_t depth = weights.dims[transposed_weights ? 1 : 0];
  const int64_t outputs = weights.dims[transposed_weights ? 0 : 1];
  const std::vector<int64_t> dims = value.view.dims();
  if (dims.size() < 2)
    node.unsupported("its input of shape " + shape_text(value.view) + " has no batch dimension");
  if (free_axes(value.view).back()) node.unsupported("multiplies along the batch");
  if (dims.back() != depth) {
    node.malformed("weights of shape " + to_string(weights.dims) +
                   " do not fit an input of shape " + shape_text(value.view));
  }
  if (unbound(value)) {
    const bool whole = depth == checked_elements(input_dims_);
    if (whole) {
      bind_vector(node);
    } else {
      bind_image(node, value, true);
    }
  }
  const View view = settled(node, value);
  const Shape in = shape_of(view);
  const Group& last = view.axes.back();
  const bool channels_only =
      !holds(last, Axis::kBatch) && !holds(last, Axis::kHeight) && !holds(last, Axis::kWidth);
  const bool whole = !holds(last, Axis::kBatch) && depth == in.elements();
  if (!whole && !(channels_only && depth == in.channels)) {
    node.unsupported("multiplies along an axis that is neither the channels nor a whole image");
  }

  Node out = make_node(node, OpKind::kConv, view);
  Shape shape{outputs, in.height, in.width};
  if (whole) {
    out.window.kernel_h = in.height;
    out.window.kernel_w = in.width;
    shape.height = shape.width = 1;
  }
  const int64_t taps = whole ? in.pixels() : 1;
  budget_.take(depth * static_cast<int64_t>(sizeof(Position)), node);
  const std::vector<Position> places = positions(last);
  out.weights.resize(weights.floats.size());
  for (int64_t k = 0; k < depth; ++k) {
    const Position& p = places[static_cast<size_t>(k)];
    const int64_t to = p.channel * taps + p.y * in.width + p.x;
    for (int64_t o = 0; o < outputs; ++o) {
      const int64_t from = transposed_weights ? o * depth + k : k * outputs + o;
      out.weights[static_cast<size_t>(o * depth + to)] =
          alpha * weights.floats[static_cast<size_t>(from)];
    }
  }
  out.bias = bias.empty() ? std::vector<float>(static_cast<size_t>(outputs), 0.0F) : bias;
  count_macs(node, {shape.height, shape.width, outputs, depth});
  View result = view;
  result.tensor = emit(node, std::move(out), shape);
  result.axes.back() = normalised({{Axis::kChannel, outputs, 1}});
  give_view(node, std::move(result));
}

void Importer::matmul(const OnnxNode& node, const Inputs& inputs) {
  node.allow({});
  node.expect_inputs(2, 2);
  if (inputs[0]->is_constant()) node.unsupported("a constant matrix on the left is not supported");
  const ConstantPtr weights = weights_input(node, inputs, 1, "the second matrix");
  Value value = view_input(node, inputs, 0);
  if (weights->dims.size() <= 2) {
    dense(node, value, *weights, false, 1.0F, {});
    return;
  }
  // A stack of one matrix: the product has as many dimensions as the longer of its inputs.
  budget_.take(weights->elements() * static_cast<int64_t>(sizeof(float)), node);
  Constant matrix = *weights;
  std::vector<int64_t> dims = value.view.dims();
  while (matrix.dims.size() > 2) {
    if (matrix.dims[0] != 1) {
      node.unsupported("weights of shape " + to_string(weights->dims) +
                       " are more than one matrix");
    }
    matrix.dims.erase(matrix.dims.begin());
  }
  if (dims.size() < weights->dims.size()) {
    dims.insert(dims.begin(), weights->dims.size() - dims.size(), 1);
    auto wider = reshaped(value.view, dims);
    if (!wider)
      node.unsupported("weights of shape " + to_string(weights->dims) +
                       " have more dimensions than its input");
    value.view = std::move(*wider);
  }
  dense(node, value, matrix, false, 1.0F, {});
}

void Importer::gemm(const OnnxNode& node, const Inputs& inputs) {
  node.allow({"alpha", "beta", {"broadcast", 6, 6}, "transA", "transB"});
  node.expect_inputs(node.opset() < 11 ? 3 : 2, 3);
  Value value = view_input(node, inputs, 0);
  const ConstantPtr weights = weights_input(node, inputs, 1, "matrix B");
  const ConstantPtr c = weights_input(node, inputs, 2, "matrix C");
  if (value.view.axes.size() != 2) {
    node.malformed("matrix A has shape " + shape_text(value.view));
  }
  if (node.integer("transA", 0) != 0) value.view = transposed(value.view, {1, 0});
  const bool trans_b = node.integer("transB", 0) != 0;
  if (weights->dims.size() != 2) node.malformed("matrix B has shape " + to_string(weights->dims));
  const float alpha = node.number("alpha", 1.0F), beta = node.number("beta", 1.0F);
  if (!std::isfinite(alpha) || !std::isfinite(beta))
    node.malformed("alpha and beta should be finite");
  const int64_t outputs = weights->dims[trans_b ? 0 : 1];

  std::vector<float> bias;
  if (c) {
    const int64_t columns = c->dims.empty() ? 1 : c->dims.back();
    const int64_t rows = c->dims.size() == 2 ? c->dims[0] : 1;
    if (free_batch_ && rows != 1) {
      node.unsupported("matrix C of shape " + to_string(c->dims) + " fixes the free batch");
    }
    if (c->dims.size() > 2 || (columns != 1 && columns != outputs) ||
        (rows != 1 && rows != batch_)) {
      node.malformed("matrix C of shape " + to_string(c->dims) + " does not fit the product");
    }
    if (node.opset() < 7 && node.integer("broadcast", 0) == 0 &&
        c->dims != std::vector<int64_t>{batch_, outputs}) {
      node.unsupported("matrix C of shape " + to_string(c->dims) +
                       " needs broadcast = 1 in operator set " + std::to_string(node.opset()));
    }
    budget_.take(outputs * static_cast<int64_t>(sizeof(float)), node);
    bias.resize(static_cast<size_t>(outputs));
    for (int64_t row = 0; row < rows; ++row) {
      for (int64_t o = 0; o < outputs; ++o) {
        const float v =
            beta * c->floats[static_cast<size_t>(row * columns + (columns == 1 ? 0 : o))];
        if (row > 0 && v != bias[static_cast<size_t>(o)]) {
          node.unsupported("matrix C differs between the images of a batch");
        }
        bias[static_cast<size_t>(o)] = v;
      }
    }
  }
  dense(node, value, *weights, trans_b, alpha, bias);
}

void Importer::batch_normalization(const OnnxNode& node, const Inputs& inputs) {
  node.allow({"epsilon", {"is_test", 6, 6}, "momentum", {"spatial", 6, 8}, {"training_mode", 14}});
  node.expect_inputs(5, 5);
  if (node.integer("training_mode", 0) != 0) node.unsupported("training_mode is not supported");
  if (node.opset() < 7 && node.integer("is_test", 0) == 0) refuse_training(node);
  // Before operator set 14 the outputs tell: those behind the first one are there in training only.
  if (node.opset() < 14) {
    for (int i = 1; i < node.output_count(); ++i) {
      if (node.output(i).empty()) continue;
      node.unsupported("output " + common::quoted(node.output(i)) +
                       ": with more than one output it is in training mode (operator set " +
                       std::to_string(node.opset()) + "), which is not supported");
    }
  }
  if (node.integer("spatial", 1) != 1) node.unsupported("spatial = 0 is not supported");
  const Value& value = view_input(node, inputs, 0);
  const std::vector<int64_t> dims = value.view.dims();
  if (dims.size() < 2) node.malformed("its input has shape " + shape_text(value.view));
  if (free_axes(value.view)[1]) node.unsupported("normalises along the batch");
  ConstantPtr parts[4];
  static constexpr const char* kNames[4] = {"scale", "bias", "mean", "variance"};
  for (size_t i = 0; i < 4; ++i) {
    parts[i] = weights_input(node, inputs, i + 1, kNames[i]);
    if (parts[i]->dims != std::vector<int64_t>{dims[1]}) {
      node.malformed(std::string(kNames[i]) + " of shape " + to_string(parts[i]->dims) +
                     " does not fit an input of shape " + shape_text(value.view));
    }
  }
  // y = (x - mean) / sqrt(variance + epsilon) * scale + bias, along axis 1.
  const float epsilon = node.number("epsilon", 1e-5F);
  auto scale = std::make_shared<Constant>(), offset = std::make_shared<Constant>();
  for (const auto& constant : {scale, offset}) {
    constant->dims.assign(dims.size() - 1, 1);
    constant->dims[0] = dims[1];
    constant->is_float = true;
    constant->floats.resize(parts[0]->floats.size());
  }
  for (size_t i = 0; i < scale->floats.size(); ++i) {
    const double variance = static_cast<double>(parts[3]->floats[i]) + static_cast<double>(epsilon);
    if (!(variance > 0)) node.malformed("variance + epsilon is not positive");
    const double factor = static_cast<double>(parts[0]->floats[i]) / std::sqrt(variance);
    scale->floats[i] = static_cast<float>(factor);
    offset->floats[i] = static_cast<float>(static_cast<double>(parts[1]->floats[i]) -
                                           factor * static_cast<double>(parts[2]->floats[i]));
  }
  elementwise(node, value, {scale, offset, Clamp{}});
}

}  // namespace keyway::graph::importing
