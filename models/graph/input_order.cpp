// SPDX-License-Identifier: Apache-2.0
#include "graph/input_order.hpp"

#include <onnx/onnx_pb.h>

#include <algorithm>
#include <map>
#include <set>

#include "common/error.hpp"
#include "graph/onnx_constant.hpp"

namespace keyway::graph::importing {

namespace {

/// Of every axis of a value: the axis of the input that it is, or kNew.
using Labels = std::vector<int>;
constexpr int kNew = -1;
/// Elements of a constant that may say which axes are meant.
constexpr int64_t kSmall = 64;

bool is_one_of(const std::set<std::string>& names, const onnx::NodeProto& node) {
  return names.count(node.op_type()) != 0;
}

class Walk {
 public:
  Walk(const onnx::GraphProto& graph, const std::vector<int>& nodes, int64_t opset,
       const std::string& file, ExternalFiles& files)
      : graph_(graph), nodes_(nodes), opset_(opset), file_(file), files_(files) {
    for (const auto& tensor : graph.initializer()) tensors_[tensor.name()] = &tensor;
  }

  std::optional<std::vector<Axis>> run(const std::string& input, const std::vector<int64_t>& dims) {
    dims_ = dims;
    Labels all(dims.size());
    for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<int>(i);
    reached_[input] = all;
    for (int i : nodes_) {
      const onnx::NodeProto& node = graph_.node(i);
      if (node.output_size() == 0) continue;
      fold_constant(node);
      for (const auto& name : node.input()) {
        const auto at = reached_.find(name);
        if (at == reached_.end()) continue;
        if (const auto channel = step(node, at->second)) return order(*channel);
        break;
      }
    }
    return transposed_ ? order(*transposed_) : std::nullopt;
  }

 private:
  /// Goes through one node that reads a value of these axes; the label of the channels if it tells.
  std::optional<int> step(const onnx::NodeProto& node, const Labels& labels) {
    static const std::set<std::string> kKeep = {"Add",
                                                "Sum",
                                                "Sub",
                                                "Mul",
                                                "Div",
                                                "Neg",
                                                "Clip",
                                                "Relu",
                                                "Max",
                                                "Min",
                                                "Pad",
                                                "Cast",
                                                "Identity",
                                                "Dropout",
                                                "Slice",
                                                "Concat",
                                                "HardSigmoid",
                                                "QuantizeLinear",
                                                "DequantizeLinear",
                                                "Quant",
                                                "IntQuant"};
    static const std::set<std::string> kChannelsFirst = {"Conv",
                                                         "MaxPool",
                                                         "AveragePool",
                                                         "GlobalAveragePool",
                                                         "GlobalMaxPool",
                                                         "BatchNormalization",
                                                         "QLinearConv",
                                                         "QLinearAveragePool",
                                                         "QLinearGlobalAveragePool"};
    static const std::set<std::string> kProducts = {"MatMul", "Gemm"};
    static const std::set<std::string> kReductions = {"ReduceMean", "ReduceMax"};
    const size_t rank = labels.size();
    if (is_one_of(kChannelsFirst, node) && rank > 1) return labels[1];
    if (is_one_of(kProducts, node) && rank > 2) return labels.back();
    if (is_one_of(kReductions, node)) return what_stays(labels, axes_of(node, rank));
    if (is_one_of(kKeep, node)) {
      reached_[node.output(0)] = labels;
    } else if (node.op_type() == "Transpose") {
      const std::vector<int64_t> perm = list(node, "perm");
      if (perm.size() != rank || !all_within(perm, rank)) return std::nullopt;
      Labels turned;
      for (int64_t axis : perm) turned.push_back(labels[static_cast<size_t>(axis)]);
      if (!transposed_ && is_to_channels_first(perm)) transposed_ = turned[1];
      reached_[node.output(0)] = turned;
    } else if (node.op_type() == "Reshape") {
      const Labels around = reshaped(labels, parameter(node));
      if (around.empty()) return std::nullopt;
      reached_[node.output(0)] = around;
    } else if (node.op_type() == "Squeeze") {
      Labels rest;
      const std::vector<int64_t> axes = axes_of(node, rank);
      if (axes.empty()) return std::nullopt;
      for (size_t i = 0; i < rank; ++i) {
        if (!std::binary_search(axes.begin(), axes.end(), static_cast<int64_t>(i)))
          rest.push_back(labels[i]);
      }
      reached_[node.output(0)] = rest;
    } else if (node.op_type() == "Unsqueeze") {
      const size_t wider = rank + parameter(node).size();
      if (wider > kMaxRank) return std::nullopt;
      Labels more = labels;
      for (int64_t axis : axes_of(node, wider)) {
        if (axis > static_cast<int64_t>(more.size())) return std::nullopt;
        more.insert(more.begin() + static_cast<ptrdiff_t>(axis), kNew);
      }
      reached_[node.output(0)] = more;
    }
    return std::nullopt;
  }

  /// Behind a Reshape that inserts and drops axes of one alone; empty behind another.
  Labels reshaped(const Labels& labels, const std::vector<int64_t>& target) const {
    Labels wide;  // what is not one
    for (int label : labels) {
      if (label > 0 && dims_[static_cast<size_t>(label)] != 1) wide.push_back(label);
    }
    if (target.empty() || target.size() > kMaxRank) return {};
    if (labels.empty() || labels[0] != 0) return {};
    Labels out = {0};
    size_t next = 0;
    for (size_t i = 1; i < target.size(); ++i) {
      const bool copied = target[i] == 0 && i < labels.size();
      const bool one = copied && (labels[i] <= 0 || dims_[static_cast<size_t>(labels[i])] == 1);
      if (target[i] == 1 || one) {
        out.push_back(kNew);
      } else {
        if (next == wide.size()) return {};
        out.push_back(wide[next++]);
      }
    }
    return next == wide.size() ? out : Labels();
  }

  /// The last axis comes to place 1, the others stay in order.
  static bool is_to_channels_first(const std::vector<int64_t>& perm) {
    const auto rank = static_cast<int64_t>(perm.size());
    bool is = rank > 2 && perm[0] == 0 && perm[1] == rank - 1;
    for (int64_t i = 2; i < rank; ++i) is = is && perm[static_cast<size_t>(i)] == i - 1;
    return is;
  }

  /// The one axis besides the batch that a reduction leaves.
  static std::optional<int> what_stays(const Labels& labels, const std::vector<int64_t>& axes) {
    std::optional<int> stays;
    for (size_t i = 0; i < labels.size(); ++i) {
      const bool reduced = std::binary_search(axes.begin(), axes.end(), static_cast<int64_t>(i));
      if (reduced || labels[i] <= 0) continue;
      if (stays) return std::nullopt;
      stays = labels[i];
    }
    return axes.empty() ? std::nullopt : stays;
  }

  std::optional<std::vector<Axis>> order(int channel) const {
    std::vector<Axis> axes;
    const size_t space = dims_.size() - (channel > 0 ? 2 : 1);
    if (channel == 0 || space > 2) return std::nullopt;
    Axis next = space == 2 ? Axis::kHeight : Axis::kWidth;
    for (size_t i = 1; i < dims_.size(); ++i) {
      if (static_cast<int>(i) == channel) {
        axes.push_back(Axis::kChannel);
      } else {
        axes.push_back(next);
        next = Axis::kWidth;
      }
    }
    return axes;
  }

  static std::vector<int64_t> list(const onnx::NodeProto& node, const char* name) {
    for (const auto& a : node.attribute()) {
      if (a.name() == name) return {a.ints().begin(), a.ints().end()};
    }
    return {};
  }

  /// A small constant; null for everything else.
  ConstantPtr constant(const std::string& name) {
    const auto known = constants_.find(name);
    if (known != constants_.end()) return known->second;
    const auto tensor = tensors_.find(name);
    if (tensor == tensors_.end() || !is_small(*tensor->second)) return nullptr;
    return constants_[name] = decode_tensor(*tensor->second, "a constant", files_);
  }

  static bool is_small(const onnx::TensorProto& tensor) {
    const int64_t elements = checked_elements({tensor.dims().begin(), tensor.dims().end()});
    return elements >= 0 && elements <= kSmall;
  }

  /// Axes are often given through a few nodes. What is wrong with them is said when they are run.
  void fold_constant(const onnx::NodeProto& proto) try {
    std::vector<ConstantPtr> inputs;
    for (const auto& name : proto.input()) {
      inputs.push_back(name.empty() ? nullptr : constant(name));
      if (!name.empty() && !inputs.back()) return;
    }
    for (const auto& a : proto.attribute()) {
      if (!is_small(a.t())) return;
    }
    const OnnxNode node(proto, opset_, file_);
    const ConstantPtr folded = fold(node, inputs, budget_, files_);
    if (folded && folded->elements() <= kSmall) constants_[proto.output(0)] = folded;
  } catch (const Error&) {
  }

  /// Axes from the attribute or from the second input, as they stand.
  std::vector<int64_t> parameter(const onnx::NodeProto& node) {
    if (node.input_size() < 2) return list(node, "axes");
    const ConstantPtr axes = constant(node.input(1));
    return axes ? axes->integers : std::vector<int64_t>();
  }

  /// The same, counted from the front and sorted; nothing where they are not to be known or wrong.
  std::vector<int64_t> axes_of(const onnx::NodeProto& node, size_t rank) {
    std::vector<int64_t> axes = parameter(node);
    for (int64_t& axis : axes) {
      if (axis < 0) axis += static_cast<int64_t>(rank);
    }
    if (!all_within(axes, rank)) return {};
    std::sort(axes.begin(), axes.end());
    return axes;
  }

  static bool all_within(const std::vector<int64_t>& axes, size_t rank) {
    return std::all_of(axes.begin(), axes.end(), [rank](int64_t axis) {
      return axis >= 0 && axis < static_cast<int64_t>(rank);
    });
  }

  const onnx::GraphProto& graph_;
  const std::vector<int>& nodes_;
  int64_t opset_;
  const std::string& file_;
  ExternalFiles& files_;
  std::vector<int64_t> dims_;  ///< of the input
  std::map<std::string, Labels> reached_;
  std::map<std::string, const onnx::TensorProto*> tensors_;
  std::map<std::string, ConstantPtr> constants_;
  Budget budget_{int64_t{1} << 24};
  std::optional<int> transposed_;  ///< what the first Transpose to channels first brings there
};

}  // namespace

std::optional<std::vector<Axis>> order_of_input(const onnx::GraphProto& graph,
                                                const std::vector<int>& nodes,
                                                const std::string& input,
                                                const std::vector<int64_t>& dims, int64_t opset,
                                                const std::string& file, ExternalFiles& files) {
  return Walk(graph, nodes, opset, file, files).run(input, dims);
}

}  // namespace keyway::graph::importing
