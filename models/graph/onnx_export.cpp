// SPDX-License-Identifier: Apache-2.0
#include "graph/onnx_export.hpp"

#include <onnx/onnx_pb.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cmath>
#include <numeric>
#include <set>
#include <utility>
#include <vector>

#include "common/error.hpp"
#include "common/file.hpp"
#include "common/printable.hpp"

namespace keyway::graph {
namespace {

constexpr int kOpset = 13;
constexpr int kIrVersion = 7;
constexpr float kTolerance = 1e-4F;  ///< of a step, between equal grids

using Ints = std::vector<int64_t>;

class Exporter {
 public:
  Exporter(const Graph& graph, const onnx::ModelProto& original, std::string file)
      : graph_(graph), file_(std::move(file)), values_(graph.tensors.size()) {
    model_.set_ir_version(kIrVersion);
    model_.set_producer_name("keyway");
    model_.add_opset_import()->set_version(kOpset);
    out().set_name(original.graph().name().empty() ? graph.name : original.graph().name());
    std::set<std::string> initialised;
    for (const auto& tensor : original.graph().initializer()) initialised.insert(tensor.name());
    for (const auto& info : original.graph().input()) {
      if (initialised.count(info.name()) == 0) *out().add_input() = info;
    }
    *out().add_output() = original.graph().output(0);
    if (out().input_size() != 1)
      throw Error(ErrorKind::kUsage, file_ + ": is not the file that the graph came from");
    complete(*out().mutable_output(0)->mutable_type()->mutable_tensor_type());
  }

  std::string run() {
    values_[static_cast<size_t>(graph_.input)] = input();
    for (const Node& node : graph_.nodes) {
      values_[static_cast<size_t>(node.output)] = clamped(node.name, layer(node), node.clamp);
    }
    output(values_[static_cast<size_t>(graph_.output)]);
    std::string bytes;
    if (model_.ByteSizeLong() > INT_MAX || !model_.SerializeToString(&bytes))
      throw Error(ErrorKind::kUnsupported, file_ + ": is too large for an ONNX file");
    return bytes;
  }

 private:
  onnx::GraphProto& out() { return *model_.mutable_graph(); }
  const Shape& shape_of(int tensor) const {
    return graph_.tensors[static_cast<size_t>(tensor)].shape;
  }
  const std::string& value_of(int tensor) const { return values_[static_cast<size_t>(tensor)]; }

  /// A name that nothing has.
  std::string fresh() {
    std::string name;
    do {
      name = "v" + std::to_string(names_++);
    } while (name == out().input(0).name() || name == out().output(0).name());
    return name;
  }

  /// The name, with a number behind it where a node has it already.
  std::string unused(const std::string& name) {
    std::string result = name;
    for (int n = 2; !name.empty() && !node_names_.insert(result).second; ++n) {
      result = name + "_" + std::to_string(n);
    }
    return result;
  }

  onnx::NodeProto& node(const char* op, const std::vector<std::string>& inputs,
                        const std::string& name = "") {
    onnx::NodeProto& made = *out().add_node();
    made.set_op_type(op);
    made.set_name(unused(name));
    for (const std::string& input : inputs) made.add_input(input);
    made.add_output(fresh());
    return made;
  }
  std::string give(const char* op, const std::vector<std::string>& inputs,
                   const std::string& name = "") {
    return node(op, inputs, name).output(0);
  }

  static void set(onnx::NodeProto& to, const char* name, int64_t value) {
    onnx::AttributeProto& a = *to.add_attribute();
    a.set_name(name);
    a.set_type(onnx::AttributeProto::INT);
    a.set_i(value);
  }
  static void set(onnx::NodeProto& to, const char* name, const Ints& values) {
    onnx::AttributeProto& a = *to.add_attribute();
    a.set_name(name);
    a.set_type(onnx::AttributeProto::INTS);
    for (const int64_t v : values) a.add_ints(v);
  }

  template <typename T>
  std::string constant(int type, const Ints& dims, const std::vector<T>& values) {
    onnx::TensorProto& tensor = *out().add_initializer();
    tensor.set_name(fresh());
    tensor.set_data_type(type);
    for (const int64_t d : dims) tensor.add_dims(d);
    tensor.set_raw_data(values.data(), values.size() * sizeof(T));
    return tensor.name();
  }
  std::string floats(const Ints& dims, const std::vector<float>& values) {
    return constant(onnx::TensorProto::FLOAT, dims, values);
  }
  std::string number(float value) { return floats({}, {value}); }
  std::string integers(const Ints& values) {
    return constant(onnx::TensorProto::INT64, {static_cast<int64_t>(values.size())}, values);
  }

  /// Type and shape of the output, where the file leaves them open.
  void complete(onnx::TypeProto::Tensor& type) {
    const bool indices = graph_.output_selection.gives == OutputSelection::Gives::kIndices;
    if (type.elem_type() == onnx::TensorProto::UNDEFINED)
      type.set_elem_type(indices ? onnx::TensorProto::INT64 : onnx::TensorProto::FLOAT);
    if (type.has_shape()) return;
    *type.mutable_shape()->add_dim() = out().input(0).type().tensor_type().shape().dim(0);
    for (const int64_t d : graph_.output_layout.dims)
      type.mutable_shape()->add_dim()->set_dim_value(d);
  }

  /// From the user's array to N, C, H, W.
  std::string input() {
    std::string value = out().input(0).name();
    const int type = out().input(0).type().tensor_type().elem_type();
    const bool is_byte = type == onnx::TensorProto::UINT8 || type == onnx::TensorProto::INT8;
    if (is_byte) {
      value = give("DequantizeLinear", {value, number(1)});
    } else if (type != onnx::TensorProto::FLOAT) {
      onnx::NodeProto& cast = node("Cast", {value});
      set(cast, "to", onnx::TensorProto::FLOAT);
      value = cast.output(0);
    }
    const Order order = order_of(graph_.input_layout, shape_of(graph_.input));
    value = reshaped(value, graph_.input_layout.dims, order.dims());
    value = transposed(value, order.from_user());
    if (!graph_.input_clamp.empty() && !is_byte) value = quantised_input(value);
    const auto channels = static_cast<int64_t>(graph_.input_scale.size());
    const auto all_are = [](const std::vector<float>& v, float x) {
      return std::all_of(v.begin(), v.end(), [x](float y) { return y == x; });
    };
    if (!all_are(graph_.input_scale, 1))
      value = give("Mul", {value, floats({channels, 1, 1}, graph_.input_scale)});
    if (!all_are(graph_.input_offset, 0))
      value = give("Add", {value, floats({channels, 1, 1}, graph_.input_offset)});
    return value;
  }

  /// The clamp of the input holds behind scale and offset; the file's quantiser stood ahead of
  /// them.
  std::string quantised_input(const std::string& value) {
    std::vector<Clamp> ahead;
    for (size_t c = 0; c < graph_.input_clamp.size(); ++c) {
      const Clamp& clamp = graph_.input_clamp[c];
      const float scale = graph_.input_scale[c], offset = graph_.input_offset[c];
      ahead.push_back(
          {(clamp.lo - offset) / scale, (clamp.hi - offset) / scale, clamp.step / std::abs(scale)});
      if (scale < 0) std::swap(ahead.back().lo, ahead.back().hi);
      const Clamp &first = ahead.front(), &last = ahead.back();
      const float close = kTolerance * std::max(first.step, last.step);
      if (std::abs(first.step - last.step) > kTolerance * first.step ||
          std::abs(first.lo - last.lo) > close || std::abs(first.hi - last.hi) > close) {
        throw Error(ErrorKind::kUnsupported,
                    file_ + ": the input's quantiser has scales for each channel");
      }
    }
    return clamped("the input", value, ahead.front());
  }

  /// The axes C, H, W from the slowest to the fastest of a layout.
  struct Order {
    std::array<size_t, 3> axes{0, 1, 2};
    std::array<int64_t, 3> sizes{};

    Ints dims() const { return {sizes[axes[0]], sizes[axes[1]], sizes[axes[2]]}; }
    Ints from_user() const {
      Ints perm(4, 0);
      for (size_t i = 0; i < 3; ++i) perm[axes[i] + 1] = static_cast<int64_t>(i) + 1;
      return perm;
    }
    Ints to_user() const {
      Ints perm(4, 0);
      for (size_t i = 0; i < 3; ++i) perm[i + 1] = static_cast<int64_t>(axes[i]) + 1;
      return perm;
    }
  };
  /// Where an axis of one stands does not matter: the order in which the user has them, if that is
  /// one; else C, H, W as far as it goes.
  static Order order_of(const Layout& layout, const Shape& shape) {
    const std::array<int64_t, 3> strides{layout.stride_c, layout.stride_h, layout.stride_w};
    Order order, best;
    bool found = false;
    order.sizes = {shape.channels, shape.height, shape.width};
    do {
      int64_t last = INT64_MAX;
      bool fits = true;
      for (const size_t axis : order.axes) {
        if (order.sizes[axis] == 1) continue;
        fits = fits && strides[axis] < last;
        last = strides[axis];
      }
      if (!fits) continue;
      if (order.dims() == layout.dims) return order;
      if (!found) best = order;
      found = true;
    } while (std::next_permutation(order.axes.begin(), order.axes.end()));
    return best;
  }
  std::string reshaped(const std::string& value, const Ints& from, const Ints& to) {
    if (from == to) return value;
    Ints dims{0};  // the batch stays
    dims.insert(dims.end(), to.begin(), to.end());
    return give("Reshape", {value, integers(dims)});
  }
  std::string transposed(const std::string& value, const Ints& perm) {
    if (std::is_sorted(perm.begin(), perm.end())) return value;
    onnx::NodeProto& made = node("Transpose", {value});
    set(made, "perm", perm);
    return made.output(0);
  }

  std::string layer(const Node& n) {
    const std::string& x = value_of(n.inputs[0]);
    switch (n.kind) {
      case OpKind::kConv:
      case OpKind::kDepthwiseConv:
        return convolution(n, x);
      case OpKind::kMaxPool:
        return windowed("MaxPool", n, x).output(0);
      case OpKind::kAveragePool: {
        onnx::NodeProto& made = windowed("AveragePool", n, x);
        set(made, "count_include_pad", n.count_include_pad ? 1 : 0);
        return made.output(0);
      }
      case OpKind::kAdd:
        return give("Add", {x, value_of(n.inputs[1])}, n.name);
      case OpKind::kShortcut:
        return shortcut(n, x);
      case OpKind::kPad:
        break;
    }
    if (!n.pad_value.empty())
      throw Error(ErrorKind::kUsage, "node " + common::quoted(n.name) + " pads with values");
    const Window& w = n.window;
    return padded(n, x, {0, 0, w.pad_top, w.pad_left, 0, 0, w.pad_bottom, w.pad_right});
  }

  /// Constant arithmetic that could be folded into no convolution.
  static bool is_elementwise(const Node& n) {
    const Window& w = n.window;
    return n.kind == OpKind::kDepthwiseConv && w.kernel_h == 1 && w.kernel_w == 1 &&
           w.stride_h == 1 && w.stride_w == 1 && w.pad_top == 0 && w.pad_left == 0 &&
           w.pad_bottom == 0 && w.pad_right == 0;
  }

  onnx::NodeProto& windowed(const char* op, const Node& n, const std::string& x) {
    const Window& w = n.window;
    onnx::NodeProto& made = node(op, {x}, n.name);
    set(made, "kernel_shape", Ints{w.kernel_h, w.kernel_w});
    set(made, "strides", Ints{w.stride_h, w.stride_w});
    set(made, "pads", Ints{w.pad_top, w.pad_left, w.pad_bottom, w.pad_right});
    return made;
  }

  std::string convolution(const Node& n, const std::string& x) {
    const bool dense = n.kind == OpKind::kConv;
    const Window& w = n.window;
    const auto channels = static_cast<int64_t>(n.bias.size());
    const int64_t inputs = shape_of(n.inputs[0]).channels;
    if (is_elementwise(n)) {
      const std::string scaled = give("Mul", {x, floats({channels, 1, 1}, n.weights)}, n.name);
      return give("Add", {scaled, floats({channels, 1, 1}, n.bias)});
    }
    const std::string weights =
        floats({channels, dense ? inputs : 1, w.kernel_h, w.kernel_w}, n.weights);
    const std::string bias = floats({channels}, n.bias);
    onnx::NodeProto& made = windowed("Conv", n, x);
    made.add_input(weights);
    made.add_input(bias);
    set(made, "group", dense ? 1 : channels);
    return made.output(0);
  }

  std::string shortcut(const Node& n, const std::string& x) {
    const Shape &in = shape_of(n.inputs[0]), &shape = shape_of(n.output);
    std::string value = x;
    if (n.window.stride_h != 1 || n.window.stride_w != 1) {
      value = give("Slice",
                   {value, integers({0, 0}), integers({in.height, in.width}), integers({2, 3}),
                    integers({n.window.stride_h, n.window.stride_w})},
                   n.name);
    }
    const int64_t behind = shape.channels - n.channel_before - in.channels;
    return padded(n, value, {0, n.channel_before, 0, 0, 0, behind, 0, 0});
  }

  std::string padded(const Node& n, const std::string& x, const Ints& pads) {
    if (std::all_of(pads.begin(), pads.end(), [](int64_t p) { return p == 0; })) return x;
    return give("Pad", {x, integers(pads)}, n.name);
  }

  std::string clamped(const std::string& name, const std::string& x, const Clamp& clamp) {
    if (clamp.is_open()) return x;
    if (clamp.step > 0) return quantised(name, x, clamp);
    const bool has_lo = std::isfinite(clamp.lo), has_hi = std::isfinite(clamp.hi);
    if (clamp.lo == 0 && !has_hi) return give("Relu", {x});
    std::vector<std::string> inputs{x, has_lo ? number(clamp.lo) : ""};
    if (has_hi) inputs.push_back(number(clamp.hi));
    return give("Clip", inputs);
  }

  /// Multiples of the step between two bounds, in bytes.
  std::string quantised(const std::string& name, const std::string& x, const Clamp& clamp) {
    const float lo = std::nearbyint(clamp.lo / clamp.step);
    const float hi = std::nearbyint(clamp.hi / clamp.step);
    const float zero = std::clamp(-lo, 0.0F, 255.0F);
    if (!(lo + zero >= 0 && hi + zero <= 255)) {
      throw Error(ErrorKind::kUnsupported, file_ + ": the activations of " + common::quoted(name) +
                                               " are quantised to more than 8 bits");
    }
    std::string value = x;
    if (lo + zero > 0 || hi + zero < 255)
      value = give("Clip", {value, number(clamp.lo), number(clamp.hi)});
    const std::string scale = number(clamp.step);
    const std::string point =
        constant(onnx::TensorProto::UINT8, {}, std::vector<uint8_t>{static_cast<uint8_t>(zero)});
    return give("DequantizeLinear", {give("QuantizeLinear", {value, scale, point}), scale, point});
  }

  void output(std::string value) {
    value = function(value);
    int type = onnx::TensorProto::FLOAT;
    value = selection(value, type);
    const Layout& layout = graph_.output_layout;
    const Order order = order_of(layout, graph_.output_selection.shape(shape_of(graph_.output)));
    value = transposed(value, order.to_user());
    value = reshaped(value, order.dims(), layout.dims);
    const int wanted = out().output(0).type().tensor_type().elem_type();
    if (wanted != type) {
      onnx::NodeProto& cast = node("Cast", {value});
      set(cast, "to", wanted);
      value = cast.output(0);
    }
    if (value == out().input(0).name()) value = give("Identity", {value});
    for (onnx::NodeProto& n : *out().mutable_node()) {
      for (std::string& name : *n.mutable_output()) {
        if (name == value) name = out().output(0).name();
      }
    }
  }

  std::string function(const std::string& value) {
    switch (graph_.output_function) {
      case OutputFunction::kNone:
        return value;
      case OutputFunction::kSigmoid:
        return give("Sigmoid", {value});
      case OutputFunction::kTanh:
        return give("Tanh", {value});
      case OutputFunction::kSoftmax:
      case OutputFunction::kLogSoftmax:
        break;
    }
    const bool is_log = graph_.output_function == OutputFunction::kLogSoftmax;
    onnx::NodeProto& made = node(is_log ? "LogSoftmax" : "Softmax", {value});
    set(made, "axis", 1);
    return made.output(0);
  }

  std::string selection(const std::string& value, int& type) {
    const OutputSelection& s = graph_.output_selection;
    if (s.gives == OutputSelection::Gives::kAll) return value;
    const bool indices = s.gives == OutputSelection::Gives::kIndices;
    if (indices) type = onnx::TensorProto::INT64;
    if (indices && s.count == 1) {
      onnx::NodeProto& made = node(s.smallest_first ? "ArgMin" : "ArgMax", {value});
      set(made, "axis", 1);
      set(made, "select_last_index", s.last_of_equals ? 1 : 0);
      return made.output(0);
    }
    const std::string count = integers({s.count});
    onnx::NodeProto& made = node("TopK", {value, count});
    set(made, "axis", 1);
    set(made, "largest", s.smallest_first ? 0 : 1);
    made.add_output(fresh());
    return made.output(indices ? 1 : 0);
  }

  const Graph& graph_;
  std::string file_;
  onnx::ModelProto model_;
  std::vector<std::string> values_;  ///< of every tensor of the graph
  std::set<std::string> node_names_;
  int names_ = 0;
};

}  // namespace

std::string export_onnx_bytes(const Graph& graph, const void* original, size_t size,
                              const std::string& name) {
  onnx::ModelProto model;
  if (size > INT_MAX || !model.ParseFromArray(original, static_cast<int>(size)) ||
      model.graph().output_size() != 1) {
    throw Error(ErrorKind::kFile, name + ": is not the model that the graph came from");
  }
  return Exporter(graph, model, name).run();
}

std::string export_onnx(const Graph& graph, const std::string& original) {
  const std::vector<uint8_t> bytes = common::read_file(original);
  return export_onnx_bytes(graph, bytes.data(), bytes.size(), original);
}

}  // namespace keyway::graph
