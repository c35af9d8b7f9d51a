// SPDX-License-Identifier: Apache-2.0
// What the importer makes of models: folding, layouts, windows. Its numbers are compared with
// onnxruntime by compare_onnxruntime.py; here stands the form of the graph, and values by hand.
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <limits>

#include "graph/execute.hpp"
#include "model_builder.hpp"

using namespace keyway::graph;
using keyway::graph::testing::Dims;
using keyway::graph::testing::ModelBuilder;

namespace {

const float kInfinity = std::numeric_limits<float>::infinity();

const keyway::Shape& shape(const Graph& g, int tensor) {
  return g.tensors[static_cast<size_t>(tensor)].shape;
}

std::vector<float> counting(size_t count, float first = 1) {
  std::vector<float> v(count);
  for (size_t i = 0; i < count; ++i) v[i] = first + static_cast<float>(i);
  return v;
}

std::vector<float> run(const Graph& g, const std::vector<float>& x) {
  return execute(g, x.data(), 1);
}

}  // namespace

TEST_CASE("Conv, BatchNormalization and Relu become one layer") {
  ModelBuilder m({-1, 1, 4, 4});
  m.filled("w", {2, 1, 3, 3}, 1).floats("b", {2}, {1, 2});
  m.floats("scale", {2}, {2, 3})
      .floats("bias", {2}, {0.5F, -1})
      .floats("mean", {2}, {1, -1})
      .floats("var", {2}, {3, 8});
  ModelBuilder::set(m.node("Conv", {"x", "w", "b"}, {"c"}), "pads", Dims{1, 1, 1, 1});
  ModelBuilder::set_float(
      m.node("BatchNormalization", {"c", "scale", "bias", "mean", "var"}, {"n"}), "epsilon", 1);
  m.node("Relu", {"n"}, {"y"});
  const Graph g = m.import();
  REQUIRE(g.nodes.size() == 1);
  const Node& n = g.nodes[0];
  CHECK(n.kind == OpKind::kConv);
  CHECK(n.name == "node_c");
  CHECK(n.weights[0] == 1);  // 2 / sqrt(3 + 1)
  CHECK(n.weights[9] == 1);  // 3 / sqrt(8 + 1)
  CHECK(n.bias == std::vector<float>{(1 - 1) * 1 + 0.5F, (2 + 1) * 1 - 1});
  CHECK(n.clamp.lo == 0);
  CHECK(n.clamp.hi == kInfinity);
  CHECK(g.macs == 4 * 4 * 2 * 1 * 9);
  CHECK(g.tensors.size() == 2);
}

TEST_CASE("A clamp stays apart where the layer before it has other readers") {
  ModelBuilder m({1, 2, 3, 3});
  m.filled("w", {2, 2, 1, 1}, 1);
  m.node("Conv", {"x", "w"}, {"c"});
  m.node("Relu", {"c"}, {"r"});
  m.node("Add", {"r", "c"}, {"y"});
  const Graph g = m.import();
  REQUIRE(g.nodes.size() == 3);
  CHECK(g.nodes[0].clamp.lo == -kInfinity);
  CHECK(g.nodes[1].kind == OpKind::kDepthwiseConv);
  CHECK(g.nodes[1].clamp.lo == 0);
}

TEST_CASE("Clamps compose, and constants after a Relu go into the layer if they commute") {
  ModelBuilder m({1, 1, 2, 2});
  m.filled("w", {1, 1, 1, 1}, 1)
      .floats("two", {}, {2})
      .floats("six", {}, {6})
      .floats("zero", {}, {0});
  m.node("Conv", {"x", "w"}, {"c"});
  m.node("Relu", {"c"}, {"r"});
  m.node("Mul", {"r", "two"}, {"m"});
  m.node("Clip", {"m", "zero", "six"}, {"y"});
  const Graph g = m.import();
  REQUIRE(g.nodes.size() == 1);
  CHECK(g.nodes[0].weights[0] == 2);
  CHECK(g.nodes[0].clamp.lo == 0);
  CHECK(g.nodes[0].clamp.hi == 6);
}

TEST_CASE("Constants ahead of the first layer go into the input's scale and offset, NHWC as NCHW") {
  for (const bool nhwc : {false, true}) {
    ModelBuilder m(nhwc ? Dims{-1, 5, 4, 3} : Dims{-1, 3, 5, 4});
    m.floats("d", {}, {2}).floats("s", nhwc ? Dims{3} : Dims{1, 3, 1, 1}, {1, 2, 3});
    m.filled("w", {2, 3, 5, 4}, 1);
    m.node("Div", {"x", "d"}, {"a"});
    m.node("Sub", {"a", "s"}, {"b"});
    if (nhwc) ModelBuilder::set(m.node("Transpose", {"b"}, {"t"}), "perm", Dims{0, 3, 1, 2});
    m.node("Conv", {nhwc ? "t" : "b", "w"}, {"y"});
    const Graph g = m.import();
    INFO("nhwc " << nhwc);
    REQUIRE(g.nodes.size() == 1);
    CHECK(shape(g, g.input) == keyway::Shape{3, 5, 4});
    CHECK(g.input_scale == std::vector<float>{0.5F, 0.5F, 0.5F});
    CHECK(g.input_offset == std::vector<float>{-1, -2, -3});
    CHECK(g.input_layout.dims == (nhwc ? Dims{5, 4, 3} : Dims{3, 5, 4}));
    CHECK(g.input_layout.stride_c == (nhwc ? 1 : 20));
    CHECK(g.input_layout.stride_h == (nhwc ? 12 : 4));
    CHECK(g.input_layout.stride_w == (nhwc ? 3 : 1));
  }
}

TEST_CASE("An offset ahead of a padded layer with two readers is not pushed through its padding") {
  ModelBuilder m({1, 1, 3, 3});
  m.filled("w", {1, 1, 3, 3}, 1).filled("v", {1, 1, 3, 3}, 2).floats("one", {}, {1});
  m.node("MaxPool", {"x"}, {"p"});
  ModelBuilder::set(m.graph().mutable_node()->at(0), "kernel_shape", Dims{1, 2});
  m.node("Add", {"p", "one"}, {"a"});
  ModelBuilder::set(m.node("Conv", {"a", "w"}, {"c"}), "pads", Dims{1, 1, 1, 1});
  ModelBuilder::set(m.node("Conv", {"a", "v"}, {"d"}), "pads", Dims{1, 1, 1, 1});
  m.node("Add", {"c", "d"}, {"y"});
  const Graph g = m.import();
  REQUIRE(g.nodes.size() == 5);
  CHECK(g.nodes[1].kind == OpKind::kDepthwiseConv);
  // Zeros in, so every tap inside of the 3 x 2 image reads one: 6 taps at the middle, 4 in a
  // corner.
  const auto y = run(g, std::vector<float>(9, 0.0F));
  CHECK(y == std::vector<float>{12, 12, 18, 18, 12, 12});
}

TEST_CASE("A flattened NHWC image permutes the weights of the dense layer behind it") {
  ModelBuilder m({1, 2, 1, 3});  // N C H W
  std::vector<float> w(6);
  for (size_t i = 0; i < 6; ++i) w[i] = static_cast<float>(i);
  m.floats("w", {6, 1}, w);
  ModelBuilder::set(m.node("Transpose", {"x"}, {"t"}), "perm", Dims{0, 2, 3, 1});
  m.node("Flatten", {"t"}, {"f"});
  m.node("Gemm", {"f", "w"}, {"y"});
  const Graph g = m.import();
  // The user's array is c0 x0 x1 x2 c1 x0 x1 x2; weights come as x0 c0 c1, x1 c0 c1, ...
  CHECK(run(g, {1, 0, 0, 0, 0, 0}) == std::vector<float>{0});
  CHECK(run(g, {0, 1, 0, 0, 0, 0}) == std::vector<float>{2});
  CHECK(run(g, {0, 0, 0, 1, 0, 0}) == std::vector<float>{1});
  CHECK(run(g, {0, 0, 0, 0, 0, 1}) == std::vector<float>{5});
}

TEST_CASE("A strided slice with zero channels around it is one kShortcut") {
  ModelBuilder m({1, 2, 5, 5});
  m.ints("starts", {0, 0})
      .ints("ends", {INT64_MAX, INT64_MAX})
      .ints("axes", {2, 3})
      .ints("steps", {2, 2});
  m.ints("pads", {0, 1, 0, 0, 0, 3, 0, 0});
  m.node("Slice", {"x", "starts", "ends", "axes", "steps"}, {"s"});
  m.node("Pad", {"s", "pads"}, {"y"});
  const Graph g = m.import();
  REQUIRE(g.nodes.size() == 1);
  CHECK(g.nodes[0].kind == OpKind::kShortcut);
  CHECK(g.nodes[0].window.stride_h == 2);
  CHECK(g.nodes[0].window.stride_w == 2);
  CHECK(g.nodes[0].channel_before == 1);
  CHECK(shape(g, g.output) == keyway::Shape{6, 3, 3});
  const auto y = run(g, counting(50));
  CHECK(y[8] == 0);
  CHECK(y[9] == 1);
  CHECK(y[9 + 4] == 13);  // row 2, column 2
  CHECK(y[18 + 8] == 50);
  CHECK(y[27] == 0);
}

TEST_CASE("Pad becomes padding of the layers behind it, or stays") {
  for (const bool pool_too : {false, true}) {
    ModelBuilder m({1, 1, 4, 4});
    m.ints("pads", {0, 0, 1, 2, 0, 0, 3, 0}).filled("w", {1, 1, 2, 2}, 1);
    m.node("Pad", {"x", "pads"}, {"p"});
    ModelBuilder::set(m.node("Conv", {"p", "w"}, {"c"}), "pads", Dims{0, 1, 0, 0});
    if (pool_too) {
      auto& pool = m.node("MaxPool", {"p"}, {"q"});
      ModelBuilder::set(pool, "kernel_shape", Dims{2, 2});
      ModelBuilder::set(pool, "pads", Dims{0, 1, 0, 0});
      m.node("Add", {"c", "q"}, {"y"});
    } else {
      m.node("Identity", {"c"}, {"y"});
    }
    const Graph g = m.import();
    if (pool_too) {
      REQUIRE(g.nodes.size() == 4);
      CHECK(g.nodes[0].kind == OpKind::kPad);
    } else {
      REQUIRE(g.nodes.size() == 1);
      const Window& w = g.nodes[0].window;
      CHECK(w.pad_top == 1);
      CHECK(w.pad_left == 3);
      CHECK(w.pad_bottom == 3);
      CHECK(w.pad_right == 0);
    }
  }
}

TEST_CASE("ceil_mode leaves out windows that would start behind the image") {
  // Kernel 2, stride 3, one pad on both ends; values as onnxruntime's kernels give them.
  const auto pool = [](const std::string& op, int64_t height, int64_t include) {
    ModelBuilder m({1, 1, height, 1});
    auto& n = m.node(op, {"x"}, {"y"});
    ModelBuilder::set(n, "kernel_shape", Dims{2, 1});
    ModelBuilder::set(n, "strides", Dims{3, 1});
    ModelBuilder::set(n, "pads", Dims{1, 0, 1, 0});
    ModelBuilder::set(n, "ceil_mode", int64_t{1});
    if (op == "AveragePool") ModelBuilder::set(n, "count_include_pad", include);
    return run(m.import(), counting(static_cast<size_t>(height)));
  };
  CHECK(pool("MaxPool", 5, 0) == std::vector<float>{1, 4});
  CHECK(pool("MaxPool", 6, 0) == std::vector<float>{1, 4, 6});
  CHECK(pool("MaxPool", 8, 0) == std::vector<float>{1, 4, 7});
  CHECK(pool("AveragePool", 6, 0) == std::vector<float>{1, 3.5F, 6});
  CHECK(pool("AveragePool", 6, 1) == std::vector<float>{0.5F, 3.5F, 3});
  CHECK(pool("AveragePool", 8, 1) == std::vector<float>{0.5F, 3.5F, 6.5F});
}

TEST_CASE("Pads that ceil_mode adds do not count, stated ones do") {
  // Kernel 3, stride 2, pads 1 and 0 over 1..4: windows {pad 1 2}, {2 3 4}; with ceil also {4 - -}.
  ModelBuilder m({1, 1, 5, 1});
  auto& n = m.node("AveragePool", {"x"}, {"y"});
  ModelBuilder::set(n, "kernel_shape", Dims{3, 1});
  ModelBuilder::set(n, "strides", Dims{2, 1});
  ModelBuilder::set(n, "pads", Dims{2, 0, 0, 0});
  ModelBuilder::set(n, "ceil_mode", int64_t{1});
  ModelBuilder::set(n, "count_include_pad", int64_t{1});
  const auto y = run(m.import(), counting(5));
  REQUIRE(y.size() == 3);
  CHECK(y[0] == Approx(1.0F / 3));
  CHECK(y[1] == Approx(2.0F));
  CHECK(y[2] == Approx(4.0F));
}

TEST_CASE("The batch may be a name, a number, zero or one") {
  for (const int64_t batch : {int64_t{-1}, int64_t{0}, int64_t{-2}, int64_t{1}, int64_t{7}}) {
    ModelBuilder m({batch, 2, 2, 2});
    m.filled("w", {8, 3}, 1).ints("shape", {batch > 0 ? batch : -1, 8});
    m.node("Reshape", {"x", "shape"}, {"r"});
    m.node("MatMul", {"r", "w"}, {"y"});
    const Graph g = m.import();
    INFO("batch " << batch);
    CHECK(g.input_layout.dims == Dims{2, 2, 2});
    CHECK(g.output_layout.dims == Dims{3});
    CHECK(g.macs == 24);
  }
}

TEST_CASE("Images come out in the order of the model") {
  ModelBuilder m({1, 2, 3, 4});
  m.filled("w", {5, 2, 1, 1}, 1);
  m.node("Conv", {"x", "w"}, {"c"});
  ModelBuilder::set(m.node("Transpose", {"c"}, {"y"}), "perm", Dims{0, 2, 3, 1});
  const Graph g = m.import();
  CHECK(g.output_layout.dims == Dims{3, 4, 5});
  CHECK(g.output_layout.stride_c == 1);
  CHECK(g.output_layout.stride_h == 20);
  CHECK(g.output_layout.stride_w == 5);
}

TEST_CASE("Softmax at the end is the output's function") {
  ModelBuilder m({1, 3});
  m.floats("w", {3, 2}, {1, 0, 0, 1, 0, 0});
  m.node("MatMul", {"x", "w"}, {"l"});
  m.node("Softmax", {"l"}, {"s"});
  m.node("Identity", {"s"}, {"y"});
  const Graph g = m.import();
  CHECK(g.output_function == keyway::OutputFunction::kSoftmax);
  CHECK(g.nodes.size() == 1);
  const auto y = run(g, {0, 0, 5});
  CHECK(y[0] == Approx(0.5F));
}

TEST_CASE("Weights in every float type decode exactly") {
  using Type = onnx::TensorProto;
  const auto weights = [](int type, bool raw, const std::vector<uint64_t>& bits, size_t width) {
    ModelBuilder m({1, 1});
    auto* t = m.tensor("w", {1, static_cast<int64_t>(bits.size())}, type);
    for (uint64_t b : bits) {
      if (raw) {
        t->mutable_raw_data()->append(reinterpret_cast<const char*>(&b), width);
      } else {
        t->add_int32_data(static_cast<int32_t>(b));
      }
    }
    m.node("MatMul", {"x", "w"}, {"y"});
    return m.import().nodes.at(0).weights;
  };
  const std::vector<uint64_t> halves = {0x3c00, 0xc000, 0x0001, 0x03ff, 0x7bff, 0x8000, 0x3555};
  const std::vector<float> expected = {1,     -2,    0x1p-24F,       1023 * 0x1p-24F,
                                       65504, -0.0F, 0.333251953125F};
  CHECK(weights(Type::FLOAT16, true, halves, 2) == expected);
  CHECK(weights(Type::FLOAT16, false, halves, 2) == expected);
  CHECK(weights(Type::BFLOAT16, true, {0x3f80, 0xc040}, 2) == std::vector<float>{1, -3});
  CHECK(weights(Type::DOUBLE, true, {0x3ff0000000000000, 0xbfd5555555555555}, 8) ==
        std::vector<float>{1, static_cast<float>(-1.0 / 3)});
  CHECK(weights(Type::FLOAT, true, {0x3f800000, 0x00000001}, 4) ==
        std::vector<float>{1, 0x1p-149F});
}

TEST_CASE("keyway::Shape arithmetic is folded") {
  ModelBuilder m({-1, 3, 4, 4});
  m.ints("zero", {0}).ints("rest", {-1}).filled("w", {48, 2}, 1);
  auto* scalar = m.tensor("index", {}, onnx::TensorProto::INT64);
  scalar->add_int64_data(0);
  m.node("Shape", {"x"}, {"s"});
  m.node("Gather", {"s", "index"}, {"g"});
  m.node("Unsqueeze", {"g", "zero"}, {"u"});
  ModelBuilder::set(m.node("Concat", {"u", "rest"}, {"c"}), "axis", int64_t{0});
  m.node("Reshape", {"x", "c"}, {"r"});
  m.node("MatMul", {"r", "w"}, {"y"});
  const Graph g = m.import();
  CHECK(g.nodes.size() == 1);
  CHECK(g.macs == 96);
}

TEST_CASE("What the output does not need is neither read nor refused") {
  ModelBuilder m({1, 4});
  m.filled("w", {4, 2}, 1);
  m.tensor("broken", {1000000}, onnx::TensorProto::FLOAT);
  m.node("Sin", {"x"}, {"odd"});
  m.node("Add", {"odd", "broken"}, {"odder"});
  m.node("MatMul", {"x", "w"}, {"y"});
  CHECK(m.import().nodes.size() == 1);
}

TEST_CASE("A difference of two tensors is a sum whose second layer is negated") {
  ModelBuilder m({-1, 1, 2, 2});
  m.filled("w", {1, 1, 1, 1}, 3).filled("b", {1}, 1);
  m.node("Conv", {"x", "w", "b"}, {"c"});
  m.node("Sub", {"x", "c"}, {"y"});
  const Graph g = m.import();
  REQUIRE(g.nodes.size() == 2);
  CHECK(g.nodes[0].weights == std::vector<float>{-3});
  CHECK(g.nodes[0].bias == std::vector<float>{-1});
  CHECK(g.nodes[1].kind == OpKind::kAdd);
  CHECK(run(g, {1, 2, 3, 4}) == std::vector<float>{-3, -5, -7, -9});
}

TEST_CASE("The order of a difference counts, also where no layer can take the sign") {
  ModelBuilder m({1, 1, 1, 3});
  m.node("Relu", {"x"}, {"r"});
  m.node("Sub", {"r", "x"}, {"y"});
  CHECK(run(m.import(), {-2, 0, 5}) == std::vector<float>{2, 0, 0});
}

TEST_CASE("Sum adds as many tensors as it reads") {
  ModelBuilder m({1, 1, 1, 3}, 7);
  m.node("Relu", {"x"}, {"r"});
  m.node("Neg", {"x"}, {"n"});
  m.node("Sum", {"r", "x", "n", "r"}, {"s"});
  m.node("Sum", {"s"}, {"y"});
  CHECK(run(m.import(), {-2, 0, 5}) == std::vector<float>{0, 0, 10});
}

TEST_CASE("Max and Min with constants are clamps, ReduceMax is the global maximum") {
  ModelBuilder m({-1, 2, 1, 3});
  m.floats("low", {1, 1, 1}, {-1}).filled("high", {2, 1, 3}, 4).floats("higher", {}, {6});
  m.node("Max", {"low", "x"}, {"a"});
  m.node("Min", {"a", "high", "higher"}, {"b"});
  ModelBuilder::set(m.node("ReduceMax", {"b"}, {"y"}), "axes", Dims{2, 3});
  const Graph g = m.import();
  CHECK(g.nodes.back().kind == OpKind::kMaxPool);
  CHECK(run(g, {-5, -3, -2, 1, 9, 2}) == std::vector<float>{-1, 4});
}

TEST_CASE("HardSigmoid is a line between two clamps, anywhere") {
  ModelBuilder m({1, 1, 1, 5});
  m.floats("one", {}, {1});
  ModelBuilder::set_float(m.node("HardSigmoid", {"x"}, {"h"}), "alpha", 0.25F);
  m.node("Add", {"h", "one"}, {"y"});
  CHECK(run(m.import(), {-9, -2, 0, 1, 9}) == std::vector<float>{1, 1, 1.5F, 1.75F, 2});
}

TEST_CASE("A matrix may have dimensions of one in front") {
  for (const auto& dims : {Dims{1, 3, 2}, Dims{1, 1, 3, 2}}) {
    ModelBuilder m({1, 3});
    m.floats("w", dims, {1, 2, 3, 4, 5, 6});
    m.node("MatMul", {"x", "w"}, {"y"});
    const Graph g = m.import();
    CHECK(g.output_layout.dims.size() == dims.size() - 1);
    CHECK(run(g, {1, 1, 1}) == std::vector<float>{9, 12});
  }
  ModelBuilder m({-1, 4, 3});  // a dense layer over every step
  m.floats("w", {1, 3, 2}, {1, 2, 3, 4, 5, 6});
  m.node("MatMul", {"x", "w"}, {"y"});
  const Graph g = m.import();
  CHECK(g.output_layout.dims == Dims{4, 2});
  CHECK(run(g, {1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0}) == std::vector<float>{1, 2, 3, 4, 5, 6, 0, 0});
}

TEST_CASE("Shuffled channels are an order of weights") {
  // Six channels as 2 x 3, turned to 3 x 2: the order 0 3 1 4 2 5.
  const auto shuffled = [](const std::string& op, const Dims& weights, int64_t group) {
    ModelBuilder m({-1, 6, 1, 1});
    m.ints("split", {0, 2, 3, 1, 1}).ints("joined", {0, 6, 1, 1});
    m.floats("w", weights, counting(6)).floats("b", {group == 6 ? 6 : 1}, counting(group, 0));
    m.node("GlobalMaxPool", {"x"}, {"g"});
    m.node("Neg", {"g"}, {"n"});
    m.node("Reshape", {"n", "split"}, {"s"});
    ModelBuilder::set(m.node("Transpose", {"s"}, {"t"}), "perm", Dims{0, 2, 1, 3, 4});
    m.node("Reshape", {"t", "joined"}, {"j"});
    if (op == "Conv") {
      ModelBuilder::set(m.node("Conv", {"j", "w", "b"}, {"c"}), "group", group);
    } else {
      m.node(op, {"j"}, {"c"});
    }
    m.filled("d", {6, 1}, 0);
    m.graph().mutable_initializer()->rbegin()->set_float_data(3, 1);
    m.node("Flatten", {"c"}, {"f"});
    group == 6 ? m.node("MatMul", {"f", "d"}, {"y"}) : m.node("Identity", {"f"}, {"y"});
    return run(m.import(), {-1, -10, -100, -1000, -10000, -100000});
  };
  CHECK(shuffled("Conv", {1, 6, 1, 1}, 1) ==
        std::vector<float>{1 + 2000 + 30 + 40000 + 500 + 600000});
  // Depthwise, pooled or neither, channel 3 is channel 4 of the input, and stays so behind it.
  CHECK(shuffled("Conv", {6, 1, 1, 1}, 6) == std::vector<float>{40003});
  CHECK(shuffled("GlobalMaxPool", {6}, 6) == std::vector<float>{10000});
}

TEST_CASE("What stands before the first layer takes the axes as that layer will") {
  const auto same = [](const char* what, const Dims& dims, const std::vector<int64_t>& pads,
                       const std::function<void(ModelBuilder&)>& behind,
                       const keyway::Shape& shape) {
    ModelBuilder m(dims);
    m.ints("pads", pads).filled("w1", {1, 3, 2}, 1).filled("w2", {1, 3, 1, 1}, 1);
    m.filled("one", {1, 1, 2}, 1).filled("image", {1, 1, 2, 2}, 1);
    m.node("Pad", {"x", "pads"}, {"p"});
    behind(m);
    INFO(what);
    const Graph g = m.import();
    CHECK(g.tensors[static_cast<size_t>(g.input)].shape == shape);
    CHECK(g.nodes.size() == 1);
  };
  const auto turned = [](const Dims& perm, const char* weights) {
    return [=](ModelBuilder& m) {
      ModelBuilder::set(m.node("Transpose", {"p"}, {"t"}), "perm", perm);
      m.node("Conv", {"t", weights}, {"y"});
    };
  };
  same("N T C", {-1, 5, 3}, {0, 2, 0, 0, 0, 0}, turned({0, 2, 1}, "w1"), {3, 1, 5});
  same("N C T", {-1, 3, 5}, {0, 0, 2, 0, 0, 0},
       [](ModelBuilder& m) {
         m.node("Conv", {"p", "w1"}, {"y"});
       },
       {3, 1, 5});
  same("N H W C", {-1, 4, 5, 3}, {0, 1, 2, 0, 0, 0, 0, 0}, turned({0, 3, 1, 2}, "w2"), {3, 4, 5});
  same("N H C W", {-1, 4, 3, 5}, {0, 1, 0, 2, 0, 0, 0, 0}, turned({0, 2, 1, 3}, "w2"), {3, 4, 5});
  same("N W H C", {-1, 5, 4, 3}, {0, 2, 1, 0, 0, 0, 0, 0}, turned({0, 3, 2, 1}, "w2"), {3, 5, 4});
  const auto inserted = [](const Dims& axes, const char* weights) {
    return [=](ModelBuilder& m) {
      m.ints("axes", axes).node("Unsqueeze", {"p", "axes"}, {"u"});
      m.node("Conv", {"u", weights}, {"y"});
    };
  };
  same("N T, channels inserted", {-1, 6}, {0, 2, 0, 0}, inserted({1}, "one"), {1, 1, 6});
  same("N H W, channels inserted", {-1, 6, 4}, {0, 2, 0, 0, 0, 0}, inserted({1}, "image"),
       {1, 6, 4});
  same("N T C as an image", {-1, 5, 3}, {0, 2, 0, 0, 0, 0},
       [](ModelBuilder& m) {
         m.ints("axes", {1}).node("Unsqueeze", {"p", "axes"}, {"u"});
         ModelBuilder::set(m.node("Transpose", {"u"}, {"t"}), "perm", Dims{0, 3, 1, 2});
         m.node("Conv", {"t", "w2"}, {"y"});
       },
       {3, 1, 5});
  same("N T C as an image, reshaped", {-1, 5, 3}, {0, 2, 0, 0, 0, 0},
       [](ModelBuilder& m) {
         m.ints("shape", {-1, 1, 7, 3}).node("Reshape", {"p", "shape"}, {"u"});
         ModelBuilder::set(m.node("Transpose", {"u"}, {"t"}), "perm", Dims{0, 3, 1, 2});
         m.node("Conv", {"t", "w2"}, {"y"});
       },
       {3, 1, 5});
}

TEST_CASE("Time in front of the channels is sliced as time") {
  ModelBuilder m({-1, 4, 2});
  m.ints("a", {1}).ints("b", {3}).ints("c", {1}).filled("w", {1, 2, 1}, 1);
  m.node("Slice", {"x", "a", "b", "c"}, {"s"});
  ModelBuilder::set(m.node("Transpose", {"s"}, {"t"}), "perm", Dims{0, 2, 1});
  m.node("Conv", {"t", "w"}, {"y"});
  CHECK(run(m.import(), {1, 2, 3, 4, 5, 6, 7, 8}) == std::vector<float>{7, 11});
}

TEST_CASE("Squeeze leaves a free batch, and takes one that the file fixes at 1") {
  for (const int64_t batch : {int64_t{-1}, int64_t{0}, int64_t{3}, int64_t{1}}) {
    ModelBuilder m({batch, 2, 2, 2});
    m.filled("w", {2, 3}, 1).ints("front", {0});
    m.node("GlobalMaxPool", {"x"}, {"g"});
    m.node("Squeeze", {"g"}, {"s"});
    if (batch == 1) m.node("Unsqueeze", {"s", "front"}, {"u"});
    m.node("Gemm", {batch == 1 ? "u" : "s", "w"}, {"y"});
    INFO("batch " << batch);
    CHECK(m.import().output_layout.dims == Dims{3});
  }
}

TEST_CASE("Sigmoid and Tanh at the end are the host's") {
  for (const bool tanh : {false, true}) {
    ModelBuilder m({1, 1, 1, 3});
    m.node("Neg", {"x"}, {"n"});
    m.node(tanh ? "Tanh" : "Sigmoid", {"n"}, {"t"});
    m.node("Flatten", {"t"}, {"y"});
    const Graph g = m.import();
    CHECK(g.nodes.size() == 1);
    const auto y = run(g, {0, -1, 200});
    CHECK(y[0] == (tanh ? 0 : 0.5F));
    CHECK(y[1] == Approx(tanh ? std::tanh(1.0) : 1 / (1 + std::exp(-1.0))));
    CHECK(y[2] == Approx(tanh ? -1 : 0).margin(1e-30));
  }
}

TEST_CASE("ArgMax and TopK at the end choose among the channels of every pixel") {
  const std::vector<float> image = {1, 5, 4, 5, 7, 0};  // three channels of 1 x 2
  const auto chosen = [&](const std::string& op, int64_t keep, int64_t last) {
    ModelBuilder m({-1, 3, 1, 2});
    m.floats("one", {}, {1}).node("Add", {"x", "one"}, {"p"});
    auto& n = m.node(op, {"p"}, {"i"});
    ModelBuilder::set(n, "axis", int64_t{1});
    ModelBuilder::set(n, "keepdims", keep);
    ModelBuilder::set(n, "select_last_index", last);
    ModelBuilder::set(m.node("Cast", {"i"}, {"y"}), "to", int64_t{onnx::TensorProto::INT32});
    const Graph g = m.import();
    CHECK(g.output_layout.dims == (keep ? Dims{1, 1, 2} : Dims{1, 2}));
    return run(g, image);
  };
  CHECK(chosen("ArgMax", 1, 0) == std::vector<float>{2, 0});
  CHECK(chosen("ArgMax", 0, 1) == std::vector<float>{2, 1});
  CHECK(chosen("ArgMin", 0, 0) == std::vector<float>{0, 2});
  for (const bool indices : {false, true}) {
    for (const bool smallest : {false, true}) {
      ModelBuilder m({1, 3, 1, 2});
      m.ints("k", {2}).floats("one", {}, {1});
      m.node("Add", {"x", "one"}, {"a"});
      ModelBuilder::set(m.node("Transpose", {"a"}, {"t"}), "perm", Dims{0, 2, 3, 1});
      auto& n = m.node("TopK", {"t", "k"}, {indices ? "v" : "y", indices ? "y" : "i"});
      ModelBuilder::set(n, "largest", int64_t{!smallest});
      const Graph g = m.import();
      CHECK(g.output_layout.dims == Dims{1, 2, 2});
      CHECK(run(g, image) ==
            (indices    ? smallest ? std::vector<float>{0, 1, 2, 0} : std::vector<float>{2, 1, 0, 1}
                : smallest ? std::vector<float>{2, 5, 1, 6}
                        : std::vector<float>{8, 5, 6, 6}));
    }
  }
}

TEST_CASE("Axes of one are what the operator that reads them wants") {
  ModelBuilder m({1, 1, 1, 4});  // one channel, one row; then columns as rows
  m.filled("one", {1, 1, 1, 1}, 1).floats("w", {1, 1, 2, 1}, {1, 10});
  m.node("Conv", {"x", "one"}, {"c"});
  ModelBuilder::set(m.node("Transpose", {"c"}, {"t"}), "perm", Dims{0, 1, 3, 2});
  m.node("Conv", {"t", "w"}, {"y"});
  CHECK(run(m.import(), {1, 2, 3, 4}) == std::vector<float>{21, 32, 43});
}
