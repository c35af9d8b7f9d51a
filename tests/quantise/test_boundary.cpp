// SPDX-License-Identifier: Apache-2.0
// Floats to bytes and back: rounding, saturation, layouts, output functions, and descriptions that
// lie.
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <limits>

#include "common/error.hpp"
#include "graph/execute.hpp"
#include "graphs.hpp"
#include "quantise/network_boundary.hpp"
#include "thrown.hpp"

using namespace keyway;
using namespace keyway::program;
using namespace keyway::quantise;

namespace {

InputBoundary vector_input(int64_t n, bool is_signed, float scale) {
  InputBoundary b;
  b.shape = {n, 1, 1};
  b.layout = {{n}, 1, 1, 1};
  b.is_signed = is_signed;
  const auto count = static_cast<size_t>(n);
  b.scale.assign(count, scale);
  b.input_scale.assign(count, 1.0F);
  b.input_offset.assign(count, 0.0F);
  return b;
}

OutputBoundary vector_output(int64_t n, float scale) {
  OutputBoundary b;
  b.shape = {n, 1, 1};
  b.layout = {{n}, 1, 1, 1};
  b.is_signed = true;
  b.scale.assign(static_cast<size_t>(n), scale);
  b.offset.assign(static_cast<size_t>(n), 0.0F);
  return b;
}

}  // namespace

TEST_CASE("inputs round to nearest, ties to even, and saturate") {
  const std::vector<float> x{0.5F, 1.5F, 2.5F, -0.5F, -1.5F, -2.4F, 126.6F, 1e30F, -1e30F, 254.5F};
  std::vector<uint8_t> bytes(x.size());
  quantise_input(vector_input(10, true, 1.0F), x.data(), bytes.data());
  const std::vector<int> want_signed{0, 2, 2, 0, -2, -2, 127, 127, -128, 127};
  for (size_t i = 0; i < x.size(); ++i) CHECK(static_cast<int8_t>(bytes[i]) == want_signed[i]);
  quantise_input(vector_input(10, false, 1.0F), x.data(), bytes.data());
  const std::vector<int> want{0, 2, 2, 0, 0, 0, 127, 255, 0, 254};
  for (size_t i = 0; i < x.size(); ++i) CHECK(bytes[i] == want[i]);
}

TEST_CASE("how inputs fit: values beyond half a unit, and the bytes that occur") {
  const std::vector<float> x{-129, -128.5F, -3, 127.5F, 128, 1e30F};
  const InputFit inside = fit(vector_input(3, true, 1.0F), x.data() + 1, 1);
  CHECK(inside.values == 3);
  CHECK(inside.beyond == 0);
  CHECK(inside.lowest == -128);
  CHECK(inside.highest == 127);
  const InputFit all = fit(vector_input(2, true, 1.0F), x.data(), 3);
  CHECK(all.values == 6);
  CHECK(all.beyond == 3);
  CHECK(all.inputs_beyond == 2);
  CHECK(all.steps == 256);
  InputBoundary narrow = vector_input(3, true, 1.0F);
  narrow.most = 2;
  CHECK(fit(narrow, x.data() + 1, 1).beyond == 1);
  CHECK(fit(narrow, x.data() + 1, 1).steps == 131);
}

TEST_CASE("bytes stay within least and most, where the type could hold more") {
  InputBoundary b = vector_input(4, true, 1.0F);
  b.least = -3;
  b.most = 2;
  const std::vector<float> x{-100, -3.4F, 1.6F, 7};
  std::vector<uint8_t> bytes(4);
  quantise_input(b, x.data(), bytes.data());
  const std::vector<int> want{-3, -3, 2, 2};
  for (size_t i = 0; i < x.size(); ++i) CHECK(static_cast<int8_t>(bytes[i]) == want[i]);
}

TEST_CASE("scale and offset of each channel come before its byte scale") {
  InputBoundary b = vector_input(2, true, 0.5F);
  b.input_scale = {2.0F, -1.0F};
  b.input_offset = {1.0F, 3.0F};
  b.scale = {0.5F, 0.25F};
  const std::vector<float> x{4.0F, 5.0F};
  std::vector<uint8_t> bytes(2);
  quantise_input(b, x.data(), bytes.data());
  CHECK(static_cast<int8_t>(bytes[0]) == 18);
  CHECK(static_cast<int8_t>(bytes[1]) == -8);
}

TEST_CASE("the host pads with the byte of a value") {
  InputBoundary b = vector_input(2, true, 0.5F);
  b.shape = {2, 3, 4};
  b.layout = {{2, 2, 2}, 4, 2, 1};
  b.pad_top = b.pad_left = b.pad_right = 1;
  b.pad_value = {-4, 100};
  validate(b);
  CHECK(b.user_shape() == Shape{2, 2, 2});
  const std::vector<float> x{1, 2, 3, 4, 5, 6, 7, 8};
  std::vector<uint8_t> bytes(24);
  quantise_input(b, x.data(), bytes.data());
  const std::vector<int> want{-8,  -8,  -8,  -8,  -8,  2,  4,  -8,  -8,  6,  8,  -8,
                              127, 127, 127, 127, 127, 10, 12, 127, 127, 14, 16, 127};
  for (size_t i = 0; i < want.size(); ++i) CHECK(static_cast<int8_t>(bytes[i]) == want[i]);
}

TEST_CASE("user layouts: NHWC goes to C, H, W and comes back") {
  InputBoundary in;
  in.shape = {3, 2, 4};
  in.layout = {{2, 4, 3}, 1, 12, 3};
  in.is_signed = true;
  in.scale = {1, 1, 1};
  in.input_scale = {1, 1, 1};
  in.input_offset = {0, 0, 0};
  validate(in);
  std::vector<float> user(24), back(24);
  for (size_t i = 0; i < 24; ++i) user[i] = static_cast<float>(i);
  std::vector<uint8_t> bytes(24);
  quantise_input(in, user.data(), bytes.data());
  for (int c = 0; c < 3; ++c) {
    for (int p = 0; p < 8; ++p) CHECK(bytes[static_cast<size_t>(c * 8 + p)] == p * 3 + c);
  }
  const OutputBoundary out{in.shape, in.layout, true, in.scale, {0, 0, 0}, OutputFunction::kNone};
  validate(out);
  dequantise_output(out, bytes.data(), back.data());
  CHECK(back == user);
}

TEST_CASE("output functions equal the float executor's") {
  test::Random r(9);
  using F = OutputFunction;
  for (const auto function : {F::kSoftmax, F::kLogSoftmax, F::kSigmoid, F::kTanh}) {
    OutputBoundary b = vector_output(11, 0.25F);
    b.function = function;
    std::vector<uint8_t> bytes(11);
    std::vector<float> got(11), want(11);
    for (size_t i = 0; i < 11; ++i) {
      bytes[i] = static_cast<uint8_t>(r.integer(0, 255));
      want[i] = 0.25F * static_cast<float>(static_cast<int8_t>(bytes[i]));
    }
    dequantise_output(b, bytes.data(), got.data());
    graph::apply_output_function(function, b.shape, want.data());
    double sum = 0;
    for (size_t i = 0; i < 11; ++i) {
      CHECK(got[i] == Approx(want[i]).epsilon(1e-4).margin(1e-7));
      sum += function == OutputFunction::kSoftmax ? got[i] : std::exp(got[i]);
    }
    const bool adds_up = function == F::kSoftmax || function == F::kLogSoftmax;
    if (adds_up) CHECK(sum == Approx(1.0).epsilon(1e-5));
  }
}

TEST_CASE("a selection takes the first channels of every pixel in order of value") {
  // Three channels of two pixels: 1 5, 4 5, 7 0.
  const std::vector<uint8_t> bytes{1, 5, 4, 5, 7, 0};
  OutputBoundary b;
  b.shape = {3, 1, 2};
  b.scale = {1, 1, 1};
  b.offset = {0, 0, 0};
  using Gives = OutputSelection::Gives;
  const auto selected = [&](Gives gives, int64_t count, bool smallest, bool last) {
    b.selection = {gives, count, smallest, last};
    b.layout = {{1, 2, count}, 1, 2 * count, count};
    validate(b);
    std::vector<float> got(static_cast<size_t>(2 * count));
    dequantise_output(b, bytes.data(), got.data());
    return got;
  };
  CHECK(selected(Gives::kIndices, 1, false, false) == std::vector<float>{2, 0});
  CHECK(selected(Gives::kIndices, 1, false, true) == std::vector<float>{2, 1});
  CHECK(selected(Gives::kIndices, 3, true, false) == std::vector<float>{0, 1, 2, 2, 0, 1});
  CHECK(selected(Gives::kValues, 2, false, false) == std::vector<float>{7, 4, 5, 5});
  b.function = OutputFunction::kSoftmax;  // comes first
  const auto values = selected(Gives::kValues, 3, false, false);
  CHECK(values[0] + values[1] + values[2] == Approx(1.0));
  for (const int64_t count : {int64_t{0}, int64_t{4}}) {
    b.selection.count = count;
    CHECK_THROWS_AS(validate(b), Error);
  }
}

TEST_CASE("an output's offset is added before its function") {
  OutputBoundary b = vector_output(2, 0.5F);
  b.offset = {10.0F, -1.0F};
  const std::vector<uint8_t> bytes{4, static_cast<uint8_t>(-4)};
  std::vector<float> got(2);
  dequantise_output(b, bytes.data(), got.data());
  CHECK(got == std::vector<float>{12.0F, -3.0F});
  b.function = OutputFunction::kLogSoftmax;
  dequantise_output(b, bytes.data(), got.data());
  CHECK(got[1] == Approx(-15.0F).epsilon(1e-5));
}

TEST_CASE("NaN and infinity are refused") {
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    const std::vector<float> x{0.0F, bad};
    std::vector<uint8_t> bytes(2);
    test::message_of(ErrorKind::kFile,
                     [&] { quantise_input(vector_input(2, true, 1.0F), x.data(), bytes.data()); });
    test::message_of(ErrorKind::kFile, [&] { fit(vector_input(2, true, 1.0F), x.data(), 1); });
  }
}

TEST_CASE("descriptions that contradict themselves are refused") {
  const InputBoundary good = vector_input(4, true, 1.0F);
  CHECK_NOTHROW(validate(good));
  const std::vector<std::function<void(InputBoundary&)>> lies{
      [](InputBoundary& b) { b.shape.channels = 5; },
      [](InputBoundary& b) { b.shape.channels = int64_t{1} << 62; },
      [](InputBoundary& b) {
        b.shape = {1 << 20, 1 << 20, 1 << 20};
      },
      [](InputBoundary& b) { b.shape.height = 0; },
      [](InputBoundary& b) {
        b.layout.dims = {2, 3};
      },
      [](InputBoundary& b) {
        b.layout.dims = {-2, -2};
      },
      [](InputBoundary& b) { b.layout.stride_c = 2; },
      [](InputBoundary& b) { b.layout.stride_c = -1; },
      [](InputBoundary& b) { b.layout.stride_c = int64_t{1} << 62; },
      [](InputBoundary& b) { b.pad_top = 1; },
      [](InputBoundary& b) {
        b.pad_left = -1;
        b.pad_value = {0, 0, 0, 0};
      },
      [](InputBoundary& b) {
        b.pad_bottom = int64_t{1} << 40;
        b.pad_value = {0, 0, 0, 0};
      },
      [](InputBoundary& b) {
        b.pad_value = {0, 0};
      },
      [](InputBoundary& b) { b.scale.pop_back(); },
      [](InputBoundary& b) { b.scale[1] = 0; },
      [](InputBoundary& b) { b.scale[1] = std::numeric_limits<float>::quiet_NaN(); },
      [](InputBoundary& b) { b.most = b.least - 1; },
      [](InputBoundary& b) { b.input_scale.clear(); },
      [](InputBoundary& b) { b.input_offset[0] = std::numeric_limits<float>::infinity(); }};
  for (const auto& lie : lies) {
    InputBoundary bad = good;
    lie(bad);
    test::message_of(ErrorKind::kFile, [&] { validate(bad); });
  }
  OutputBoundary out = vector_output(4, 1.0F);
  CHECK_NOTHROW(validate(out));
  out.offset.pop_back();
  test::message_of(ErrorKind::kFile, [&] { validate(out); });
  out = vector_output(4, 1.0F);
  out.scale[0] = -1;
  test::message_of(ErrorKind::kFile, [&] { validate(out); });
}
