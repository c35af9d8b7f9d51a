// SPDX-License-Identifier: Apache-2.0
// Quantised model files read as float: QuantizeLinear and DequantizeLinear, onnxruntime's operators
// on integers (QLinearConv and its kin), QONNX's Quant and BipolarQuant. A quantiser of an
// activation becomes a clamp with a step; integers are a value with a grid. See importer.hpp.
#include <onnx/onnx_pb.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <set>

#include "common/printable.hpp"
#include "graph/importer.hpp"

namespace keyway::graph::importing {

namespace {

/// An operator on integers: its data come as (integers, scale, zero point).
struct OnIntegers {
  const char* as;            ///< the float operator that it stands for
  int least, most;           ///< number of inputs, where `data` says which
  bool are_needed;           ///< the first `least`, zero points too
  std::vector<size_t> data;  ///< where they begin; empty: from 2 on, any number of them
  size_t bias;               ///< 0: none
  size_t result;             ///< where the result's scale is, its zero point behind it
};

const OnIntegers& on_integers(const std::string& op) {
  static const std::map<std::string, OnIntegers> kOperators = {
      {"QLinearConv", {"Conv", 8, 9, true, {0, 3}, 8, 6}},
      {"QLinearMatMul", {"MatMul", 8, 8, true, {0, 3}, 0, 6}},
      {"QGemm", {"Gemm", 6, 9, true, {0, 3}, 6, 7}},
      {"QLinearAdd", {"Add", 7, 8, false, {0, 3}, 0, 6}},
      {"QLinearMul", {"Mul", 7, 8, false, {0, 3}, 0, 6}},
      {"QLinearAveragePool", {"AveragePool", 4, 5, false, {0}, 0, 3}},
      {"QLinearGlobalAveragePool", {"GlobalAveragePool", 4, 5, false, {0}, 0, 3}},
      {"QLinearConcat", {"Concat", 0, 0, false, {}, 0, 0}},
      {"QLinearSoftmax", {"Softmax", 4, 5, false, {0}, 0, 3}},
      {"QLinearSigmoid", {"Sigmoid", 4, 5, false, {0}, 0, 3}},
  };
  return kOperators.at(op);
}

/// By which a value is multiplied where only its sign counts.
constexpr float kSteepness = 0x1p14F;

/// Of a quantiser that may be left out: the seven bits of a signed byte pass, six bits do not.
constexpr float kFewestSteps = 64;

std::shared_ptr<Constant> map_floats(const Constant& from,
                                     const std::function<float(float, size_t)>& function) {
  auto out = std::make_shared<Constant>(from);
  for (size_t i = 0; i < out->floats.size(); ++i) out->floats[i] = function(out->floats[i], i);
  return out;
}

/// The node as its float operator, on the first `count` of its inputs.
std::shared_ptr<const onnx::NodeProto> as_float_node(const OnnxNode& node, const char* as,
                                                     size_t count) {
  auto proto = std::make_shared<onnx::NodeProto>();
  proto->set_op_type(as);
  proto->set_name(node.name());
  proto->add_output(node.output(0));
  for (size_t i = 0; i < count; ++i) proto->add_input(node.input(static_cast<int>(i)));
  for (const auto& attribute : node.proto().attribute()) {
    if (attribute.name() != "channels_last" && attribute.name() != "opset")
      *proto->add_attribute() = attribute;
  }
  return proto;
}

bool is_within(const Clamp& inner, const Clamp& outer) {
  return inner.lo >= outer.lo && inner.hi <= outer.hi && inner.step == outer.step;
}

}  // namespace

Clamp Importer::bounds_of(const Node& node) const {
  const auto of = [&](size_t i) { return bounds_[static_cast<size_t>(node.inputs[i])]; };
  Clamp bounds;
  switch (node.kind) {
    case OpKind::kConv:
    case OpKind::kDepthwiseConv:
    case OpKind::kAdd:
      break;
    case OpKind::kMaxPool:
      bounds = of(0);
      break;
    case OpKind::kAveragePool:
    case OpKind::kShortcut:
    case OpKind::kPad:  // zeros may join the values
      bounds = of(0);
      bounds.lo = std::min(bounds.lo, 0.0F);
      bounds.hi = std::max(bounds.hi, 0.0F);
      if (node.kind == OpKind::kAveragePool) bounds.step = 0;
      break;
  }
  const Clamp& c = node.clamp;
  const auto map = [&c](float v) { return std::min(std::max(v, c.lo), c.hi); };
  return {map(bounds.lo), map(bounds.hi), c.step > 0 ? c.step : bounds.step};
}

Value Importer::bounded_by(const OnnxNode& node, const Value& value, const Clamp& clamp) {
  const Elementwise step{nullptr, nullptr, clamp};
  if (unbound(value)) return affine(node, value, step);
  Value result;
  result.arranged = value.arranged;
  result.view = settled(node, value);
  const int from = result.view.tensor;
  if (is_within(bounds_[static_cast<size_t>(from)], clamp)) return result;
  result.view = emit_elementwise(node, result.view, step);
  return result;
}

void Importer::leave_out(const OnnxNode& node, const Value& finished, const Clamp& clamp) const {
  Clamp range;  // of the function
  switch (finished.function) {
    case OutputFunction::kNone:
      break;
    case OutputFunction::kSoftmax:
    case OutputFunction::kSigmoid:
      range = {0, 1, 0};
      break;
    case OutputFunction::kLogSoftmax:
      range.hi = 0;
      break;
    case OutputFunction::kTanh:
      range = {-1, 1, 0};
      break;
  }
  if (std::min(range.hi, clamp.hi) - std::max(range.lo, clamp.lo) < kFewestSteps * clamp.step) {
    node.unsupported("rounds what the host computes to fewer than 64 steps");
  }
}

Value Importer::to_integers(const OnnxNode& node, const Value& value,
                            const LinearQuantiser& quantiser) {
  if (value.grid) node.malformed("quantises what is quantised already");
  const Integers integers = integers_of(node, quantiser);
  auto grid = std::make_shared<Grid>(Grid{1, integers});
  Value result = value;
  if (is_uniform(*quantiser.scale)) {
    grid->scale = quantiser.scale->floats.front();
  } else if (value.is_finished()) {
    node.unsupported("scales that differ between the network's outputs");
  } else {
    const auto inverse = map_floats(*quantiser.scale, [](float v, size_t) { return 1.0F / v; });
    result = affine(node, value, {inverse, nullptr, Clamp{}});
  }
  const Clamp clamp = integers.clamp(grid->scale);
  if (value.is_finished()) {
    leave_out(node, value, clamp);
  } else {
    result = bounded_by(node, result, clamp);
  }
  result.grid = std::move(grid);
  return result;
}

Value Importer::to_reals(const OnnxNode& node, const Value& value,
                         const LinearQuantiser& quantiser) {
  if (!value.grid) node.malformed("should dequantise integers, but reads floats");
  const Grid grid = *value.grid;
  expect_type(node, grid.integers.element_type, quantiser);
  Value result = value;
  result.grid = nullptr;
  // The view holds grid.scale * (integer - grid.zero).
  const auto zero = [&](size_t i) {
    if (!quantiser.zero) return int64_t{0};
    const auto& zeros = quantiser.zero->integers;
    return zeros[zeros.size() == 1 ? 0 : i];
  };
  const ConstantPtr scale =
      map_floats(*quantiser.scale, [&](float v, size_t) { return v / grid.scale; });
  const ConstantPtr offset = map_floats(*quantiser.scale, [&](float v, size_t i) {
    return static_cast<float>(grid.integers.zero - zero(i)) * v;
  });
  const auto all = [](const Constant& c, float v) {
    return std::all_of(c.floats.begin(), c.floats.end(), [v](float x) { return x == v; });
  };
  if (all(*scale, 1) && all(*offset, 0)) return result;
  if (value.is_finished())
    node.unsupported("has another scale or zero point than the quantiser before it");
  return affine(node, result, {scale, offset, Clamp{}});
}

Value Importer::in_units(const OnnxNode& node, const Value& value) {
  return to_reals(node, value, {scalar(1.0F), nullptr, 0});
}

void Importer::quantize_linear(const OnnxNode& node, const Inputs& inputs) {
  node.allow({"axis", "block_size", "output_dtype", "precision", "saturate"});
  node.expect_inputs(2, 3);
  if (node.integer("block_size", 0) != 0) node.unsupported("scales of blocks (block_size)");
  const bool constant = inputs[0]->is_constant();
  const size_t rank = constant ? inputs[0]->constant->dims.size() : inputs[0]->view.axes.size();
  LinearQuantiser quantiser = linear_quantiser(node, constant_input(node, inputs, 1, "the scale"),
                                               constant_input(node, inputs, 2, "the zero point"),
                                               rank, node.integer("axis", 1));
  // 0, which is also the attribute's default: as the zero point, or else bytes.
  const int64_t stated = node.integer("output_dtype", 0);
  if (stated != 0 && quantiser.element_type != 0 && stated != quantiser.element_type) {
    node.malformed("output_dtype " + std::to_string(stated) + " with a zero point of type " +
                   std::to_string(quantiser.element_type));
  }
  if (stated < 0 || stated > std::numeric_limits<int32_t>::max())
    node.malformed("output_dtype " + std::to_string(stated) + " is no element type");
  if (quantiser.element_type == 0) {
    quantiser.element_type =
        stated != 0 ? static_cast<int32_t>(stated) : int32_t{onnx::TensorProto::UINT8};
  }
  if (constant) {
    give_constant(node, quantised(node, *inputs[0]->constant, quantiser, budget_));
  } else {
    give(node, to_integers(node, *inputs[0], quantiser));
  }
}

void Importer::dequantize_linear(const OnnxNode& node, const Inputs& inputs) {
  node.allow({"axis", "block_size", "output_dtype"});
  node.expect_inputs(2, 3);
  if (node.integer("block_size", 0) != 0) node.unsupported("scales of blocks (block_size)");
  const bool constant = inputs[0]->is_constant();
  const size_t rank = constant ? inputs[0]->constant->dims.size() : inputs[0]->view.axes.size();
  const LinearQuantiser quantiser = linear_quantiser(
      node, constant_input(node, inputs, 1, "the scale"),
      constant_input(node, inputs, 2, "the zero point"), rank, node.integer("axis", 1),
      constant && inputs[0]->constant->element_type == onnx::TensorProto::INT32);
  if (constant) {
    give_constant(node, dequantised(node, *inputs[0]->constant, quantiser, budget_));
  } else {
    give(node, to_reals(node, *inputs[0], quantiser));
  }
}

Value Importer::sign(const OnnxNode& node, const Value& value, const ConstantPtr& scale) {
  if (value.is_finished()) {
    node.unsupported("the sign of what the host computes");
  }
  // 2 b - 1, where b is steep x + 1/2 to the nearer of 0 and 1; a little more, since 0 gives 1:
  // what lies between -2^-36 and 0 counts as 0.
  Value result = affine(node, value, {scalar(kSteepness), scalar(0.5F + 0x1p-22F), Clamp{}});
  result = bounded_by(node, result, {0, 1, 1});
  const ConstantPtr twice = map_floats(*scale, [](float v, size_t) { return 2 * v; });
  const ConstantPtr minus = map_floats(*scale, [](float v, size_t) { return -v; });
  return affine(node, result, {twice, minus, Clamp{}});
}

void Importer::quant(const OnnxNode& node, const Inputs& inputs) {
  for (size_t i = 1; i < inputs.size(); ++i)
    constant_input(node, inputs, i, i == 1 ? "the scale" : "a parameter");
  const FakeQuantiser fake = fake_quantiser(node, constants(inputs));
  if (inputs[0]->is_constant()) {
    give_constant(node, fake_quantised(node, *inputs[0]->constant, fake, budget_));
    return;
  }
  const Value& value = *inputs[0];
  if (value.grid) node.malformed("quantises what is quantised already");
  if (fake.is_bipolar) {
    if (fake.zero && !(is_uniform(*fake.zero) && fake.zero->floats.front() == 0))
      node.unsupported("one signed bit with a zero point");
    give(node, sign(node, value, fake.scale));
    return;
  }
  if (!is_uniform(*fake.zero))
    node.unsupported("zero points that differ between the channels of an activation");
  const float zero = fake.zero->floats.front();
  if (zero != std::nearbyint(zero)) node.unsupported("a zero point that is no whole number");
  if (std::abs(zero) > static_cast<float>(1 << 16)) node.unsupported("a zero point out of range");
  const Integers integers{fake.lo, fake.hi, static_cast<int64_t>(zero)};
  if (value.is_finished()) {
    const auto& scales = fake.scale->floats;
    leave_out(node, value, integers.clamp(*std::max_element(scales.begin(), scales.end())));
    give(node, value);
    return;
  }
  const bool uniform = is_uniform(*fake.scale);
  const float unit = uniform ? fake.scale->floats.front() : 1;
  Value result = value;
  if (!uniform) {
    const auto inverse = map_floats(*fake.scale, [](float v, size_t) { return 1.0F / v; });
    result = affine(node, result, {inverse, nullptr, Clamp{}});
  }
  // Rounding down is rounding to nearest of what is half a step less; not quite half, so that whole
  // numbers stay themselves when their sums are as inexact as floats of this size are.
  const auto widest = static_cast<float>(
      std::max({integers.hi - integers.zero, integers.zero - integers.lo, int64_t{1} << 10}));
  const float half = 0.5F - 0x1p-20F * widest;
  using Rounding = FakeQuantiser::Rounding;
  float shift = 0;
  if (fake.rounding == Rounding::kDown) shift = -half;
  if (fake.rounding == Rounding::kUp) shift = half;
  if (fake.rounding == Rounding::kToZero || fake.rounding == Rounding::kFromZero) {
    if (integers.lo < 0) node.unsupported("activations of both signs rounded towards or from zero");
    shift = fake.rounding == Rounding::kToZero ? -half : half;
  }
  if (shift != 0) result = affine(node, result, {nullptr, scalar(shift * unit), Clamp{}});
  result = bounded_by(node, result, integers.clamp(unit));
  if (!uniform) result = affine(node, result, {fake.scale, nullptr, Clamp{}});
  give(node, std::move(result));
}

LinearQuantiser Importer::quantiser_input(const OnnxNode& node, const Inputs& inputs, size_t at,
                                          size_t rank, int64_t axis) const {
  return linear_quantiser(node, constant_input(node, inputs, at, "a scale"),
                          constant_input(node, inputs, at + 1, "a zero point"), rank, axis);
}

Value Importer::real_input(const OnnxNode& node, const Inputs& inputs, size_t at, int64_t axis,
                           LinearQuantiser& quantiser) {
  if (at >= inputs.size() || !inputs[at])
    node.malformed("input " + std::to_string(at) + " is missing");
  const Value& value = *inputs[at];
  const size_t rank = value.is_constant() ? value.constant->dims.size() : value.view.axes.size();
  quantiser = quantiser_input(node, inputs, at + 1, rank, axis);
  if (!value.is_constant()) {
    Value real = to_reals(node, value, quantiser);
    if (quantiser.element_type == 0) quantiser.element_type = value.grid->integers.element_type;
    return real;
  }
  Value real;
  real.constant = dequantised(node, *value.constant, quantiser, budget_);
  if (quantiser.element_type == 0) quantiser.element_type = value.constant->element_type;
  return real;
}

Value Importer::real_bias(const OnnxNode& node, const Constant& bias, const LinearQuantiser& a,
                          const LinearQuantiser& b) {
  if (a.scale->elements() != 1) node.unsupported("input scales that differ");
  const float scale = node.number("alpha", 1.0F) * a.scale->floats.front();
  const auto scales = map_floats(*b.scale, [scale](float v, size_t) { return scale * v; });
  scales->dims.clear();
  if (scales->elements() != 1) scales->dims = {scales->elements()};
  Value real;
  real.constant = dequantised(node, bias, {scales, nullptr, 0}, budget_);
  return real;
}

void Importer::quantised_operator(const OnnxNode& node, const Inputs& inputs) {
  const std::string& op = node.op();
  const OnIntegers& form = on_integers(op);
  if (node.integer("channels_last", 0) != 0) node.unsupported("channels_last is not supported");
  std::vector<size_t> data = form.data;
  if (data.empty()) {
    if (inputs.size() < 5 || (inputs.size() - 2) % 3 != 0)
      node.malformed("has " + std::to_string(inputs.size()) + " inputs");
    for (size_t at = 2; at < inputs.size(); at += 3) data.push_back(at);
  } else if (form.are_needed) {
    node.expect_inputs(form.least, form.most);
  } else {
    node.expect_input_count(form.least, form.most);
  }

  std::vector<Value> reals;
  std::vector<LinearQuantiser> quantisers(data.size());
  for (size_t i = 0; i < data.size(); ++i) {
    // A matrix has a scale for each column, what else there is for each position of its first axis.
    const bool is_matrix = i == 1 && op != "QLinearConv" && op != "QLinearConcat";
    const int64_t axis = is_matrix && node.integer("transB", 0) == 0 ? -1 : 0;
    reals.push_back(real_input(node, inputs, data[i], axis, quantisers[i]));
  }
  const ConstantPtr bias =
      form.bias != 0 ? constant_input(node, inputs, form.bias, "the bias") : nullptr;
  if (bias) reals.push_back(real_bias(node, *bias, quantisers[0], quantisers[1]));

  // onnxruntime's operators are the same in every set; their forms are today's.
  int64_t opset = std::max<int64_t>(opset_, 11);
  if (op == "QLinearSoftmax") opset = node.integer("opset", opset);
  Inputs pointers;
  for (const Value& value : reals) pointers.push_back(&value);
  const OnnxNode real(as_float_node(node, form.as, reals.size()), opset, file_, op);
  (this->*row_of("", form.as)->handler)(real, pointers);

  const auto has = [&](size_t i) { return i < inputs.size() && inputs[i]; };
  if (op == "QGemm" && !has(form.result) && !has(form.result + 1)) return;  // gives floats
  if (op == "QGemm" && !has(form.result + 1))
    node.unsupported("a scale of the result without its zero point");
  LinearQuantiser q = quantiser_input(node, inputs, form.result, 1, 0);
  if (!is_uniform(*q.scale)) node.unsupported("scales that differ within the result");
  if (q.element_type == 0) q.element_type = quantisers[0].element_type;
  Value value = values_.at(node.output(0));
  values_.erase(node.output(0));
  give(node, to_integers(node, value, q));
}

const char* Importer::why_unknown(const std::string& name) {
  static const std::set<std::string> kDynamic = {"DynamicQuantizeLinear", "DynamicQuantizeMatMul",
                                                 "MatMulInteger", "MatMulIntegerToFloat",
                                                 "ConvInteger"};
  return kDynamic.count(name) != 0
             ? "is of a dynamically quantised model, whose scales follow from every input; "
               "quantise it with fixed scales (static quantisation)"
             : "the operator is not supported";
}

void Importer::run_on_integers(const Row& row, const OnnxNode& node, const Inputs& inputs) {
  if (row.effect == kQuantises || row.handler == &Importer::quantised_operator ||
      node.op() == "Cast") {
    (this->*row.handler)(node, inputs);
    return;
  }
  if (row.handler == &Importer::arg_max) {  // which has the order of what they stand for
    (this->*row.handler)(node, inputs);
    return;
  }
  if (row.effect == kComputes || row.effect == kSelects)
    node.unsupported("reads the integers of a quantiser; DequantizeLinear has to come first");
  std::shared_ptr<const Grid> grid;
  for (const Value* value : inputs) {
    if (!value || value->is_constant()) continue;
    if (!value->grid) node.malformed("joins integers to floats");
    if (grid && !(*grid == *value->grid))
      node.unsupported("joins integers of different scales or zero points");
    grid = value->grid;
  }
  // Constants among the data are integers of the same grid; the handlers know reals.
  auto zero = std::make_shared<Constant>();
  zero->integers = {grid->integers.zero};
  LinearQuantiser quantiser{scalar(grid->scale), zero, 0};
  std::vector<Value> reals(inputs.size() + 3);
  Inputs changed = inputs;
  const auto make_real = [&](size_t i, const Constant& integers) {
    quantiser.element_type = integers.element_type;
    reals[i].constant = dequantised(node, integers, quantiser, budget_);
    changed[i] = &reals[i];
  };
  if (node.op() == "Concat") {
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (inputs[i] && inputs[i]->is_constant()) make_real(i, *inputs[i]->constant);
    }
  } else if (node.op() == "Pad") {
    changed.resize(std::max<size_t>(inputs.size(), 3), nullptr);
    Constant none;
    none.integers = {0};
    const ConstantPtr value = constant_input(node, inputs, 2, "the value");
    make_real(2, value ? *value : none);
  }
  (this->*row.handler)(node, changed);
  Value& value = values_.at(node.output(0));
  if (!value.is_constant()) value.grid = grid;
}

}  // namespace keyway::graph::importing
