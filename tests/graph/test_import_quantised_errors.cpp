// SPDX-License-Identifier: Apache-2.0
// Quantised model files that contradict themselves or are not supported: by kind and sentence.
#include <catch2/catch.hpp>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "common/error.hpp"
#include "graph/execute.hpp"
#include "quantised_models.hpp"

using namespace keyway::graph;
using namespace keyway::graph::testing;
using keyway::ErrorKind;
using Builder = QuantisedBuilder;

TEST_CASE("Quantisers that contradict themselves or are not supported end in a sentence") {
  Builder m({1, 2});
  m.integers("w", {2, 2}, Type::INT8, {1, 2, 3, 4});
  m.floats("s", {}, {0.5F}).integers("z", {}, Type::INT8, {0});
  const auto dequantise = [&](const std::vector<std::string>& inputs) -> onnx::NodeProto& {
    auto& n = m.node("DequantizeLinear", inputs, {"wf"});
    m.node("MatMul", {"x", "wf"}, {"y"});
    return n;
  };
  const auto says = [&](ErrorKind kind, const std::string& what) {
    const std::string message = refusal(m, kind);
    INFO(message);
    CHECK(message.find(what) != std::string::npos);
  };
  SECTION("scale") {
    const float bad = GENERATE(0.0F, -1.0F, std::numeric_limits<float>::quiet_NaN(),
                               std::numeric_limits<float>::infinity());
    m.floats("bad", {}, {bad});
    if (GENERATE(true, false)) {
      dequantise({"w", "bad", "z"});
    } else {
      m.node("QuantizeLinear", {"x", "bad", "z"}, {"y"});
    }
    says(ErrorKind::kFile, "is not a positive number");
  }
  SECTION("a scale that depends on the input") {
    dequantise({"w", "x", "z"});
    says(ErrorKind::kUnsupported, "should be constant");
  }
  SECTION("a scale of integers") {
    dequantise({"w", "z", "z"});
    says(ErrorKind::kFile, "should hold floats");
  }
  SECTION("a zero point out of its type") {
    m.integers("wide", {}, Type::INT8, {300});
    dequantise({"w", "s", "wide"});
    says(ErrorKind::kFile, "out of its type's range");
  }
  SECTION("a zero point of another type") {
    m.integers("u", {}, Type::UINT8, {3});
    dequantise({"w", "s", "u"});
    says(ErrorKind::kFile, "zero point of type 2");
  }
  SECTION("a zero point of floats") {
    dequantise({"w", "s", "s"});
    says(ErrorKind::kFile, "should hold integers");
  }
  SECTION("axis") {
    m.floats("two", {2}, {1, 2});
    ModelBuilder::set(dequantise({"w", "two"}), "axis", int64_t{2});
    says(ErrorKind::kFile, "axis 2");
  }
  SECTION("scales that do not fit") {
    m.floats("three", {3}, {1, 2, 3});
    dequantise({"w", "three"});
    says(ErrorKind::kFile, "does not fit data of shape [2, 2]");
  }
  SECTION("blocks") {
    m.floats("blocks", {1, 2}, {1, 2});
    ModelBuilder::set(dequantise({"w", "blocks"}), "block_size", int64_t{2});
    says(ErrorKind::kUnsupported, "blocks");
  }
  SECTION("floats that were never quantised") {
    m.node("DequantizeLinear", {"x", "s", "z"}, {"y"});
    says(ErrorKind::kFile, "reads floats");
  }
  SECTION("float arithmetic on integers") {
    m.node("QuantizeLinear", {"x", "s", "z"}, {"q"});
    m.node("Relu", {"q"}, {"y"});
    says(ErrorKind::kUnsupported, "DequantizeLinear has to come first");
  }
  SECTION("zero points that differ") {
    m.floats("two", {2}, {1, 2}).integers("zz", {2}, Type::INT8, {0, 1});
    m.node("QuantizeLinear", {"x", "two", "zz"}, {"q"});
    m.node("DequantizeLinear", {"q", "two", "zz"}, {"y"});
    says(ErrorKind::kUnsupported, "zero points that differ");
  }
  SECTION("rounding towards zero where both signs occur, whatever stands for zero") {
    m.floats("low", {}, {-128}).floats("bits", {}, {8});
    auto& n = m.qonnx("Quant", {"x", "s", "low", "bits"}, {"y"});
    ModelBuilder::set(n, "rounding_mode", std::string("DOWN"));
    says(ErrorKind::kUnsupported, "activations of both signs");
  }
  SECTION("the sign and a zero point") {
    m.floats("one", {}, {1});
    m.qonnx("Quant", {"x", "s", "one", "one"}, {"y"});
    says(ErrorKind::kUnsupported, "one signed bit with a zero point");
  }
  SECTION("Quant of integers") {
    m.floats("bits", {}, {4}).floats("none", {}, {0});
    m.node("QuantizeLinear", {"x", "s", "z"}, {"q"});
    if (GENERATE(true, false)) {
      m.qonnx("Quant", {"q", "s", "none", "bits"}, {"y"});
    } else {
      m.qonnx("BipolarQuant", {"q", "s"}, {"y"});
    }
    says(ErrorKind::kFile, "quantises what is quantised already");
  }
  SECTION("coarse quantisers of what the host computes") {
    const std::string op = GENERATE("Softmax", "Sigmoid", "Tanh", "LogSoftmax");
    m.node(op, {"x"}, {"p"});
    if (GENERATE(true, false)) {
      m.floats("sixth", {}, {0.125F}).floats("bits", {}, {4}).floats("none", {}, {0});
      m.qonnx("Quant", {"p", "sixth", "none", "bits"}, {"y"});
    } else {
      m.integers("four", {}, 22, {0});  // int4
      m.node("QuantizeLinear", {"p", "s", "four"}, {"q"});
      m.node("DequantizeLinear", {"q", "s", "four"}, {"y"});
    }
    says(ErrorKind::kUnsupported, "fewer than 64 steps");
  }
  SECTION("bytes, of which what the host computes needs few") {
    m.node("Softmax", {"x"}, {"p"});
    m.node("QuantizeLinear", {"p", "s", "z"}, {"q"});
    m.node("DequantizeLinear", {"q", "s", "z"}, {"y"});
    says(ErrorKind::kUnsupported, "fewer than 64 steps");
  }
  SECTION("integers of another type than their zero point") {
    m.integers("u", {}, Type::UINT8, {3});
    m.node("QuantizeLinear", {"x", "s", "z"}, {"q"});
    if (GENERATE(true, false)) {
      m.node("DequantizeLinear", {"q", "s", "u"}, {"y"});
    } else {
      m.microsoft("QLinearAdd", {"q", "s", "u", "q", "s", "z", "s", "z"}, {"y"});
    }
    says(ErrorKind::kFile, "data of element type 3 with a zero point of type 2");
  }
  SECTION("output_dtype and the zero point") {
    auto& n = m.node("QuantizeLinear", {"x", "s", "z"}, {"y"});
    ModelBuilder::set(n, "output_dtype", int64_t{Type::UINT8});
    says(ErrorKind::kFile, "output_dtype 2 with a zero point of type 3");
  }
  SECTION("output_dtype") {
    auto& n = m.node("QuantizeLinear", {"x", "s"}, {"y"});
    ModelBuilder::set(n, "output_dtype", (int64_t{1} << 32) + Type::INT8);
    says(ErrorKind::kFile, "is no element type");
  }
  SECTION("integers padded by a value that depends on the input") {
    m.ints("pads", {0, 1, 0, 1});
    m.node("QuantizeLinear", {"x", "s", "z"}, {"q"});
    m.node("Pad", {"q", "pads", "q"}, {"p"});
    m.node("DequantizeLinear", {"p", "s", "z"}, {"y"});
    says(ErrorKind::kUnsupported, "the value should be constant");
  }
  SECTION("an addition without the scale of its result") {
    m.node("QuantizeLinear", {"x", "s", "z"}, {"q"});
    m.microsoft("QLinearAdd", {"q", "s", "z", "q", "s", "z", "", "z"}, {"y"});
    says(ErrorKind::kFile, "the scale is missing");
  }
  SECTION("QGemm with one of its result's scale and zero point") {
    m.node("QuantizeLinear", {"x", "s", "z"}, {"q"});
    m.microsoft("QGemm", {"q", "s", "z", "w", "s", "z", "", "s"}, {"y"});
    says(ErrorKind::kUnsupported, "without its zero point");
  }
  SECTION("scales of every input's own") {
    const std::string op = GENERATE("DynamicQuantizeLinear", "MatMulInteger");
    m.node(op, {"x", "w"}, {"y"});
    says(ErrorKind::kUnsupported, "dynamically quantised");
  }
  SECTION("a bias that is no list of integers") {
    Builder c({1, 2, 3, 3});
    c.unit("u", kRelu).filled("b", {2}, 1);
    c.unit("w", signed_bytes(1, 0));
    c.integers("w", {2, 2, 1, 1}, Type::INT8, {1, 2, 3, 4});
    c.node("QuantizeLinear", {"x", "u_s", "u_z"}, {"q"});
    c.node("QLinearConv", {"q", "u_s", "u_z", "w", "w_s", "w_z", "u_s", "u_z", "b"}, {"y"});
    CHECK(refusal(c, ErrorKind::kFile).find("should dequantise integers") != std::string::npos);
  }
}
