// SPDX-License-Identifier: Apache-2.0
/// Builds small ONNX models in memory for the importer's tests.
#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "graph/onnx_import.hpp"

namespace keyway::graph::testing {

using Dims = std::vector<int64_t>;

class ModelBuilder {
 public:
  /// Input "x" of these dimensions (the batch first; -1: a free one), output "y".
  explicit ModelBuilder(const Dims& input, int64_t opset = 13) {
    model.set_ir_version(7);
    auto* set = model.add_opset_import();
    set->set_domain("");
    set->set_version(opset);
    add_input("x", input);
    graph().add_output()->set_name("y");
  }

  onnx::GraphProto& graph() { return *model.mutable_graph(); }

  void add_input(const std::string& name, const Dims& dims, int type = onnx::TensorProto::FLOAT) {
    auto* info = graph().add_input();
    info->set_name(name);
    auto* tensor = info->mutable_type()->mutable_tensor_type();
    tensor->set_elem_type(type);
    for (int64_t d : dims) {
      auto* dim = tensor->mutable_shape()->add_dim();
      if (d == -1) {
        dim->set_dim_param("N");
      } else {
        dim->set_dim_value(d);
      }
    }
  }

  ModelBuilder& floats(const std::string& name, const Dims& dims,
                       const std::vector<float>& values) {
    auto* t = tensor(name, dims, onnx::TensorProto::FLOAT);
    for (float v : values) t->add_float_data(v);
    return *this;
  }

  /// Every element the same.
  ModelBuilder& filled(const std::string& name, const Dims& dims, float value) {
    int64_t count = 1;
    for (int64_t d : dims) count *= d;
    return floats(name, dims, std::vector<float>(static_cast<size_t>(count), value));
  }

  ModelBuilder& ints(const std::string& name, const std::vector<int64_t>& values) {
    auto* t = tensor(name, {static_cast<int64_t>(values.size())}, onnx::TensorProto::INT64);
    for (int64_t v : values) t->add_int64_data(v);
    return *this;
  }

  /// Integers of an element type of at most 32 bits, one list entry each.
  ModelBuilder& integers(const std::string& name, const Dims& dims, int type,
                         const std::vector<int32_t>& values) {
    auto* t = tensor(name, dims, type);
    for (int32_t v : values) t->add_int32_data(v);
    return *this;
  }

  onnx::TensorProto* tensor(const std::string& name, const Dims& dims, int type) {
    auto* t = graph().add_initializer();
    t->set_name(name);
    t->set_data_type(type);
    for (int64_t d : dims) t->add_dims(d);
    return t;
  }

  /// The node's name is "node_" and its first output.
  onnx::NodeProto& node(const std::string& op, const std::vector<std::string>& inputs,
                        const std::vector<std::string>& outputs) {
    auto* n = graph().add_node();
    n->set_op_type(op);
    n->set_name("node_" + outputs.at(0));
    for (const auto& name : inputs) n->add_input(name);
    for (const auto& name : outputs) n->add_output(name);
    return *n;
  }

  static void set(onnx::NodeProto& n, const std::string& name, int64_t value) {
    auto* a = n.add_attribute();
    a->set_name(name);
    a->set_type(onnx::AttributeProto::INT);
    a->set_i(value);
  }
  static void set(onnx::NodeProto& n, const std::string& name, const Dims& values) {
    auto* a = n.add_attribute();
    a->set_name(name);
    a->set_type(onnx::AttributeProto::INTS);
    for (int64_t v : values) a->add_ints(v);
  }
  static void set(onnx::NodeProto& n, const std::string& name, const std::string& value) {
    auto* a = n.add_attribute();
    a->set_name(name);
    a->set_type(onnx::AttributeProto::STRING);
    a->set_s(value);
  }
  static void set_float(onnx::NodeProto& n, const std::string& name, float value) {
    auto* a = n.add_attribute();
    a->set_name(name);
    a->set_type(onnx::AttributeProto::FLOAT);
    a->set_f(value);
  }

  std::string bytes() const { return model.SerializeAsString(); }
  Graph import() const {
    const std::string data = bytes();
    return import_onnx_bytes(data.data(), data.size(), "test.onnx");
  }

  onnx::ModelProto model;
};

}  // namespace keyway::graph::testing
