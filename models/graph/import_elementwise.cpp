// SPDX-License-Identifier: Apache-2.0
// Elementwise operators: Relu, Clip and their kin, constant arithmetic, the sum and the difference
// of two tensors. All but the sum become y = min(max(scale x + offset, lo), hi), one scale
// and offset per channel.
// See importer.hpp.
#include <onnx/onnx_pb.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "graph/importer.hpp"

namespace keyway::graph::importing {

std::vector<float> Importer::per_channel(const OnnxNode& node, const Constant& constant,
                                         const View& view) {
  const std::vector<int64_t> dims = view.dims();
  const size_t lead = dims.size() - constant.dims.size();
  const auto does_not_fit = [&] {
    node.unsupported("a constant of shape " + to_string(constant.dims) +
                     " does not broadcast to the shape " + shape_text(view) +
                     " of the other input");
  };
  // Channel atoms on axes where the constant varies give its channel; the others it is repeated
  // over.
  std::vector<int64_t> repeats = {0};
  std::vector<std::vector<Position>> places(dims.size());
  budget_.take(24 * (constant.elements() + shape_of(view).channels), node);
  for (size_t i = 0; i < dims.size(); ++i) {
    const int64_t size = i < lead ? 1 : constant.dims[i - lead];
    if (size != 1 && size != dims[i]) does_not_fit();
    if (size != 1) {
      places[i] = positions(view.axes[i]);
      continue;
    }
    for (const Atom& atom : view.axes[i]) {
      if (atom.axis != Axis::kChannel) continue;
      std::vector<int64_t> more;
      for (int64_t base : repeats) {
        for (int64_t k = 0; k < atom.size; ++k) more.push_back(base + k * atom.step);
      }
      repeats = std::move(more);
    }
  }
  const auto channels = static_cast<size_t>(shape_of(view).channels);
  std::vector<float> out(channels, 0.0F);
  std::vector<bool> known(channels, false);
  std::vector<int64_t> index(dims.size(), 0);
  for (float v : constant.floats) {
    if (!std::isfinite(v)) node.malformed("a constant holds NaN or infinity");
    int64_t channel = 0;
    for (size_t i = lead; i < dims.size(); ++i) {
      if (!places[i].empty()) channel += places[i][static_cast<size_t>(index[i])].channel;
    }
    for (int64_t repeat : repeats) {
      const auto c = static_cast<size_t>(channel + repeat);
      if (known[c] && out[c] != v)
        node.unsupported("a constant that differs between pixels or images");
      out[c] = v;
      known[c] = true;
    }
    for (size_t i = dims.size(); i-- > lead;) {
      if (++index[i] < constant.dims[i - lead]) break;
      index[i] = 0;
    }
  }
  for (bool k : known) {
    if (!k) does_not_fit();
  }
  return out;
}

View Importer::emit_elementwise(const OnnxNode& node, const View& view, const Elementwise& step) {
  const Shape shape = shape_of(view);
  const auto channels = static_cast<size_t>(shape.channels);
  Node out = make_node(node, OpKind::kDepthwiseConv, view);
  out.clamp = step.clamp;
  budget_.take(2 * shape.channels * static_cast<int64_t>(sizeof(float)), node);
  out.weights =
      step.scale ? per_channel(node, *step.scale, view) : std::vector<float>(channels, 1.0F);
  out.bias =
      step.offset ? per_channel(node, *step.offset, view) : std::vector<float>(channels, 0.0F);
  View result = view;
  result.tensor = emit(node, std::move(out), shape);
  return result;
}

Value Importer::affine(const OnnxNode& node, const Value& value, Elementwise step) {
  View view = value.view;
  size_t rank = view.axes.size();
  for (const auto& constant : {step.scale, step.offset}) {
    if (constant) rank = std::max(rank, constant->dims.size());
  }
  if (rank > view.axes.size()) {
    std::vector<int64_t> dims = view.dims();
    dims.insert(dims.begin(), rank - dims.size(), 1);
    auto wider = reshaped(view, dims);
    if (!wider)
      node.unsupported("a constant has more dimensions than the input " + shape_text(view));
    view = *wider;
  }
  Value result;
  result.arranged = value.arranged;
  if (!unbound(value)) {
    Value moved = value;
    moved.view = std::move(view);
    result.view = emit_elementwise(node, settled(node, moved), step);
    return result;
  }
  result.view = view;
  result.pending = std::make_shared<Pending>(Pending{value.pending, node, std::move(step), view});
  return result;
}

void Importer::relu(const OnnxNode& node, const Inputs& inputs) {
  node.allow({});
  node.expect_inputs(1, 1);
  elementwise(node, view_input(node, inputs, 0),
              {nullptr, nullptr, Clamp{0, std::numeric_limits<float>::infinity()}});
}

void Importer::clip(const OnnxNode& node, const Inputs& inputs) {
  const Value& value = view_input(node, inputs, 0);
  Clamp clamp;
  node.allow({{"min", 6, 10}, {"max", 6, 10}});
  if (node.opset() < 11) {
    node.expect_inputs(1, 1);
    clamp.lo = node.number("min", std::numeric_limits<float>::lowest());
    clamp.hi = node.number("max", std::numeric_limits<float>::max());
  } else {
    node.expect_inputs(1, 3);
    const auto bound = [&](size_t index, float otherwise) {
      const ConstantPtr constant = constant_input(node, inputs, index, "a bound");
      if (!constant) return otherwise;
      if (!constant->is_float || constant->floats.size() != 1 || std::isnan(constant->floats[0])) {
        node.malformed("a bound should be one number");
      }
      return constant->floats[0];
    };
    clamp.lo = bound(1, clamp.lo);
    clamp.hi = bound(2, clamp.hi);
  }
  clamped(node, value, clamp);
}

void Importer::extremum(const OnnxNode& node, const Inputs& inputs) {
  node.allow({});
  const bool maximum = node.op() == "Max";
  const Value* value = nullptr;
  Clamp clamp;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i]) node.malformed("input " + std::to_string(i) + " is missing");
    if (!inputs[i]->is_constant()) {
      if (value) node.unsupported("compares two tensors; only constants are supported");
      value = inputs[i];
      continue;
    }
    const ConstantPtr bound = weights_input(node, inputs, i, "the bound");
    if (bound->floats.empty()) node.malformed("the bound is empty");
    for (float v : bound->floats) {
      if (v != bound->floats[0]) node.unsupported("the elements of a bound differ");
    }
    float& side = maximum ? clamp.lo : clamp.hi;
    side = maximum ? std::max(side, bound->floats[0]) : std::min(side, bound->floats[0]);
  }
  const std::vector<int64_t> dims = value->view.dims();
  for (const Value* input : inputs) {
    if (!input->is_constant()) continue;
    const std::vector<int64_t>& bound = input->constant->dims;
    bool fits = node.opset() < 8 ? bound == dims : bound.size() <= dims.size();
    for (size_t i = 0; fits && i < bound.size(); ++i) {
      fits = bound[i] == 1 || bound[i] == dims[dims.size() - bound.size() + i];
    }
    if (!fits) {
      node.unsupported("a bound of shape " + to_string(bound) +
                       " does not broadcast to the shape " + shape_text(value->view) +
                       " of the other input");
    }
  }
  clamped(node, *value, clamp);
}

void Importer::hard_sigmoid(const OnnxNode& node, const Inputs& inputs) {
  node.allow({"alpha", "beta"});
  node.expect_inputs(1, 1);
  const float alpha = node.number("alpha", 0.2F), beta = node.number("beta", 0.5F);
  if (!std::isfinite(alpha) || !std::isfinite(beta))
    node.malformed("alpha and beta should be finite");
  elementwise(node, view_input(node, inputs, 0), {scalar(alpha), scalar(beta), Clamp{0, 1}});
}

void Importer::clamped(const OnnxNode& node, const Value& value, Clamp clamp) {
  if (clamp.lo == std::numeric_limits<float>::lowest())
    clamp.lo = -std::numeric_limits<float>::infinity();
  if (clamp.hi == std::numeric_limits<float>::max())
    clamp.hi = std::numeric_limits<float>::infinity();
  if (std::isinf(clamp.lo) && clamp.lo > 0) node.unsupported("the lower bound is infinite");
  if (std::isinf(clamp.hi) && clamp.hi < 0) node.unsupported("the upper bound is infinite");
  if (clamp.lo > clamp.hi) clamp.lo = clamp.hi;  // as min(max(x, lo), hi) has it
  elementwise(node, value, {nullptr, nullptr, clamp});
}

void Importer::arithmetic(const OnnxNode& node, const Inputs& inputs) {
  const std::string& op = node.op();
  if (op == "Neg") {
    node.allow({});
    node.expect_inputs(1, 1);
    elementwise(node, view_input(node, inputs, 0), {scalar(-1), nullptr, Clamp{}});
    return;
  }
  node.expect_inputs(2, 2);
  const size_t at = inputs[0]->is_constant() ? 1 : 0;  // of the view
  if (!inputs[1 - at]->is_constant()) {
    node.unsupported(
        "both inputs depend on the network's input; only Add and Sub are supported then");
  }
  ConstantPtr constant = weights_input(node, inputs, 1 - at, "the constant");
  const View& view = view_input(node, inputs, at).view;
  const std::vector<int64_t> dims = view.dims();
  const std::vector<int64_t> placed = at == 0 ? second_operand(node, dims, constant->dims)
                                              : second_operand(node, constant->dims, dims);
  if (at == 1 && placed != dims) {
    node.unsupported("broadcasts a tensor of shape " + shape_text(view) +
                     " to a constant's shape " + to_string(constant->dims));
  }
  Elementwise step;
  auto changed = std::make_shared<Constant>();
  if (op == "Sub" || op == "Div" || (at == 0 && placed != constant->dims)) {
    budget_.take(8 * constant->elements(), node);
    *changed = *constant;
    if (at == 0) changed->dims = placed;
    constant = changed;
  }
  if (op == "Add") {
    step.offset = constant;
  } else if (op == "Mul") {
    step.scale = constant;
  } else if (op == "Div") {
    if (at == 1) node.unsupported("divides a constant by a tensor");
    for (float& v : changed->floats) {
      if (v == 0) node.malformed("divides by zero");
      v = 1.0F / v;
    }
    step.scale = changed;
  } else if (at == 0) {
    for (float& v : changed->floats) v = -v;
    step.offset = changed;
  } else {
    step.scale = scalar(-1);
    step.offset = constant;
  }
  elementwise(node, *inputs[at], std::move(step));
}

void Importer::add(const OnnxNode& node, const Inputs& inputs) {
  node.expect_inputs(2, 2);
  if (inputs[0]->is_constant() || inputs[1]->is_constant()) {
    arithmetic(node, inputs);
    return;
  }
  for (const Value* value : inputs) {
    if (unbound(*value)) bind_default(node, *value);
  }
  const View a = settled(node, *inputs[0]), b = settled(node, *inputs[1]);
  second_operand(node, a.dims(), b.dims());
  give_view(node, combined(node, a, b, node.op() == "Sub"));
}

void Importer::sum(const OnnxNode& node, const Inputs& inputs) {
  node.allow({});
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Value& value = view_input(node, inputs, i);
    if (unbound(value)) bind_default(node, value);
  }
  View total = settled(node, *inputs[0]);
  for (size_t i = 1; i < inputs.size(); ++i) {
    total = combined(node, total, settled(node, *inputs[i]), false);
  }
  give_view(node, std::move(total));
}

View Importer::combined(const OnnxNode& node, const View& a, const View& b, bool subtract) {
  if (a.dims() != b.dims()) {
    node.unsupported("combines shapes " + shape_text(a) + " and " + shape_text(b) +
                     "; tensors of different shapes are not supported");
  }
  if (a.axes != b.axes || !(shape_of(a) == shape_of(b))) {
    node.unsupported("combines tensors whose elements are in different orders");
  }
  const View second = subtract ? emit_elementwise(node, b, {scalar(-1), nullptr, Clamp{}}) : b;
  Node out = make_node(node, OpKind::kAdd, a);
  out.inputs = {a.tensor, second.tensor};
  const Shape shape = shape_of(a);
  View result = a;
  result.tensor = emit(node, std::move(out), shape);
  return result;
}

void Importer::pass(const OnnxNode& node, const Inputs& inputs) {
  if (node.op() == "Dropout") {
    inference_dropout(node, constant_input(node, inputs, 2, "training_mode"));
  } else if (node.op() == "Cast") {
    node.allow({"to", {"saturate", 19}});
    node.expect_inputs(1, 1);
    const int64_t to = node.integer("to", 0);
    using Type = onnx::TensorProto;
    const auto one_of = [to](std::initializer_list<int> types) {
      return std::find(types.begin(), types.end(), to) != types.end();
    };
    // Indices come to the user as floats, whatever their type.
    const bool indices = inputs[0]->selection.gives == OutputSelection::Gives::kIndices &&
                         one_of({Type::INT32, Type::INT64, Type::UINT32, Type::UINT64});
    if (!indices && !one_of({Type::FLOAT, Type::DOUBLE, Type::FLOAT16})) {
      node.unsupported("a cast of activations to element type " + std::to_string(to));
    }
    if (inputs[0]->grid) {
      give(node, in_units(node, *inputs[0]));
      return;
    }
  } else {
    node.allow({});
    node.expect_inputs(1, 1);
  }
  give(node, view_input(node, inputs, 0));
}

}  // namespace keyway::graph::importing
