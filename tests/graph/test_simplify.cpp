// SPDX-License-Identifier: Apache-2.0
// simplify() must not change what a graph computes: random graphs that hold every kind of node in
// every order, executed before and after.
#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "graph/check.hpp"
#include "graph/execute.hpp"
#include "graph/simplify.hpp"

using namespace keyway::graph;

namespace {

class RandomGraph {
 public:
  explicit RandomGraph(unsigned seed) : random_(seed) {}

  Graph make() {
    const keyway::Shape in{between(1, 4), between(5, 9), between(5, 9)};
    graph_.tensors = {{"in", in}};
    graph_.input = 0;
    graph_.input_layout = {{in.channels, in.height, in.width}, in.pixels(), in.width, 1};
    graph_.input_scale.assign(static_cast<size_t>(in.channels), 1.0F);
    graph_.input_offset.assign(static_cast<size_t>(in.channels), 0.0F);
    for (int64_t i = between(2, 14); i > 0; --i) grow();
    graph_.output = static_cast<int>(graph_.tensors.size()) - 1;
    const keyway::Shape out = shape(graph_.output);
    graph_.output_layout = {{out.channels, out.height, out.width}, out.pixels(), out.width, 1};
    return graph_;
  }

 private:
  int64_t between(int64_t least, int64_t most) {
    return std::uniform_int_distribution<int64_t>(least, most)(random_);
  }
  float number() { return std::normal_distribution<float>(0, 0.7F)(random_); }
  keyway::Shape shape(int tensor) const {
    return graph_.tensors[static_cast<size_t>(tensor)].shape;
  }

  void grow() {
    // Mostly the newest tensor, so that chains arise; sometimes an older one, so that forks do.
    const auto last = static_cast<int64_t>(graph_.tensors.size()) - 1;
    const int input = static_cast<int>(between(0, 3) == 0 ? between(0, last) : last);
    const keyway::Shape in = shape(input);
    Node n;
    n.inputs = {input};
    keyway::Shape out = in;
    const int64_t kind = between(0, 11);
    if (kind < 5) {  // affine, sometimes without effect
      n.kind = OpKind::kDepthwiseConv;
      const bool bare = between(0, 2) == 0;
      const bool scale_only = between(0, 2) == 0;
      for (int64_t c = 0; c < in.channels; ++c) {
        n.weights.push_back(bare ? 1 : scale_only ? std::fabs(number()) + 0.1F : number());
        n.bias.push_back(bare || scale_only ? 0 : number());
      }
    } else if (kind < 8) {
      n.kind = kind == 5 ? OpKind::kDepthwiseConv : OpKind::kConv;
      out.channels = kind == 5 ? in.channels : between(1, 4);
      window(n.window, in, out, false);
      const int64_t depth = kind == 5 ? 1 : in.channels;
      n.weights.resize(
          static_cast<size_t>(out.channels * depth * n.window.kernel_h * n.window.kernel_w));
      for (float& w : n.weights) w = number();
      n.bias.resize(static_cast<size_t>(out.channels));
      for (float& b : n.bias) b = number();
    } else if (kind == 8) {
      n.kind = between(0, 1) ? OpKind::kMaxPool : OpKind::kAveragePool;
      window(n.window, in, out, true);
      n.count_include_pad = n.kind == OpKind::kAveragePool && between(0, 1) == 1;
    } else if (kind == 9) {
      n.kind = OpKind::kShortcut;
      n.window.stride_h = between(1, 2);
      n.window.stride_w = between(1, 2);
      n.channel_before = between(0, 1);
      out = {in.channels + n.channel_before + between(0, 1),
             (in.height - 1) / n.window.stride_h + 1, (in.width - 1) / n.window.stride_w + 1};
    } else if (kind == 10) {
      n.kind = OpKind::kPad;
      n.window.pad_top = between(in.height > 3 ? -2 : 0, 2);
      n.window.pad_left = between(0, 2);
      n.window.pad_bottom = between(0, 2);
      n.window.pad_right = between(in.width > 3 ? -2 : 0, 2);
      out.height += n.window.pad_top + n.window.pad_bottom;
      out.width += n.window.pad_left + n.window.pad_right;
    } else {
      n.kind = OpKind::kAdd;
      int other = input;
      for (int t = 0; t <= last; ++t) {
        if (shape(t) == in && between(0, 1)) other = t;
      }
      n.inputs.push_back(other);
    }
    const int64_t clamp = between(0, 7);
    if (clamp == 0) n.clamp.lo = 0;
    if (clamp == 1) n.clamp = {-0.5F, 1.5F};
    // Quantisers, with steps so small that another rounding does not show.
    if (clamp == 2) n.clamp = {-0.5F, 1.5F, 0x1p-22F};
    if (clamp == 3) n.clamp = {0, 1.25F, 0x1p-21F};
    n.output = static_cast<int>(last) + 1;
    n.name = "n" + std::to_string(graph_.nodes.size());
    graph_.tensors.push_back({n.name, out});
    graph_.nodes.push_back(std::move(n));
  }

  void window(Window& w, const keyway::Shape& in, keyway::Shape& out, bool pool) {
    w.kernel_h = between(1, std::min<int64_t>(3, in.height));
    w.kernel_w = between(1, std::min<int64_t>(3, in.width));
    w.stride_h = between(1, 2);
    if (between(0, 1)) {
      w.pad_top = between(0, pool ? w.kernel_h - 1 : 2);
      w.pad_right = between(0, pool ? w.kernel_w - 1 : 2);
    }
    out.height = window_outputs(in.height, w.kernel_h, w.stride_h, w.pad_top, w.pad_bottom);
    out.width = window_outputs(in.width, w.kernel_w, w.stride_w, w.pad_left, w.pad_right);
  }

  std::mt19937 random_;
  Graph graph_;
};

}  // namespace

TEST_CASE("Random graphs compute the same after simplify(), with fewer nodes") {
  size_t before = 0, after = 0;
  for (unsigned seed = 1; seed <= 4000; ++seed) {
    const Graph raw = RandomGraph(seed).make();
    check(raw);
    Graph small = raw;
    simplify(small);
    INFO("seed " << seed);
    REQUIRE_NOTHROW(check(small));
    before += raw.nodes.size();
    after += small.nodes.size();
    const int64_t elements = raw.tensors[0].shape.elements();
    std::vector<float> x(static_cast<size_t>(elements));
    std::mt19937 random(seed);
    for (float& v : x) v = std::normal_distribution<float>()(random);
    const auto expected = execute(raw, x.data(), 1), actual = execute(small, x.data(), 1);
    REQUIRE(actual.size() == expected.size());
    float most = 1;
    for (float v : expected) most = std::max(most, std::fabs(v));
    for (size_t i = 0; i < expected.size(); ++i) {
      INFO("first difference at " << i << ": " << actual[i] << ", expected " << expected[i]);
      REQUIRE(std::fabs(actual[i] - expected[i]) <= 2e-5F * most);
    }
  }
  INFO(before << " nodes became " << after);
  CHECK(after * 4 < before * 3);
}

TEST_CASE("Of thousands of quantisers of one tensor, the equal ones are merged") {
  constexpr size_t kCount = 20000, kChannels = 64;
  Graph graph;
  graph.tensors = {{"in", {kChannels, 1, 1}}};
  graph.input = 0;
  graph.input_layout = {{kChannels}, 1, 1, 1};
  graph.input_scale.assign(kChannels, 1.0F);
  graph.input_offset.assign(kChannels, 0.0F);
  const auto add = [&](Node n) {
    n.output = static_cast<int>(graph.tensors.size());
    graph.tensors.push_back({"t", {kChannels, 1, 1}});
    graph.nodes.push_back(std::move(n));
    return graph.nodes.back().output;
  };
  std::vector<int> ends;
  for (size_t i = 0; i < kCount; ++i) {
    Node n;
    n.kind = OpKind::kDepthwiseConv;
    n.inputs = {0};
    n.weights.assign(kChannels, 1.0F);
    n.bias.assign(kChannels, 0.0F);
    // The first and the last one are twins.
    n.clamp = {0, static_cast<float>(i % (kCount - 1)) + 1, 0x1p-3F};
    const int output = add(n);
    if (i == 0 || i + 1 == kCount) ends.push_back(output);
  }
  Node sum;
  sum.kind = OpKind::kAdd;
  sum.inputs = ends;
  graph.output = add(sum);
  graph.output_layout = graph.input_layout;
  simplify(graph);
  REQUIRE(graph.nodes.size() == 2);
  CHECK(graph.nodes[1].inputs[0] == graph.nodes[1].inputs[1]);
}
