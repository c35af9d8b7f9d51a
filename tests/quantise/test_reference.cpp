// SPDX-License-Identifier: Apache-2.0
// The integer executor against the formula of network.hpp, written once more with 64-bit sums and a
// bounds check per tap.
#include <algorithm>
#include <catch2/catch.hpp>
#include <limits>
#include <optional>

#include "common/error.hpp"
#include "graphs.hpp"
#include "operand_by_definition.hpp"
#include "quantise/reference.hpp"

using namespace keyway;
using namespace keyway::quantise;
using keyway::test::Random;

namespace {

int64_t value(const Network& n, const TensorBytes& tensors, int tensor, int64_t c, int64_t y,
              int64_t x) {
  const Tensor& t = n.tensors[static_cast<size_t>(tensor)];
  const uint8_t byte = tensors[static_cast<size_t>(tensor)].at(
      static_cast<size_t>((c * t.shape.height + y) * t.shape.width + x));
  return t.is_signed ? static_cast<int8_t>(byte) : byte;
}

uint8_t formula(const Network& n, const Layer& l, const TensorBytes& tensors, int64_t c, int64_t y,
                int64_t x) {
  const Shape& in = n.tensors[static_cast<size_t>(l.input)].shape;
  const graph::Window& w = l.window;
  const bool dense = l.kind == LayerKind::kDense;
  int64_t acc = l.kind == LayerKind::kMax ? std::numeric_limits<int64_t>::min() : 0;
  for (int64_t i = dense ? 0 : c; i < (dense ? in.channels : c + 1); ++i) {
    for (int64_t ky = 0; ky < w.kernel_h; ++ky) {
      for (int64_t kx = 0; kx < w.kernel_w; ++kx) {
        const int64_t iy = y * w.stride_h - w.pad_top + ky, ix = x * w.stride_w - w.pad_left + kx;
        if (iy < 0 || iy >= in.height || ix < 0 || ix >= in.width) continue;
        const int64_t v = value(n, tensors, l.input, i, iy, ix);
        if (l.kind == LayerKind::kMax) {
          acc = std::max(acc, v);
          continue;
        }
        int64_t product = v;
        if (!l.codes.empty()) {
          const int64_t code =
              ((dense ? c * in.channels + i : c) * w.kernel_h + ky) * w.kernel_w + kx;
          const uint8_t byte = l.codes.at(static_cast<size_t>(code));
          product = test::product_by_definition(arith::info(l.number_system), byte,
                                                static_cast<int32_t>(v), l.table, n.array_kind);
        }
        acc += product;
      }
    }
  }
  std::optional<ChannelPost> post;
  for (const Region& r : l.regions) {
    if (y >= r.y && y < r.y + r.height && x >= r.x && x < r.x + r.width) {
      REQUIRE_FALSE(post.has_value());
      post = r.post.at(static_cast<size_t>(c));
    }
  }
  REQUIRE(post.has_value());
  int64_t residual = 0;
  if (l.has_residual && l.residual.channel[static_cast<size_t>(c)] >= 0) {
    residual = value(n, tensors, l.residual.tensor, l.residual.channel[static_cast<size_t>(c)],
                     y * l.residual.stride_h, x * l.residual.stride_w);
  }
  const int64_t sum =
      post->m * (acc + post->bias) + post->mr * residual + (int64_t{1} << (post->shift - 1));
  // Floor division, which an arithmetic right shift is.
  const int64_t unit = int64_t{1} << post->shift;
  const int64_t q = sum >= 0 ? sum / unit : -((-sum + unit - 1) / unit);
  return static_cast<uint8_t>(std::clamp<int64_t>(q, post->lo, post->hi));
}

ChannelPost random_post(Random& r, bool is_signed) {
  ChannelPost p;
  p.bias = static_cast<int32_t>(r.integer(-100000, 100000));
  p.m = static_cast<int32_t>(r.integer(-131071, 131071));
  p.mr = static_cast<int32_t>(r.integer(-131071, 131071));
  p.shift = static_cast<int32_t>(r.integer(1, 47));
  p.lo = is_signed ? -128 : 0;
  p.hi = is_signed ? 127 : 255;
  if (r.chance(0.3)) p.lo = static_cast<int32_t>(r.integer(p.lo, p.hi));
  if (r.chance(0.3)) p.hi = static_cast<int32_t>(r.integer(p.lo, p.hi));
  return p;
}

/// One layer with random numbers everywhere, between random tensors.
Network random_network(Random& r) {
  Network n;
  const auto kind = static_cast<LayerKind>(r.integer(0, 3));
  const Shape in{r.integer(1, 9), r.integer(1, 9), r.integer(1, 9)};
  Layer l;
  l.kind = kind;
  l.window.kernel_h = r.integer(1, 3);
  l.window.kernel_w = r.integer(1, 3);
  l.window.stride_h = r.integer(1, 3);
  l.window.stride_w = r.integer(1, 3);
  // For maxima every window must see something.
  const int64_t pad = kind == LayerKind::kMax ? 0 : 2;
  l.window.pad_top = r.integer(-pad / 2, pad);
  l.window.pad_left = r.integer(-pad / 2, pad);
  const auto slide = [&](int64_t size, int64_t kernel, int64_t stride) {
    const int64_t after = kind == LayerKind::kMax ? 0 : r.integer(0, 2);
    return std::max<int64_t>(0, size + after - kernel) / stride + 1;
  };
  Shape out{kind == LayerKind::kDense ? r.integer(1, 9) : in.channels,
            slide(in.height, l.window.kernel_h, l.window.stride_h),
            slide(in.width, l.window.kernel_w, l.window.stride_w)};
  n.tensors = {{"in", in, r.chance(0.5), {}}, {"out", out, r.chance(0.5), {}}};
  l.input = 0;
  l.output = 1;
  l.has_residual = r.chance(0.5);
  if (l.has_residual) {
    l.residual = {2, r.integer(1, 2), r.integer(1, 2), {}};
    const Shape from{r.integer(1, 9), (out.height - 1) * l.residual.stride_h + r.integer(1, 2),
                     (out.width - 1) * l.residual.stride_w + r.integer(1, 2)};
    n.tensors.push_back({"residual", from, r.chance(0.5), {}});
    for (int64_t c = 0; c < out.channels; ++c)
      l.residual.channel.push_back(r.integer(-1, from.channels - 1));
  }
  if (kind == LayerKind::kDense || kind == LayerKind::kDepthwise) {
    l.codes.resize(static_cast<size_t>(out.channels * l.window.kernel_h * l.window.kernel_w *
                                       (kind == LayerKind::kDense ? in.channels : 1)));
    for (uint8_t& code : l.codes) code = static_cast<uint8_t>(r.integer(0, 255));
    const auto& systems = arith::number_systems();
    l.number_system =
        systems[static_cast<size_t>(r.integer(0, static_cast<int64_t>(systems.size()) - 1))].system;
    for (int16_t& entry : l.table) {
      entry = static_cast<int16_t>(r.integer(arith::kOperandMin, arith::kOperandMax));
    }
  }
  const int64_t cut_y = r.integer(0, out.height), cut_x = r.integer(0, out.width);
  for (const auto& [y, h] : {std::pair{int64_t{0}, cut_y}, std::pair{cut_y, out.height - cut_y}}) {
    for (const auto& [x, w] : {std::pair{int64_t{0}, cut_x}, std::pair{cut_x, out.width - cut_x}}) {
      Region region{y, x, h, w, {}};
      for (int64_t c = 0; c < out.channels; ++c)
        region.post.push_back(random_post(r, n.tensors[1].is_signed));
      l.regions.push_back(region);
    }
  }
  n.input = 0;
  n.output = 1;
  n.layers.push_back(std::move(l));
  return n;
}

}  // namespace

TEST_CASE("layers of random numbers equal the formula") {
  for (uint64_t seed = 1; seed <= 600; ++seed) {
    Random r(seed);
    const Network n = random_network(r);
    TensorBytes tensors(n.tensors.size());
    for (size_t t = 0; t < n.tensors.size(); ++t) {
      if (t == 1) continue;
      tensors[t].resize(static_cast<size_t>(n.tensors[t].shape.elements()));
      for (uint8_t& byte : tensors[t]) byte = static_cast<uint8_t>(r.integer(0, 255));
    }
    const Layer& l = n.layers[0];
    const std::vector<uint8_t> got =
        LayerReference(n, l).run(tensors[0], l.has_residual ? &tensors[2] : nullptr);
    const Shape& out = n.tensors[1].shape;
    size_t at = 0;
    for (int64_t c = 0; c < out.channels; ++c) {
      for (int64_t y = 0; y < out.height; ++y) {
        for (int64_t x = 0; x < out.width; ++x, ++at) {
          const int want = formula(n, l, tensors, c, y, x);
          INFO("seed " << seed << ", kind " << static_cast<int>(l.kind) << ", channel " << c
                       << ", pixel " << y << "," << x);
          REQUIRE(int{got[at]} == want);
        }
      }
    }
  }
}

TEST_CASE("layers that do not fit their tensors are refused by name") {
  Network n;
  n.tensors = {{"in", {2, 3, 3}, false, {}}, {"out", {3, 3, 3}, true, {}}};
  Layer l;
  l.name = "odd_layer";
  l.input = 0;
  l.output = 1;
  l.kind = LayerKind::kSum;
  CHECK_THROWS_WITH(LayerReference(n, l), Catch::Contains("odd_layer"));
  l.kind = LayerKind::kDense;
  l.codes.resize(5);
  CHECK_THROWS_WITH(LayerReference(n, l), Catch::Contains("codes"));
}
