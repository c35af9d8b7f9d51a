// SPDX-License-Identifier: Apache-2.0
// Operators at the network's end that the host computes: Softmax, LogSoftmax, Sigmoid, Tanh, ArgMax
// and TopK. A value keeps its tensor and says what is to be done. See importer.hpp.
#include "graph/importer.hpp"

namespace keyway::graph::importing {

View Importer::over_channels(const OnnxNode& node, const Value& value, size_t first, size_t end) {
  const View view = settled_image(node, value);
  int64_t channels = 1, others = 1;
  for (size_t i = first; i < end; ++i) {
    for (const Atom& atom : view.axes[i]) {
      (atom.axis == Axis::kChannel ? channels : others) *= atom.size;
      if (atom.axis == Axis::kBatch) node.unsupported("runs over the batch");
    }
  }
  if (others != 1 || channels != shape_of(view).channels) {
    node.unsupported("only over all channels of a pixel is supported");
  }
  return view;
}

void Importer::softmax(const OnnxNode& node, const Inputs& inputs) {
  node.allow({"axis"});
  node.expect_inputs(1, 1);
  const Value& value = view_input(node, inputs, 0);
  const size_t rank = value.view.axes.size();
  const bool flattens = node.opset() < 13;  // then over everything from the axis on
  const auto axis =
      static_cast<size_t>(checked_axis(node, node.integer("axis", flattens ? 1 : -1), rank));
  Value result;
  result.view = over_channels(node, value, axis, flattens ? rank : axis + 1);
  result.function = node.op() == "Softmax" ? OutputFunction::kSoftmax : OutputFunction::kLogSoftmax;
  result.finished_by = std::make_shared<const OnnxNode>(node);
  give(node, std::move(result));
}

void Importer::host_function(const OnnxNode& node, const Inputs& inputs) {
  node.allow({});
  node.expect_inputs(1, 1);
  Value result;
  result.view = settled_image(node, view_input(node, inputs, 0));
  result.function = node.op() == "Tanh" ? OutputFunction::kTanh : OutputFunction::kSigmoid;
  result.finished_by = std::make_shared<const OnnxNode>(node);
  give(node, std::move(result));
}

Value Importer::selected(const OnnxNode& node, const Value& value, size_t axis, int64_t count) {
  Value result = value;
  result.view = over_channels(node, value, axis, axis + 1);
  const int64_t channels = shape_of(result.view).channels;
  if (!covers(result.view.axes[axis], Axis::kChannel, channels)) {
    node.unsupported("numbers shuffled channels");
  }
  if (count < 0 || count > channels) {
    node.malformed("takes " + std::to_string(count) + " of " + std::to_string(channels) +
                   " values");
  }
  if (count == 0) node.unsupported("takes none of the values");
  result.view.axes[axis] = normalised({{Axis::kChannel, count, 1}});
  result.pending = nullptr;
  result.selection.count = count;
  result.finished_by = std::make_shared<const OnnxNode>(node);
  return result;
}

void Importer::arg_max(const OnnxNode& node, const Inputs& inputs) {
  node.allow({"axis", "keepdims", {"select_last_index", 12}});
  node.expect_inputs(1, 1);
  const Value& value = view_input(node, inputs, 0);
  const auto axis =
      static_cast<size_t>(checked_axis(node, node.integer("axis", 0), value.view.axes.size()));
  Value result = selected(node, value, axis, 1);
  if (node.integer("keepdims", 1) == 0) {
    result.view.axes.erase(result.view.axes.begin() + static_cast<ptrdiff_t>(axis));
  }
  result.grid = nullptr;
  result.selection.gives = OutputSelection::Gives::kIndices;
  result.selection.smallest_first = node.op() == "ArgMin";
  result.selection.last_of_equals = node.integer("select_last_index", 0) != 0;
  give(node, std::move(result));
}

void Importer::top_k(const OnnxNode& node, const Inputs& inputs) {
  node.allow({"axis", {"k", 6, 9}, {"largest", 11}, {"sorted", 11}});
  const int parameters = node.opset() < 10 ? 1 : 2;
  node.expect_inputs(parameters, parameters);
  const Value& value = view_input(node, inputs, 0);
  int64_t count = node.integer("k", 0);
  if (parameters == 2) {
    const std::vector<int64_t>& k = integers_of(node, constant_input(node, inputs, 1, "k"), "k");
    if (k.size() != 1) node.malformed("k should be one number");
    count = k[0];
  }
  const auto axis =
      static_cast<size_t>(checked_axis(node, node.integer("axis", -1), value.view.axes.size()));
  Value values = selected(node, value, axis, count);
  values.selection.gives = OutputSelection::Gives::kValues;
  values.selection.smallest_first = node.integer("largest", 1) == 0;
  Value indices = values;
  indices.selection.gives = OutputSelection::Gives::kIndices;
  give(node, std::move(values));
  if (!node.output(1).empty()) values_[node.output(1)] = std::move(indices);
}

}  // namespace keyway::graph::importing
