// SPDX-License-Identifier: Apache-2.0
// The float executor against loops written straight from the definitions of graph.hpp.
#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "common/error.hpp"
#include "graph/check.hpp"
#include "graph/execute.hpp"

using namespace keyway::graph;

namespace {

struct Random {
  explicit Random(unsigned seed) : engine(seed) {}
  int64_t between(int64_t least, int64_t most) {
    return std::uniform_int_distribution<int64_t>(least, most)(engine);
  }
  std::vector<float> floats(int64_t count) {
    std::normal_distribution<float> normal;
    std::vector<float> v(static_cast<size_t>(count));
    for (float& x : v) x = normal(engine);
    return v;
  }
  std::mt19937 engine;
};

/// A graph of one node over an image in NCHW.
Graph single(Node node, const keyway::Shape& in, const keyway::Shape& out) {
  Graph g;
  g.tensors = {{"in", in}, {"out", out}};
  node.inputs.assign(node.kind == OpKind::kAdd ? 2 : 1, 0);
  node.output = 1;
  g.nodes = {std::move(node)};
  g.input = 0;
  g.output = 1;
  g.input_layout = {{in.channels, in.height, in.width}, in.pixels(), in.width, 1};
  g.output_layout = {{out.channels, out.height, out.width}, out.pixels(), out.width, 1};
  g.input_scale.assign(static_cast<size_t>(in.channels), 1.0F);
  g.input_offset.assign(static_cast<size_t>(in.channels), 0.0F);
  return g;
}

/// Element of an image, zero outside.
double at(const std::vector<float>& x, const keyway::Shape& s, int64_t c, int64_t y, int64_t w) {
  if (c < 0 || c >= s.channels || y < 0 || y >= s.height || w < 0 || w >= s.width) return 0;
  return static_cast<double>(x[static_cast<size_t>((c * s.height + y) * s.width + w)]);
}

double reference(const Node& n, const keyway::Shape& in, const std::vector<float>& x, int64_t c,
                 int64_t y, int64_t z) {
  const Window& w = n.window;
  if (n.kind == OpKind::kAdd) return 2 * at(x, in, c, y, z);
  if (n.kind == OpKind::kPad) return at(x, in, c, y - w.pad_top, z - w.pad_left);
  if (n.kind == OpKind::kShortcut)
    return at(x, in, c - n.channel_before, y * w.stride_h, z * w.stride_w);
  double sum = 0, most = -INFINITY, count = 0;
  const bool conv = n.kind == OpKind::kConv;
  for (int64_t i = 0; i < (conv ? in.channels : 1); ++i) {
    for (int64_t ky = 0; ky < w.kernel_h; ++ky) {
      for (int64_t kx = 0; kx < w.kernel_w; ++kx) {
        const int64_t sy = y * w.stride_h + ky - w.pad_top, sx = z * w.stride_w + kx - w.pad_left;
        const bool inside = sy >= 0 && sy < in.height && sx >= 0 && sx < in.width;
        const double value = at(x, in, conv ? i : c, sy, sx);
        double weight = 1;
        if (!n.weights.empty()) {
          const int64_t filter = conv ? c * in.channels + i : c;
          weight = static_cast<double>(
              n.weights[static_cast<size_t>((filter * w.kernel_h + ky) * w.kernel_w + kx)]);
        }
        sum += weight * value;
        if (inside) most = std::max(most, value);
        count += inside || n.count_include_pad;
      }
    }
  }
  if (n.kind == OpKind::kMaxPool) return most;
  if (n.kind == OpKind::kAveragePool) return sum / count;
  return sum + static_cast<double>(n.bias[static_cast<size_t>(c)]);
}

}  // namespace

TEST_CASE("Every operator computes its definition, on random shapes") {
  const unsigned seed = 7;
  Random random(seed);
  for (int trial = 0; trial < 1500; ++trial) {
    const keyway::Shape in{random.between(1, 5), random.between(1, 9), random.between(1, 9)};
    Node n;
    n.kind = static_cast<OpKind>(trial % 7);
    Window& w = n.window;
    keyway::Shape out = in;
    if (n.kind == OpKind::kPad) {
      w.pad_top = random.between(1 - in.height, 3);
      w.pad_left = random.between(1 - in.width, 3);
      w.pad_bottom = random.between(0, 2);
      w.pad_right = random.between(0, 2);
      out.height += w.pad_top + w.pad_bottom;
      out.width += w.pad_left + w.pad_right;
    } else if (n.kind == OpKind::kShortcut) {
      w.stride_h = random.between(1, 3);
      w.stride_w = random.between(1, 3);
      n.channel_before = random.between(0, 2);
      out = {in.channels + n.channel_before + random.between(0, 2),
             (in.height - 1) / w.stride_h + 1, (in.width - 1) / w.stride_w + 1};
    } else if (n.kind != OpKind::kAdd) {
      w.kernel_h = random.between(1, 4);
      w.kernel_w = random.between(1, 4);
      w.stride_h = random.between(1, 3);
      w.stride_w = random.between(1, 3);
      const bool pool = n.kind == OpKind::kMaxPool || n.kind == OpKind::kAveragePool;
      for (int64_t* pad : {&w.pad_top, &w.pad_bottom})
        *pad = random.between(0, pool ? w.kernel_h - 1 : 5);
      for (int64_t* pad : {&w.pad_left, &w.pad_right})
        *pad = random.between(0, pool ? w.kernel_w - 1 : 5);
      if (in.height + w.pad_top + w.pad_bottom < w.kernel_h ||
          in.width + w.pad_left + w.pad_right < w.kernel_w)
        continue;
      n.count_include_pad = n.kind == OpKind::kAveragePool && random.between(0, 1) == 1;
      if (n.kind == OpKind::kConv) out.channels = random.between(1, 6);
      out.height = window_outputs(in.height, w.kernel_h, w.stride_h, w.pad_top, w.pad_bottom);
      out.width = window_outputs(in.width, w.kernel_w, w.stride_w, w.pad_left, w.pad_right);
      if (!pool) {
        const int64_t depth = n.kind == OpKind::kConv ? in.channels : 1;
        n.weights = random.floats(out.channels * depth * w.kernel_h * w.kernel_w);
        n.bias = random.floats(out.channels);
      }
    }
    if (random.between(0, 2) == 0) n.clamp = {-0.5F, 1.0F};
    const Graph g = single(n, in, out);
    check(g);
    const std::vector<float> x = random.floats(in.elements());
    const std::vector<float> y = execute(g, x.data(), 1);
    size_t i = 0;
    for (int64_t c = 0; c < out.channels; ++c) {
      for (int64_t r = 0; r < out.height; ++r) {
        for (int64_t z = 0; z < out.width; ++z, ++i) {
          double expected = reference(n, in, x, c, r, z);
          expected = std::min(std::max(expected, static_cast<double>(n.clamp.lo)),
                              static_cast<double>(n.clamp.hi));
          INFO("seed " << seed << ", trial " << trial << ", kind " << trial % 7 << ", element "
                       << i);
          REQUIRE(static_cast<double>(y[i]) == Approx(expected).margin(1e-5));
        }
      }
    }
  }
}

TEST_CASE("Layouts, input scale, threads and blocks do not change the result") {
  Node n;
  n.kind = OpKind::kConv;
  Random random(3);
  n.weights = random.floats(4 * 3);
  n.bias = random.floats(4);
  const keyway::Shape in{3, 4, 5}, out{4, 4, 5};
  Graph g = single(n, in, out);
  const int64_t images = 11;
  const std::vector<float> x = random.floats(images * in.elements());
  const std::vector<float> y = execute(g, x.data(), images);
  ExecuteOptions options;
  options.threads = 3;
  options.block_bytes = 1;
  CHECK(execute(g, x.data(), images, options) == y);

  // The same image as NHWC, in bytes around 128 instead of around 0.
  Graph h = g;
  h.input_layout = {{4, 5, 3}, 1, 15, 3};
  h.output_layout = {{4, 5, 4}, 1, 20, 4};
  h.input_scale.assign(3, 0.5F);
  h.input_offset.assign(3, -64.0F);
  std::vector<float> u(x.size());
  for (int64_t i = 0; i < images; ++i) {
    std::vector<float> image(x.begin() + i * 60, x.begin() + (i + 1) * 60);
    for (float& v : image) v = 2 * v + 128;
    scatter_layout(h.input_layout, in, image.data(), u.data() + i * 60);
  }
  const std::vector<float> v = execute(h, u.data(), images);
  std::vector<float> back(80);
  for (int64_t i = 0; i < images; ++i) {
    gather_layout(h.output_layout, out, v.data() + i * 80, back.data());
    for (size_t k = 0; k < 80; ++k)
      REQUIRE(back[k] == Approx(y[static_cast<size_t>(i) * 80 + k]).margin(1e-3));
  }
}

TEST_CASE("A visitor sees every tensor of every image once, in order") {
  Node n;
  n.kind = OpKind::kAdd;
  Graph g = single(n, {2, 1, 1}, {2, 1, 1});
  g.input_scale = {10, 100};
  g.output_function = keyway::OutputFunction::kSoftmax;
  const std::vector<float> x = {1, 2, 3, 4, 5, 6};
  ExecuteOptions options;
  options.block_bytes = 40;  // two images
  std::vector<float> inputs, outputs;
  std::vector<int> order;
  execute(g, x.data(), 3, options, [&](int tensor, const float* data, int64_t images) {
    order.push_back(tensor);
    auto& to = tensor == 0 ? inputs : outputs;
    to.insert(to.end(), data, data + images * 2);
  });
  CHECK(order == std::vector<int>{0, 1, 0, 1});
  CHECK(inputs == std::vector<float>{10, 200, 30, 400, 50, 600});
  CHECK(outputs == std::vector<float>{20, 400, 60, 800, 100, 1200});  // before the Softmax
}

TEST_CASE("Softmax and LogSoftmax run over the channels of a pixel and survive large numbers") {
  std::vector<float> x = {1000, 0, 1001, 0, 1002, 0};  // 3 channels, 2 pixels
  apply_output_function(keyway::OutputFunction::kSoftmax, {3, 1, 2}, x.data());
  const double e = std::exp(1.0), sum = 1 / (e * e) + 1 / e + 1;
  CHECK(x[0] == Approx(1 / (e * e) / sum));
  CHECK(x[4] == Approx(1 / sum));
  CHECK(x[1] == Approx(1.0 / 3));
  std::vector<float> z = {0, -1e30F};
  apply_output_function(keyway::OutputFunction::kLogSoftmax, {2, 1, 1}, z.data());
  CHECK(z[0] == 0);
  CHECK(z[1] == Approx(-1e30F));
}
