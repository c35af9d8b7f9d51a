// SPDX-License-Identifier: Apache-2.0
// What the comparison with onnxruntime (compare_onnxruntime.py --exported) does not reach: other
// element types at the ends, names that collide, and what cannot be written.
#include <onnx/onnx_pb.h>

#include <catch2/catch.hpp>
#include <set>

#include "graph/execute.hpp"
#include "graph/model_builder.hpp"
#include "graph/onnx_export.hpp"
#include "thrown.hpp"

using namespace keyway::graph;
using keyway::ErrorKind;
using keyway::graph::testing::ModelBuilder;

namespace {

onnx::ModelProto exported(const Graph& graph, const ModelBuilder& original) {
  const std::string before = original.bytes();
  const std::string bytes = export_onnx_bytes(graph, before.data(), before.size(), "original.onnx");
  onnx::ModelProto model;
  REQUIRE(model.ParseFromString(bytes));
  return model;
}

Graph imported(const onnx::ModelProto& model) {
  const std::string bytes = model.SerializeAsString();
  return import_onnx_bytes(bytes.data(), bytes.size(), "exported.onnx");
}

int element_type(const onnx::ValueInfoProto& info) { return info.type().tensor_type().elem_type(); }

/// y = relu(x w), of three inputs and two outputs.
ModelBuilder small_model(int type) {
  ModelBuilder m({-1, 3});
  m.graph().mutable_input(0)->mutable_type()->mutable_tensor_type()->set_elem_type(type);
  m.floats("w", {3, 2}, {1, -2, 3, 4, -5, 6});
  return m;
}

}  // namespace

TEST_CASE("The exported model has the element types of the original") {
  const std::vector<float> x = {1, 2, 3};
  SECTION("double and float16") {
    ModelBuilder m = small_model(onnx::TensorProto::DOUBLE);
    ModelBuilder::set(m.node("Cast", {"x"}, {"f"}), "to", int64_t{onnx::TensorProto::FLOAT});
    m.node("MatMul", {"f", "w"}, {"h"});
    ModelBuilder::set(m.node("Cast", {"h"}, {"y"}), "to", int64_t{onnx::TensorProto::FLOAT16});
    m.graph().mutable_output(0)->mutable_type()->mutable_tensor_type()->set_elem_type(
        onnx::TensorProto::FLOAT16);
    const Graph graph = m.import();
    const onnx::ModelProto model = exported(graph, m);
    CHECK(element_type(model.graph().input(0)) == onnx::TensorProto::DOUBLE);
    CHECK(element_type(model.graph().output(0)) == onnx::TensorProto::FLOAT16);
    CHECK(execute(imported(model), x.data(), 1) == execute(graph, x.data(), 1));
  }
  SECTION("bytes") {
    ModelBuilder m = small_model(onnx::TensorProto::UINT8);
    m.floats("scale", {}, {0.5F});
    m.node("DequantizeLinear", {"x", "scale"}, {"f"});
    m.node("MatMul", {"f", "w"}, {"y"});
    const Graph graph = m.import();
    const onnx::ModelProto model = exported(graph, m);
    CHECK(element_type(model.graph().input(0)) == onnx::TensorProto::UINT8);
    const Graph again = imported(model);
    CHECK(execute(again, x.data(), 1) == execute(graph, x.data(), 1));
    CHECK(again.input_clamp.size() == graph.input_clamp.size());
  }
}

TEST_CASE("Names of the original's ends are nobody else's") {
  ModelBuilder m({-1, 2});
  m.graph().mutable_input(0)->set_name("v1");
  m.graph().mutable_output(0)->set_name("v2");
  m.filled("w", {2, 2}, 0.5F).filled("u", {2, 2}, -1.5F);
  m.node("MatMul", {"v1", "w"}, {"h"}).set_name("same");
  m.node("Relu", {"h"}, {"r"}).set_name("same");
  m.node("MatMul", {"r", "u"}, {"v2"}).set_name("same");
  const onnx::ModelProto model = exported(m.import(), m);
  std::set<std::string> values{"v1"}, nodes;
  for (const auto& tensor : model.graph().initializer()) CHECK(values.insert(tensor.name()).second);
  for (const auto& node : model.graph().node()) {
    if (!node.name().empty()) CHECK(nodes.insert(node.name()).second);
    for (const std::string& output : node.output()) CHECK(values.insert(output).second);
  }
  CHECK(values.count("v2") == 1);
  const std::vector<float> x = {1, -3};
  CHECK(execute(imported(model), x.data(), 1) == execute(m.import(), x.data(), 1));
}

TEST_CASE("A graph of no nodes becomes an Identity") {
  ModelBuilder m({-1, 2, 3, 3});
  m.node("Relu", {"x"}, {"y"});
  Graph graph = m.import();
  graph.nodes.clear();
  graph.output = graph.input;
  const onnx::ModelProto model = exported(graph, m);
  REQUIRE(model.graph().node_size() == 1);
  CHECK(model.graph().node(0).op_type() == "Identity");
  CHECK(model.graph().node(0).output(0) == "y");
}

TEST_CASE("What an ONNX file of 8 bits cannot hold is refused") {
  ModelBuilder m = small_model(onnx::TensorProto::FLOAT);
  m.node("MatMul", {"x", "w"}, {"y"});
  Graph graph = m.import();
  graph.nodes.back().clamp = {-1000, 1000, 1};
  CHECK(keyway::test::error_of([&] { exported(graph, m); }).kind() == ErrorKind::kUnsupported);
  graph.nodes.back().clamp = {-100, 155, 1};
  const std::vector<float> x = {1.25F, 200, 30};
  CHECK(execute(imported(exported(graph, m)), x.data(), 1) == execute(graph, x.data(), 1));
  const std::string rubbish = "rubbish";
  CHECK(keyway::test::error_of([&] {
          export_onnx_bytes(graph, rubbish.data(), rubbish.size(), "r");
        }).kind() == ErrorKind::kFile);
}
