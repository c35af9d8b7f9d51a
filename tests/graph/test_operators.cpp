// SPDX-License-Identifier: Apache-2.0
// Every operator that `keyway operators` lists imports: the smallest model for each.
#include <catch2/catch.hpp>
#include <cstring>
#include <functional>
#include <map>
#include <string>

#include "graph/operators.hpp"
#include "model_builder.hpp"
#include "thrown.hpp"

using keyway::graph::Operator;
using keyway::graph::operators;
using keyway::graph::testing::Dims;
using keyway::graph::testing::ModelBuilder;
using keyway::test::message_of;

namespace {

using Builder = ModelBuilder;
/// Adds a node of the operator that reads "x" and gives "z".
using Adds = std::function<void(Builder&, const std::string& op)>;

void plain(Builder& m, const std::string& op) { m.node(op, {"x"}, {"z"}); }
void with_one(Builder& m, const std::string& op) { m.node(op, {"x", "one"}, {"z"}); }
void pooled(Builder& m, const std::string& op) {
  Builder::set(m.node(op, {"x"}, {"z"}), "kernel_shape", Dims{2, 2});
}
void along_channels(Builder& m, const std::string& op) {
  m.node("Neg", {"x"}, {"n"});
  Builder::set(m.node(op, {"n"}, {"z"}), "axis", int64_t{1});
}
void at_the_end(Builder& m, const std::string& op) {
  m.node("Neg", {"x"}, {"n"});
  m.node(op, {"n"}, {"z"});
}
void with_axes(Builder& m, const std::string& op) {
  Builder::set(m.node(op, {"x"}, {"z"}), "axes", Dims{2});
}

/// On integers of unit "one" and zero point "byte"; `behind` ends with the result's.
Adds quantised(const std::vector<std::string>& behind, const char* before = nullptr) {
  return [=](Builder& m, const std::string& op) {
    m.node("QuantizeLinear", {"x", "one", "byte"}, {"q"});
    if (before) m.node(before, {"q"}, {"b"});
    std::vector<std::string> inputs = {before ? "b" : "q", "one", "byte"};
    inputs.insert(inputs.end(), behind.begin(), behind.end());
    auto& n = m.node(op, inputs, {"i"});
    if (op != "QLinearConv" && op != "QLinearMatMul") n.set_domain("com.microsoft");
    if (op == "QLinearAveragePool") Builder::set(n, "kernel_shape", Dims{2, 2});
    if (op == "QLinearSoftmax") Builder::set(n, "axis", int64_t{1});
    m.node("DequantizeLinear", {"i", behind.end()[-2], "byte"}, {"z"});
  };
}
void qonnx(Builder& m, const std::string& op) {
  std::vector<std::string> inputs = {"x", "one", "zero", "bits"};
  if (op == "BipolarQuant") inputs = {"one", "one"};
  m.node(op, inputs, {op == "BipolarQuant" ? "s" : "z"}).set_domain("qonnx.custom_op.general");
  if (op == "BipolarQuant") m.node("Mul", {"x", "s"}, {"z"});
}

const std::map<std::string, Adds>& on_activations() {
  static const std::map<std::string, Adds> kModels = {
      {"Conv",
       [](Builder& m, const auto& op) {
         m.node(op, {"x", "kernel"}, {"z"});
       }},
      {"Gemm",
       [](Builder& m, const auto& op) {
         m.node("Flatten", {"x"}, {"f"});
         m.node(op, {"f", "matrix"}, {"z"});
       }},
      {"MatMul",
       [](Builder& m, const auto& op) {
         m.node("Flatten", {"x"}, {"f"});
         m.node(op, {"f", "matrix"}, {"z"});
       }},
      {"BatchNormalization",
       [](Builder& m, const auto& op) {
         m.node(op, {"x", "two", "two", "two", "two"}, {"z"});
       }},
      {"MaxPool", pooled},
      {"AveragePool", pooled},
      {"GlobalAveragePool", plain},
      {"GlobalMaxPool", plain},
      {"ReduceMean", with_axes},
      {"ReduceMax", with_axes},
      {"Relu", plain},
      {"Clip", with_one},
      {"Max", with_one},
      {"Min", with_one},
      {"HardSigmoid", plain},
      {"Add", with_one},
      {"Sub", with_one},
      {"Sum", plain},
      {"Mul", with_one},
      {"Div", with_one},
      {"Neg", plain},
      {"Softmax", along_channels},
      {"LogSoftmax", along_channels},
      {"Sigmoid", at_the_end},
      {"Tanh", at_the_end},
      {"ArgMax", along_channels},
      {"ArgMin", along_channels},
      {"TopK",
       [](Builder& m, const auto& op) {
         m.node("Neg", {"x"}, {"n"});
         Builder::set(m.node(op, {"n", "ints"}, {"z"}), "axis", int64_t{1});
       }},
      {"Identity", plain},
      {"Dropout", plain},
      {"Cast",
       [](Builder& m, const auto& op) {
         Builder::set(m.node(op, {"x"}, {"z"}), "to", int64_t{onnx::TensorProto::FLOAT});
       }},
      {"Shape",
       [](Builder& m, const auto& op) {
         m.node(op, {"x"}, {"s"});
         m.node("Reshape", {"x", "s"}, {"z"});
       }},
      {"Size",
       [](Builder& m, const auto& op) {
         m.node(op, {"x"}, {"s"});
         m.ints("shape", {1, -1}).node("Reshape", {"s", "shape"}, {"r"});
         m.node("Cast", {"r"}, {"c"});
         Builder::set(*m.graph().mutable_node(2), "to", int64_t{onnx::TensorProto::FLOAT});
         m.node("Mul", {"x", "c"}, {"z"});
       }},
      {"Reshape",
       [](Builder& m, const auto& op) {
         m.ints("s", {1, -1}).node(op, {"x", "s"}, {"z"});
       }},
      {"Flatten", plain},
      {"Squeeze",
       [](Builder& m, const auto& op) {
         m.node("GlobalMaxPool", {"x"}, {"g"});
         m.ints("a", {2}).node(op, {"g", "a"}, {"z"});
       }},
      {"Unsqueeze",
       [](Builder& m, const auto& op) {
         m.ints("a", {2}).node(op, {"x", "a"}, {"z"});
       }},
      {"Transpose",
       [](Builder& m, const auto& op) {
         Builder::set(m.node(op, {"x"}, {"z"}), "perm", Dims{0, 2, 3, 1});
       }},
      {"Slice",
       [](Builder& m, const auto& op) {
         m.ints("a", {1}).ints("b", {3}).ints("c", {2}).node(op, {"x", "a", "b", "c"}, {"z"});
       }},
      {"Pad",
       [](Builder& m, const auto& op) {
         m.ints("p", {0, 0, 1, 1, 0, 0, 0, 0}).node(op, {"x", "p"}, {"z"});
       }},
      {"Concat",
       [](Builder& m, const auto& op) {
         m.filled("zeros", {1, 2, 4, 4}, 0);
         Builder::set(m.node(op, {"x", "zeros"}, {"z"}), "axis", int64_t{1});
       }},
      {"QuantizeLinear",
       [](Builder& m, const auto& op) {
         m.node(op, {"x", "one", "byte"}, {"i"});
         m.node("DequantizeLinear", {"i", "one", "byte"}, {"z"});
       }},
      {"DequantizeLinear",
       [](Builder& m, const auto& op) {
         m.node("QuantizeLinear", {"x", "one"}, {"i"});
         m.node(op, {"i", "one"}, {"z"});
       }},
      {"QLinearConv", quantised({"bytes", "one", "byte", "one", "byte"})},
      {"QLinearMatMul", quantised({"rows", "one", "byte", "one", "byte"}, "Flatten")},
      {"QGemm", quantised({"rows", "one", "byte", "", "one", "byte"}, "Flatten")},
      {"QLinearAdd", quantised({"q", "one", "byte", "one", "byte"})},
      {"QLinearMul", quantised({"byte", "one", "byte", "one", "byte"})},
      {"QLinearAveragePool", quantised({"one", "byte"})},
      {"QLinearGlobalAveragePool", quantised({"one", "byte"})},
      {"QLinearConcat",
       [](Builder& m, const auto& op) {
         m.integers("zeros", {1, 2, 4, 4}, onnx::TensorProto::UINT8, std::vector<int32_t>(32, 0));
         m.node("QuantizeLinear", {"x", "one", "byte"}, {"q"});
         auto& n = m.node(op, {"one", "byte", "q", "one", "byte", "zeros", "one", "byte"}, {"i"});
         n.set_domain("com.microsoft");
         Builder::set(n, "axis", int64_t{1});
         m.node("DequantizeLinear", {"i", "one", "byte"}, {"z"});
       }},
      {"QLinearSoftmax", quantised({"hundredth", "byte"}, "Identity")},
      {"QLinearSigmoid", quantised({"hundredth", "byte"}, "Identity")},
      {"Quant", qonnx},
      {"IntQuant", qonnx},
      {"BipolarQuant", qonnx},
  };
  return kModels;
}

/// Gives "k", a constant of one element, out of "one" or "ints".
const std::map<std::string, Adds>& on_constants() {
  const auto of_one = [](Builder& m, const std::string& op) { m.node(op, {"one"}, {"k"}); };
  const auto of_two = [](Builder& m, const std::string& op) { m.node(op, {"one", "one"}, {"k"}); };
  const auto with_ints = [](Builder& m, const std::string& op) {
    m.node(op, {"one", "ints"}, {"k"});
  };
  const auto quant_one = [](Builder& m, const std::string& op) {
    std::vector<std::string> inputs = {"one", "one", "zero", "bits"};
    if (op == "BipolarQuant") inputs.resize(2);
    m.node(op, inputs, {"k"}).set_domain("qonnx.custom_op.general");
  };
  static const std::map<std::string, Adds> kModels = {
      {"Constant",
       [](Builder& m, const auto& op) {
         Builder::set_float(m.node(op, {}, {"k"}), "value_float", 2);
       }},
      {"ConstantOfShape", [](Builder& m, const auto& op) { m.node(op, {"ints"}, {"k"}); }},
      {"Gather",
       [](Builder& m, const auto& op) {
         m.ints("first", {0}).node(op, {"two", "first"}, {"k"});
       }},
      {"Expand", with_ints},
      {"Sqrt", of_one},
      {"Reciprocal", of_one},
      {"Pow", of_two},
      {"Identity", of_one},
      {"Dropout", of_one},
      {"Cast",
       [](Builder& m, const auto& op) {
         Builder::set(m.node(op, {"ints"}, {"k"}), "to", int64_t{onnx::TensorProto::FLOAT});
       }},
      {"Concat",
       [](Builder& m, const auto& op) {
         m.floats("first", {1}, {1});
         Builder::set(m.node(op, {"first"}, {"k"}), "axis", int64_t{0});
       }},
      {"Slice",
       [](Builder& m, const auto& op) {
         m.ints("first", {0}).node(op, {"two", "first", "ints"}, {"k"});
       }},
      {"Transpose", of_one},
      {"Flatten",
       [](Builder& m, const auto& op) {
         Builder::set(m.node(op, {"one"}, {"k"}), "axis", int64_t{0});
       }},
      {"Squeeze", of_one},
      {"Unsqueeze",
       [](Builder& m, const auto& op) {
         m.ints("first", {0}).node(op, {"one", "first"}, {"k"});
       }},
      {"Reshape", with_ints},
      {"QuantizeLinear",
       [](Builder& m, const auto& op) {
         m.node(op, {"one", "one"}, {"i"});
         m.node("DequantizeLinear", {"i", "one"}, {"k"});
       }},
      {"DequantizeLinear",
       [](Builder& m, const auto& op) {
         m.node(op, {"byte", "one"}, {"k"});
       }},
      {"Quant", quant_one},
      {"IntQuant", quant_one},
      {"BipolarQuant", quant_one},
      {"Add", of_two},
      {"Sub", of_two},
      {"Mul", of_two},
      {"Div", of_two},
      {"Neg", of_one},
      {"Shape",
       [](Builder& m, const auto& op) {
         m.node(op, {"two"}, {"s"});
         Builder::set(m.node("Cast", {"s"}, {"k"}), "to", int64_t{onnx::TensorProto::FLOAT});
       }},
      {"Size",
       [](Builder& m, const auto& op) {
         m.node(op, {"two"}, {"s"});
         Builder::set(m.node("Cast", {"s"}, {"k"}), "to", int64_t{onnx::TensorProto::FLOAT});
       }},
  };
  return kModels;
}

Builder model() {
  Builder m({1, 2, 4, 4});
  m.filled("kernel", {2, 2, 3, 3}, 1).filled("matrix", {32, 3}, 1).filled("two", {2}, 1);
  m.floats("one", {}, {1})
      .floats("hundredth", {}, {0.01F})
      .floats("zero", {}, {0})
      .floats("bits", {}, {4})
      .ints("ints", {1});
  m.integers("byte", {}, onnx::TensorProto::UINT8, {0});
  m.integers("bytes", {2, 2, 1, 1}, onnx::TensorProto::UINT8, {1, 2, 3, 4});
  m.integers("rows", {32, 1}, onnx::TensorProto::UINT8, std::vector<int32_t>(32, 1));
  return m;
}

void import(const Operator& op, const std::map<std::string, Adds>& models, const char* last,
            const std::vector<std::string>& inputs) {
  INFO(op.domain << " " << op.name << ": " << op.holds);
  const auto found = models.find(op.name);
  REQUIRE(found != models.end());
  Builder m = model();
  found->second(m, op.name);
  m.node(last, inputs, {"y"});
  CHECK_NOTHROW(m.import());
}

}  // namespace

TEST_CASE("Every operator of the list imports, on activations and on constants as it says") {
  std::string previous;
  for (const Operator& op : operators()) {
    CHECK(previous < op.name);
    previous = op.name;
    CHECK((op.activations || op.constants));
    CHECK((op.holds != nullptr && std::strlen(op.holds) > 0));
    const bool ends = std::strstr(op.holds, "as Softmax") || std::strstr(op.holds, "as ArgMax") ||
                      std::strstr(op.holds, "as Sigmoid") || std::strstr(op.holds, "network's end");
    if (op.activations) import(op, on_activations(), ends ? "Identity" : "Neg", {"z"});
    if (op.constants) import(op, on_constants(), "Add", {"x", "k"});
  }
}

TEST_CASE("What takes no activations says so") {
  for (const Operator& op : operators()) {
    if (op.activations) continue;
    Builder m = model();
    m.node(op.name, {"x", "ints"}, {"y"});
    INFO(op.name);
    CHECK_THAT(message_of(keyway::ErrorKind::kUnsupported, [&] { m.import(); }),
               Catch::Contains("'node_y'") && Catch::Contains("constants and shapes alone"));
  }
}
