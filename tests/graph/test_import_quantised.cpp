// SPDX-License-Identifier: Apache-2.0
// Quantised model files, read as float: what the integers of each form compute, in plain loops, and
// the form of the graph. Nothing here knows how the importer does it.
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <limits>
#include <random>

#include "common/error.hpp"
#include "graph/execute.hpp"
#include "quantised_models.hpp"

using namespace keyway::graph;
using namespace keyway::graph::testing;
using keyway::ErrorKind;
using Builder = QuantisedBuilder;

TEST_CASE("QuantizeLinear and DequantizeLinear around a convolution are its weights and clamps") {
  const int64_t opset = GENERATE(10, 13, 19, 21);
  INFO("opset " << opset);
  Builder m({-1, 2, 3, 3}, opset);
  m.unit("in", kIn).unit("out", kRelu);
  if (opset < 13) {  // one scale for a tensor
    m.integers("w", {2, 2, 1, 1}, Type::INT8,
               {kWeights[0][0], kWeights[0][1], kWeights[1][0], kWeights[1][1]});
    m.floats("w_s", {}, {kWeightScale[0]});
    m.integers("w_z", {}, Type::INT8, {0});
    m.integers("bias", {2}, Type::INT32, {kBias[0], kBias[1]});
    m.floats("bias_s", {}, {kWeightScale[0] * kIn.scale});
    m.node("DequantizeLinear", {"w", "w_s", "w_z"}, {"wf"});
    m.node("DequantizeLinear", {"bias", "bias_s"}, {"bf"});
  } else {
    add_weights(m, kIn.scale);
    ModelBuilder::set(m.node("DequantizeLinear", {"w", "w_s", "w_z"}, {"wf"}), "axis", int64_t{0});
    ModelBuilder::set(m.node("DequantizeLinear", {"bias", "bias_s"}, {"bf"}), "axis", int64_t{-1});
  }
  m.node("Conv", {m.pair("x", "in", "xf"), "wf", "bf"}, {"c"});
  m.pair("c", "out", "y");
  const Graph g = m.import();
  REQUIRE(g.nodes.size() == 1);
  const Node& n = g.nodes[0];
  CHECK(n.kind == OpKind::kConv);
  CHECK(n.name == "node_c");
  CHECK(n.weights[0] == 100 * kWeightScale[0]);
  CHECK(n.clamp.lo == 0);
  CHECK(n.clamp.hi == Approx(255 * kRelu.scale));
  CHECK(n.clamp.step == kRelu.scale);
  REQUIRE(g.input_clamp.size() == 2);
  CHECK(g.input_clamp[1].lo == -77 * kIn.scale);
  CHECK(g.input_clamp[1].hi == (255 - 77) * kIn.scale);
  if (opset < 13) return;
  // Wide enough that the input saturates on both sides.
  const std::vector<float> x = random_values(18, 15);
  check_near(run(g, x), plain_conv(x, kIn, kRelu), 1e-5F);
}

TEST_CASE("Constants through quantisers become what their integers stand for") {
  const auto constant = [](const std::function<void(Builder&)>& add) {
    Builder m({1, 2}, 21);
    add(m);
    m.node("Gemm", {"x", "wf"}, {"y"});
    const Graph g = m.import();
    REQUIRE(g.nodes.size() == 1);
    return g.nodes[0].weights;  // [out][in]
  };
  SECTION("bytes with a zero point for each column") {
    const auto w = constant([](Builder& m) {
      m.integers("w", {2, 3}, Type::UINT8, {0, 10, 255, 7, 128, 9});
      m.floats("s", {3}, {0.5F, 0.25F, 2}).integers("z", {3}, Type::UINT8, {7, 128, 0});
      m.node("DequantizeLinear", {"w", "s", "z"}, {"wf"});  // axis 1
    });
    CHECK(w == std::vector<float>{-3.5F, 0, -118 * 0.25F, 0, 510, 18});
  }
  SECTION("a scale for each row") {
    const auto w = constant([](Builder& m) {
      m.integers("w", {2, 1}, Type::INT16, {-30000, 5}).floats("s", {2}, {0.5F, 4});
      ModelBuilder::set(m.node("DequantizeLinear", {"w", "s"}, {"wf"}), "axis", int64_t{-2});
    });
    CHECK(w == std::vector<float>{-15000, 20});
  }
  SECTION("a negative scale, as onnxruntime has them for biases") {
    const auto w = constant([](Builder& m) {
      m.integers("w", {2, 1}, Type::INT32, {100000, -3}).floats("s", {}, {-0.5F});
      m.node("DequantizeLinear", {"w", "s"}, {"wf"});
    });
    CHECK(w == std::vector<float>{-50000, 1.5F});
  }
  SECTION("four bits, two a byte, the first low") {
    const bool is_signed = GENERATE(true, false), raw = GENERATE(true, false);
    const auto w = constant([&](Builder& m) {
      auto* t = m.tensor("w", {2, 1}, is_signed ? 22 : 21);
      if (raw) {
        t->set_raw_data("\x9f");
      } else {
        t->add_int32_data(0x9f);
      }
      m.floats("s", {}, {0.5F});
      m.node("DequantizeLinear", {"w", "s"}, {"wf"});
    });
    CHECK(w == (is_signed ? std::vector<float>{-0.5F, -3.5F} : std::vector<float>{7.5F, 4.5F}));
  }
  SECTION("floats that the file quantises itself: ties to even, saturation") {
    const auto w = constant([](Builder& m) {
      m.floats("f", {2, 3}, {0.25F, 0.75F, -0.25F, 100, -100, 1.3F});
      m.floats("s", {}, {0.5F}).integers("z", {}, Type::INT8, {1});
      m.node("QuantizeLinear", {"f", "s", "z"}, {"q"});
      m.node("DequantizeLinear", {"q", "s", "z"}, {"wf"});
    });
    CHECK(w == std::vector<float>{0, 63, 1, -64.5F, 0, 1.5F});
  }
}

TEST_CASE("Quantisers that change nothing are no layers") {
  Builder m({1, 2, 4, 4});
  m.unit("in", kIn).unit("u", kRelu);
  add_weights(m, kIn.scale);
  ModelBuilder::set(m.node("DequantizeLinear", {"w", "w_s", "w_z"}, {"wf"}), "axis", int64_t{0});
  m.node("Conv", {m.pair("x", "in", "xf"), "wf"}, {"c"});
  // A pair for each reader, another behind what only moves values.
  m.pair("c", "u", "a");
  m.pair("c", "u", "b");
  ModelBuilder::set(m.node("MaxPool", {"b"}, {"p"}), "kernel_shape", Dims{1, 1});
  m.pair("p", "u", "d");
  m.node("Add", {"a", "d"}, {"y"});
  const Graph g = m.import();
  REQUIRE(g.nodes.size() == 2);
  CHECK(g.nodes[0].clamp.step == kRelu.scale);
  CHECK(g.nodes[1].inputs[0] == g.nodes[1].inputs[1]);
}

TEST_CASE("A tensor that only quantisers read has the range that they need") {
  Builder m({1, 2, 4, 4});
  m.unit("in", kIn).unit("wide", bytes(0.5F, 0)).unit("low", bytes(0.1F, 40));
  add_weights(m, kIn.scale);
  ModelBuilder::set(m.node("DequantizeLinear", {"w", "w_s", "w_z"}, {"wf"}), "axis", int64_t{0});
  // The input's quantiser twice, too.
  m.node("Add", {m.pair("x", "in", "xa"), m.pair("x", "in", "xb")}, {"s"});
  m.node("Conv", {"s", "wf"}, {"c"});
  m.node("Add", {m.pair("c", "wide", "a"), m.pair("c", "low", "b")}, {"y"});
  const Graph g = m.import();
  REQUIRE(g.input_clamp.size() == 2);
  CHECK(g.input_clamp[0].step == kIn.scale);
  REQUIRE(g.nodes.size() == 5);
  CHECK(g.nodes[1].kind == OpKind::kConv);
  CHECK(g.nodes[1].clamp.lo == -40 * 0.1F);
  CHECK(g.nodes[1].clamp.hi == 255 * 0.5F);
}

TEST_CASE("A quantiser behind a pool or a pad is one before it") {
  Builder m({1, 1, 4, 4});
  m.unit("u", kRelu).filled("w", {1, 1, 1, 1}, 1);
  m.ints("pads", {0, 0, 1, 1, 0, 0, 1, 1});
  m.node("Pad", {"x", "pads"}, {"p"});
  m.node("Conv", {m.pair("p", "u", "pf"), "w"}, {"c"});
  ModelBuilder::set(m.node("MaxPool", {"c"}, {"q"}), "kernel_shape", Dims{2, 2});
  m.pair("q", "u", "y");
  const Graph g = m.import();
  REQUIRE(g.nodes.size() == 2);
  CHECK(g.nodes[0].kind == OpKind::kConv);
  CHECK(g.nodes[0].window.pad_top == 1);
  CHECK(g.nodes[0].clamp.step == kRelu.scale);
  CHECK(g.nodes[1].clamp.is_open());
  CHECK(g.input_clamp.at(0).step == kRelu.scale);
}

TEST_CASE("Integers that are dequantised by another scale are scaled") {
  Builder m({1, 2});
  m.unit("a", bytes(0.5F, 10)).unit("b", bytes(2, 13));
  m.node("QuantizeLinear", {"x", "a_s", "a_z"}, {"q"});
  m.node("DequantizeLinear", {"q", "b_s", "b_z"}, {"y"});
  const Unit a = bytes(0.5F, 10), b = bytes(2, 13);
  const std::vector<float> x = {3.3F, -100};
  check_near(run(m.import(), x), {b.real(a.integer(x[0])), b.real(a.integer(x[1]))}, 1e-5F);
}

TEST_CASE("Operators on integers are their float operators between quantisers") {
  const std::vector<float> x = random_values(18, 15);
  Builder m({1, 2, 3, 3});
  m.unit("in", kIn).unit("out", kRelu);
  m.node("QuantizeLinear", {"x", "in_s", "in_z"}, {"q"});
  add_weights(m, kIn.scale);
  m.node("QLinearConv", {"q", "in_s", "in_z", "w", "w_s", "w_z", "out_s", "out_z", "bias"}, {"c"});
  const std::vector<float> c = plain_conv(x, kIn, kRelu);

  SECTION("QLinearConv") {
    m.node("DequantizeLinear", {"c", "out_s", "out_z"}, {"y"});
    const Graph g = m.import();
    CHECK(g.nodes.size() == 1);
    check_near(run(g, x), c, 1e-5F);
  }
  SECTION("QLinearAdd, and integers as the network's output") {
    const Unit sum = signed_bytes(0.3F, -100);
    m.unit("sum", sum);
    m.microsoft("QLinearAdd", {"q", "in_s", "in_z", "c", "out_s", "out_z", "sum_s", "sum_z"},
                {"y"});
    std::vector<float> wanted;
    for (size_t i = 0; i < x.size(); ++i)
      wanted.push_back(static_cast<float>(sum.integer(kIn(x[i]) + c[i])));
    const Graph g = m.import();
    CHECK(g.nodes.size() == 3);  // nothing can take the scale of what an addition gives
    check_near(run(g, x), wanted, 1e-4F);
  }
  SECTION("QLinearMul by a constant") {
    const Unit product = bytes(0.1F, 0);
    m.unit("k", bytes(0.25F, 3)).unit("product", product);
    m.integers("five", {2, 1, 1}, Type::UINT8, {5, 7});
    m.microsoft("QLinearMul",
                {"c", "out_s", "out_z", "five", "k_s", "k_z", "product_s", "product_z"}, {"p"});
    m.node("DequantizeLinear", {"p", "product_s", "product_z"}, {"y"});
    std::vector<float> wanted;
    for (size_t i = 0; i < c.size(); ++i) wanted.push_back(product(c[i] * (i < 9 ? 0.5F : 1)));
    check_near(run(m.import(), x), wanted, 1e-5F);
  }
  SECTION("QLinearAveragePool, Flatten of integers, QGemm without and with a result's scale") {
    const Unit mean = bytes(0.05F, 4), out = signed_bytes(0.2F, 30);
    m.unit("mean", mean).unit("y", out);
    ModelBuilder::set(
        m.microsoft("QLinearAveragePool", {"c", "out_s", "out_z", "mean_s", "mean_z"}, {"p"}),
        "kernel_shape", Dims{3, 3});
    m.node("Flatten", {"p"}, {"f"});
    m.integers("g", {3, 2}, Type::INT8, {1, 2, 3, 4, -5, 6});
    m.floats("g_s", {3}, {0.5F, 1, 2}).integers("g_z", {3}, Type::INT8, {0, 1, 0});
    m.integers("gb", {3}, Type::INT32, {10, 20, -30});
    std::vector<float> means;
    for (size_t o = 0; o < 2; ++o) {
      float sum = 0;
      for (size_t p = 0; p < 9; ++p) sum += c[o * 9 + p];
      means.push_back(mean(sum / 9));
    }
    constexpr int kMatrix[3][2] = {{1, 2}, {2, 3}, {-5, 6}};  // less the zero point
    constexpr float kScale[3] = {0.5F, 1, 2};
    constexpr int kB[3] = {10, 20, -30};
    std::vector<float> wanted;
    for (size_t o = 0; o < 3; ++o) {
      wanted.push_back(kScale[o] * (static_cast<float>(kMatrix[o][0]) * means[0] +
                                    static_cast<float>(kMatrix[o][1]) * means[1] +
                                    static_cast<float>(kB[o]) * mean.scale));
    }
    std::vector<std::string> inputs = {"f", "mean_s", "mean_z", "g", "g_s", "g_z", "gb"};
    if (GENERATE(false, true)) {
      inputs.insert(inputs.end(), {"y_s", "y_z"});
      ModelBuilder::set(m.microsoft("QGemm", inputs, {"z"}), "transB", int64_t{1});
      m.node("DequantizeLinear", {"z", "y_s", "y_z"}, {"y"});
      for (float& v : wanted) v = out(v);
    } else {
      ModelBuilder::set(m.microsoft("QGemm", inputs, {"y"}), "transB", int64_t{1});
    }
    check_near(run(m.import(), x), wanted, 1e-4F);
  }
  SECTION("QLinearConcat with zeros: integers of the zero point") {
    m.unit("k", bytes(3, 9))
        .integers("zeros", {1, 1, 3, 3}, Type::UINT8, std::vector<int32_t>(9, 9));
    m.node("DequantizeLinear", {"j", "out_s", "out_z"}, {"y"});
    auto& n = m.microsoft("QLinearConcat",
                          {"out_s", "out_z", "c", "out_s", "out_z", "zeros", "k_s", "k_z"}, {"j"});
    ModelBuilder::set(n, "axis", int64_t{1});
    m.graph().mutable_node()->SwapElements(m.graph().node_size() - 1, m.graph().node_size() - 2);
    std::vector<float> wanted = c;
    wanted.resize(27, 0);
    check_near(run(m.import(), x), wanted, 1e-5F);
  }
  SECTION("QLinearMatMul") {
    const Unit y = signed_bytes(0.5F, 3);
    m.unit("y", y).integers("m", {3, 2}, Type::INT8, {1, 0, -2, 3, 0, 5});
    m.floats("m_s", {2}, {0.5F, 0.1F}).integers("m_z", {2}, Type::INT8, {0, 0});
    Builder v({1, 3});
    v.graph().mutable_initializer()->CopyFrom(m.graph().initializer());
    v.node("QuantizeLinear", {"x", "in_s", "in_z"}, {"q"});
    v.node("QLinearMatMul", {"q", "in_s", "in_z", "m", "m_s", "m_z", "y_s", "y_z"}, {"p"});
    v.node("DequantizeLinear", {"p", "y_s", "y_z"}, {"y"});
    const float a = kIn(x[0]), b = kIn(x[1]), d = kIn(x[2]);
    check_near(run(v.import(), {x[0], x[1], x[2]}),
               {y(0.5F * (a - 2 * b)), y(0.1F * (3 * b + 5 * d))}, 1e-5F);
  }
  SECTION("MaxPool, Transpose and Pad of integers") {
    m.integers("zero", {}, Type::UINT8, {0}).ints("pads", {0, 0, 0, 0, 0, 0, 1, 1});
    ModelBuilder::set(m.node("MaxPool", {"c"}, {"p"}), "kernel_shape", Dims{3, 3});
    m.node("Pad", {"p", "pads", "zero"}, {"d"});
    ModelBuilder::set(m.node("Transpose", {"d"}, {"t"}), "perm", Dims{0, 2, 3, 1});
    m.node("DequantizeLinear", {"t", "out_s", "out_z"}, {"y"});
    std::vector<float> wanted(8, 0);
    for (size_t o = 0; o < 2; ++o)
      wanted[o] = *std::max_element(c.begin() + 9 * static_cast<int>(o),
                                    c.begin() + 9 * static_cast<int>(o) + 9);
    check_near(run(m.import(), x), wanted, 1e-5F);
  }
}

TEST_CASE("Zero points that may be left out are 0, of the type that the data have") {
  const bool is_signed = GENERATE(true, false);
  const int lo = is_signed ? -128 : 0, hi = is_signed ? 127 : 255;
  const Unit in{0.5F, 0, lo, hi}, out{0.25F, 0, lo, hi};
  const std::vector<float> x = {-20, 3, -0.6F, 50};
  Builder m({1, 4, 1, 1}, 13);
  m.unit("in", in).unit("out", out);
  m.node("QuantizeLinear", {"x", "in_s", "in_z"}, {"q"});
  const auto check = [&](const std::function<float(float)>& function) {
    std::vector<float> wanted;
    for (float v : x) wanted.push_back(out(function(in(v))));
    check_near(run(m.import(), x), wanted, 1e-5F);
  };
  const auto dequantise = [&] { m.node("DequantizeLinear", {"r", "out_s"}, {"y"}); };
  const bool is_short = GENERATE(true, false);
  SECTION("QLinearAdd, QLinearMul") {
    std::vector<std::string> inputs = {"q", "in_s", "", "c", "in_s", "", "out_s"};
    if (!is_short) inputs.emplace_back("");
    m.integers("c", {1, 1, 1, 1}, is_signed ? Type::INT8 : Type::UINT8, {3});
    const std::string op = GENERATE("QLinearAdd", "QLinearMul");
    m.microsoft(op, inputs, {"r"});
    dequantise();
    check([&](float v) { return op == "QLinearAdd" ? v + 1.5F : v * 1.5F; });
  }
  SECTION("QLinearAveragePool") {
    auto& n = is_short ? m.microsoft("QLinearAveragePool", {"q", "in_s", "", "out_s"}, {"r"})
                       : m.microsoft("QLinearAveragePool", {"q", "in_s", "", "out_s", ""}, {"r"});
    ModelBuilder::set(n, "kernel_shape", Dims{1, 1});
    dequantise();
    check([](float v) { return v; });
  }
  SECTION("QLinearSigmoid") {
    m.floats("p_s", {}, {1.0F / 128});
    m.microsoft("QLinearSigmoid", {"q", "in_s", "", "p_s"}, {"r"});
    m.node("DequantizeLinear", {"r", "p_s"}, {"y"});
    std::vector<float> wanted;
    for (float v : x) wanted.push_back(1 / (1 + std::exp(-in(v))));
    check_near(run(m.import(), x), wanted, 1e-5F);
  }
}

TEST_CASE("Bytes as the network's input say of which type a result is") {
  const bool is_signed = GENERATE(true, false);
  Builder m({1, 2}, 13);
  m.graph().mutable_input(0)->mutable_type()->mutable_tensor_type()->set_elem_type(
      is_signed ? Type::INT8 : Type::UINT8);
  m.floats("s", {}, {0.5F});
  m.microsoft("QLinearAdd", {"x", "s", "", "x", "s", "", "s"}, {"r"});
  m.node("DequantizeLinear", {"r", "s"}, {"y"});
  check_near(run(m.import(), {5, is_signed ? -7.0F : 200.0F}), {5, is_signed ? -7.0F : 127.5F},
             1e-5F);
}

TEST_CASE("QGemm needs no bias in any operator set") {
  Builder m({1, 2}, 10);
  m.unit("in", kIn).unit("w", signed_bytes(1, 0));
  m.integers("w", {2, 2}, Type::INT8, {1, 2, 3, 4});
  m.node("QuantizeLinear", {"x", "in_s", "in_z"}, {"q"});
  m.microsoft("QGemm", {"q", "in_s", "in_z", "w", "w_s", "w_z"}, {"y"});
  check_near(run(m.import(), {2, -1}), {kIn(2) + 3 * kIn(-1), 2 * kIn(2) + 4 * kIn(-1)}, 1e-5F);
}

TEST_CASE("What waits for the input's layout knows its operator to the end") {
  Builder m({1, 2, 3, 3});
  m.unit("in", kIn).unit("k", bytes(1, 0)).integers("five", {2, 1, 1}, Type::UINT8, {5, 7});
  m.node("QuantizeLinear", {"x", "in_s", "in_z"}, {"q"});
  m.microsoft("QLinearMul", {"q", "in_s", "in_z", "five", "k_s", "k_z", "in_s", "in_z"}, {"p"});
  m.node("DequantizeLinear", {"p", "in_s", "in_z"}, {"r"});
  m.filled("w", {1, 2, 1, 1}, 1);
  m.node("Conv", {"r", "w"}, {"y"});
  const std::vector<float> x(18, 1.1F);
  check_near(run(m.import(), x), std::vector<float>(9, kIn(5 * kIn(1.1F)) + kIn(7 * kIn(1.1F))),
             1e-4F);
}

TEST_CASE("QLinearSoftmax ends a network") {
  Builder m({1, 3});
  m.unit("in", bytes(0.1F, 100)).unit("p", bytes(1.0F / 256, 0));
  m.node("QuantizeLinear", {"x", "in_s", "in_z"}, {"q"});
  m.unit("w", signed_bytes(1, 0));
  m.integers("w", {3, 3}, Type::INT8, {1, 0, 0, 0, 1, 0, 0, 0, 1});
  m.microsoft("QGemm", {"q", "in_s", "in_z", "w", "w_s", "w_z", "", "in_s", "in_z"}, {"l"});
  auto& n = m.microsoft("QLinearSoftmax", {"l", "in_s", "in_z", "p_s", "p_z"}, {"s"});
  ModelBuilder::set(n, "axis", int64_t{-1});
  ModelBuilder::set(n, "opset", int64_t{13});
  m.node("DequantizeLinear", {"s", "p_s", "p_z"}, {"y"});
  const Graph g = m.import();
  CHECK(g.output_function == keyway::OutputFunction::kSoftmax);
  const float sum = 1 + std::exp(1.0F) + std::exp(-2.0F);
  check_near(run(g, {0, 1, -2}), {1 / sum, std::exp(1.0F) / sum, std::exp(-2.0F) / sum}, 1e-5F);
}

TEST_CASE("ArgMax of integers is that of what they stand for") {
  const std::string op = GENERATE("ArgMax", "ArgMin");
  Builder m({1, 3});
  m.unit("in", bytes(0.1F, 100)).unit("w", signed_bytes(1, 0));
  m.node("QuantizeLinear", {"x", "in_s", "in_z"}, {"q"});
  m.integers("w", {3, 3}, Type::INT8, {1, 0, 0, 0, 1, 0, 0, 0, 1});
  m.microsoft("QGemm", {"q", "in_s", "in_z", "w", "w_s", "w_z", "", "in_s", "in_z"}, {"l"});
  ModelBuilder::set(m.node(op, {"l"}, {"y"}), "axis", int64_t{1});
  CHECK(run(m.import(), {-3, 1, -2}) == std::vector<float>{op == "ArgMax" ? 1.0F : 0.0F});
}

TEST_CASE("An explicit output_dtype of 0 is the default") {
  Builder m({1, 2}, 21);
  m.floats("s", {}, {0.5F});
  ModelBuilder::set(m.node("QuantizeLinear", {"x", "s"}, {"q"}), "output_dtype", int64_t{0});
  m.node("DequantizeLinear", {"q", "s"}, {"y"});
  check_near(run(m.import(), {-3, 200}), {0, 127.5F}, 1e-6F);
}

TEST_CASE("Fine quantisers of what the host computes are left out") {
  const std::string op = GENERATE("Softmax", "Tanh");
  Builder m({1, 3}, 13);
  m.unit("p", signed_bytes(1.0F / 127, 0)).filled("w", {3, 3}, 1);
  m.node("MatMul", {"x", "w"}, {"l"});
  m.node(op, {"l"}, {"f"});
  m.pair("f", "p", "y");
  CHECK(m.import().output_function != keyway::OutputFunction::kNone);
}

TEST_CASE("Bytes as the network's input are their numbers") {
  Builder m({1, 2}, 13);
  const bool cast = GENERATE(true, false);
  m.graph().mutable_input(0)->mutable_type()->mutable_tensor_type()->set_elem_type(Type::UINT8);
  m.unit("in", bytes(0.5F, 100)).floats("w", {2, 2}, {1, 0, 1, 1}).floats("half", {}, {0.5F});
  if (cast) {
    ModelBuilder::set(m.node("Cast", {"x"}, {"f"}), "to", int64_t{Type::FLOAT});
    m.node("Mul", {"f", "half"}, {"r"});
  } else {
    m.node("DequantizeLinear", {"x", "in_s", "in_z"}, {"r"});
  }
  m.node("MatMul", {"r", "w"}, {"y"});
  const Graph g = m.import();
  REQUIRE(g.nodes.size() == 1);
  const float zero = cast ? 0 : 50;
  // Beyond the type's range a number saturates.
  check_near(run(g, {300, 7}), {127.5F - zero + 3.5F - zero, 3.5F - zero}, 1e-5F);
}

TEST_CASE("Quant and BipolarQuant of QONNX") {
  Builder m({1, 4});
  m.floats("w", {4, 2}, {0.9F, -0.1F, 0.3F, -3, -0.24F, 0.26F, 2, 0});
  m.floats("s", {}, {0.5F}).floats("z", {}, {0}).floats("bits", {}, {2});
  SECTION("signed weights, narrow or not") {
    const bool narrow = GENERATE(true, false);
    auto& n = m.qonnx("Quant", {"w", "s", "z", "bits"}, {"wq"});
    ModelBuilder::set(n, "signed", int64_t{1});
    ModelBuilder::set(n, "narrow", int64_t{narrow});
    ModelBuilder::set(n, "rounding_mode", std::string("ROUND"));
    m.node("MatMul", {"x", "wq"}, {"y"});
    const float least = narrow ? -0.5F : -1;
    CHECK(m.import().nodes.at(0).weights ==
          std::vector<float>{0.5F, 0.5F, 0, 0.5F, 0, least, 0.5F, 0});
  }
  SECTION("rounding down, a scale for each column") {
    m.floats("columns", {1, 2}, {0.5F, 0.25F}).floats("eight", {}, {8});
    auto& n = m.qonnx("Quant", {"w", "columns", "z", "eight"}, {"wq"});
    ModelBuilder::set(n, "rounding_mode", std::string("FLOOR"));
    m.node("MatMul", {"x", "wq"}, {"y"});
    CHECK(m.import().nodes.at(0).weights ==
          std::vector<float>{0.5F, 0, -0.5F, 2, -0.25F, -3, 0.25F, 0});
  }
  SECTION("the signs of weights") {
    m.qonnx("BipolarQuant", {"w", "s"}, {"wq"});
    m.node("MatMul", {"x", "wq"}, {"y"});
    CHECK(m.import().nodes.at(0).weights ==
          std::vector<float>{0.5F, 0.5F, -0.5F, 0.5F, -0.5F, -0.5F, 0.5F, 0.5F});
  }
  SECTION("integers for zero point and bits, as QKeras' exporter has them") {
    m.integers("zi", {}, Type::INT32, {0}).integers("bi", {}, Type::INT32, {2});
    m.qonnx("Quant", {"w", "s", "zi", "bi"}, {"wq"});
    m.node("MatMul", {"x", "wq"}, {"y"});
    CHECK(m.import().nodes.at(0).weights ==
          std::vector<float>{0.5F, 0.5F, 0, 0.5F, 0, -1, 0.5F, 0});
  }
  SECTION("activations of two bits") {
    m.node("MatMul", {"x", "w"}, {"c"});
    auto& n = m.qonnx("Quant", {"c", "s", "z", "bits"}, {"y"});
    ModelBuilder::set(n, "signed", int64_t{0});
    const Graph g = m.import();
    REQUIRE(g.nodes.size() == 1);
    CHECK(run(g, {1, 0, 0, 0}) == std::vector<float>{1, 0});
    CHECK(run(g, {0, 0, 0, 1}) == std::vector<float>{1.5F, 0});
  }
  SECTION("activations rounded down, up, towards zero and from it: whole numbers stay") {
    const std::string mode = GENERATE("FLOOR", "CEIL", "DOWN", "UP");
    const float scale = GENERATE(0.5F, 0.3F), bits = GENERATE(3.0F, 8.0F, 16.0F);
    INFO(mode << ", scale " << scale << ", " << bits << " bits");
    Builder a({1, 6});
    // The integers are rounded, to which the zero point is added: none of them is negative.
    a.floats("s", {}, {scale}).floats("z", {}, {2}).floats("bits", {}, {bits});
    auto& n = a.qonnx("Quant", {"x", "s", "z", "bits"}, {"y"});
    ModelBuilder::set(n, "signed", int64_t{0});
    ModelBuilder::set(n, "rounding_mode", mode);
    const bool is_down = mode == "FLOOR" || mode == "DOWN";
    const std::vector<float> wanted = {
        0, scale, 2 * scale, 3 * scale, (is_down ? 1 : 2) * scale, is_down ? -scale : 0.0F};
    check_near(run(a.import(), {0, scale, 2 * scale, 3 * scale, 1.5F * scale, -0.5F * scale}),
               wanted, 1e-6F);
  }
  SECTION("the signs of activations") {
    m.qonnx("BipolarQuant", {"x", "s"}, {"b"});
    m.node("MatMul", {"b", "w"}, {"c"});
    m.qonnx("BipolarQuant", {"c", "s"}, {"y"});
    const Graph g = m.import();
    CHECK(g.nodes.size() == 2);
    CHECK(run(g, {1, 0, -0.3F, 5}) == std::vector<float>{0.5F, -0.5F});
    CHECK(run(g, {1, 0.1F, 0.3F, -5}) == std::vector<float>{-0.5F, -0.5F});
  }
}

TEST_CASE("Scales that differ between an activation's channels") {
  Builder m({1, 2});
  m.floats("two", {2}, {0.5F, 0.25F}).integers("z", {2}, Type::INT8, {0, 0});
  m.floats("w", {2, 2}, {1, 0, 0, 1});
  m.node("QuantizeLinear", {"x", "two", "z"}, {"q"});
  m.node("DequantizeLinear", {"q", "two", "z"}, {"r"});
  m.node("MatMul", {"r", "w"}, {"y"});
  const Graph g = m.import();
  CHECK(g.nodes.size() == 1);
  check_near(run(g, {0.6F, 0.6F}), {0.5F, 0.5F}, 1e-6F);
  check_near(run(g, {1000, -1000}), {63.5F, -32}, 1e-5F);
}
