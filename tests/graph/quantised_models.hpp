// SPDX-License-Identifier: Apache-2.0
/// Small quantised models, and what their integers compute, in plain loops. Nothing here knows how
/// the importer reads them.
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "common/error.hpp"
#include "graph/execute.hpp"
#include "model_builder.hpp"

namespace keyway::graph::testing {

using Type = onnx::TensorProto;

/// One quantiser, by the definition of QuantizeLinear.
struct Unit {
  float scale;
  int zero, lo, hi;

  int integer(float x) const {
    const float q = std::nearbyint(x / scale) + static_cast<float>(zero);
    return static_cast<int>(std::min(std::max(q, static_cast<float>(lo)), static_cast<float>(hi)));
  }
  float real(int q) const { return static_cast<float>(q - zero) * scale; }
  float operator()(float x) const { return real(integer(x)); }
};

inline Unit bytes(float scale, int zero) { return {scale, zero, 0, 255}; }
inline Unit signed_bytes(float scale, int zero) { return {scale, zero, -128, 127}; }

class QuantisedBuilder : public ModelBuilder {
 public:
  using ModelBuilder::ModelBuilder;

  /// Initialisers NAME_s and NAME_z.
  QuantisedBuilder& unit(const std::string& name, const Unit& u) {
    floats(name + "_s", {}, {u.scale});
    integers(name + "_z", {}, u.lo < 0 ? Type::INT8 : Type::UINT8, {u.zero});
    return *this;
  }
  /// x through QuantizeLinear and DequantizeLinear of this unit.
  std::string pair(const std::string& x, const std::string& unit, const std::string& result) {
    node("QuantizeLinear", {x, unit + "_s", unit + "_z"}, {result + "_q"});
    node("DequantizeLinear", {result + "_q", unit + "_s", unit + "_z"}, {result});
    return result;
  }
  onnx::NodeProto& microsoft(const std::string& op, const std::vector<std::string>& inputs,
                             const std::vector<std::string>& outputs) {
    auto& n = node(op, inputs, outputs);
    n.set_domain("com.microsoft");
    return n;
  }
  onnx::NodeProto& qonnx(const std::string& op, const std::vector<std::string>& inputs,
                         const std::vector<std::string>& outputs) {
    auto& n = node(op, inputs, outputs);
    n.set_domain("qonnx.custom_op.general");
    return n;
  }
};

inline std::vector<float> run(const Graph& g, const std::vector<float>& x) {
  return execute(g, x.data(), 1);
}

inline std::vector<float> random_values(size_t count, float spread) {
  std::mt19937_64 random(1);  // none of its sums lies near the middle of two integers
  std::normal_distribution<float> normal(0, spread);
  std::vector<float> values(count);
  for (float& v : values) v = normal(random);
  return values;
}

inline void check_near(const std::vector<float>& got, const std::vector<float>& wanted,
                       float tolerance) {
  REQUIRE(got.size() == wanted.size());
  for (size_t i = 0; i < got.size(); ++i) {
    INFO("element " << i);
    CHECK(std::abs(got[i] - wanted[i]) <= tolerance);
  }
}

inline std::string refusal(const ModelBuilder& m, ErrorKind kind) {
  try {
    m.import();
  } catch (const Error& e) {
    INFO(e.what());
    CHECK(e.kind() == kind);
    return e.what();
  }
  FAIL("the model was imported");
  return "";
}

/// Weights of a 1 x 1 convolution of two channels, as integers.
inline constexpr int kWeights[2][2] = {{100, -37}, {5, 127}};
inline constexpr float kWeightScale[2] = {0.02F, 0.005F};
inline constexpr int kBias[2] = {300, -120};

/// That convolution of the integers of `in`, quantised to `out`.
inline std::vector<float> plain_conv(const std::vector<float>& x, const Unit& in, const Unit& out) {
  const size_t pixels = x.size() / 2;
  std::vector<float> y(x.size());
  for (size_t o = 0; o < 2; ++o) {
    for (size_t p = 0; p < pixels; ++p) {
      int sum = kBias[o];
      for (size_t c = 0; c < 2; ++c)
        sum += kWeights[o][c] * (in.integer(x[c * pixels + p]) - in.zero);
      y[o * pixels + p] = out(static_cast<float>(sum) * in.scale * kWeightScale[o]);
    }
  }
  return y;
}

/// Initialisers w, w_s, w_z (int8, per output channel), bias (int32), bias_s.
inline void add_weights(QuantisedBuilder& m, float input_scale) {
  m.integers("w", {2, 2, 1, 1}, Type::INT8,
             {kWeights[0][0], kWeights[0][1], kWeights[1][0], kWeights[1][1]});
  m.floats("w_s", {2}, {kWeightScale[0], kWeightScale[1]});
  m.integers("w_z", {2}, Type::INT8, {0, 0});
  m.integers("bias", {2}, Type::INT32, {kBias[0], kBias[1]});
  m.floats("bias_s", {2}, {kWeightScale[0] * input_scale, kWeightScale[1] * input_scale});
}

inline const Unit kIn = bytes(0.11F, 77);
inline const Unit kRelu = bytes(0.07F, 0);

}  // namespace keyway::graph::testing
