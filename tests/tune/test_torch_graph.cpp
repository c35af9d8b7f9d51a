// SPDX-License-Identifier: Apache-2.0
// What LibTorch computes against the float executor, and the derivatives that are ours.
#include <torch/torch.h>

#include "tune/torch_graph.hpp"

#undef CHECK  // LibTorch has one of its own

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "graph/execute.hpp"
#include "seed.hpp"
#include "tune/graphs.hpp"

using namespace keyway;
using graph::Clamp;
using graph::Graph;
using graph::OpKind;
using graph::Window;
using tune::testing::GraphBuilder;

namespace {

/// A chain of a few nodes of every kind, with the odd windows that each permits.
Graph random_graph(uint64_t seed) {
  GraphBuilder sizes({1}, seed);
  GraphBuilder b({sizes.between(1, 5), sizes.between(3, 9), sizes.between(3, 9)}, seed);
  const int64_t nodes = b.between(2, 6);
  for (int64_t n = 0; n < nodes; ++n) {
    const Shape in = b.shape(b.last());
    const auto kind = static_cast<OpKind>(b.between(0, 6));
    const bool pool = kind == OpKind::kMaxPool || kind == OpKind::kAveragePool;
    Window w;
    int64_t channels = in.channels, before = 0;
    if (kind == OpKind::kPad) {
      w.pad_top = b.between(1 - in.height, 2);
      w.pad_left = b.between(1 - in.width, 2);
      w.pad_bottom = b.between(0, 2);
      w.pad_right = b.between(0, 2);
    } else if (kind == OpKind::kShortcut) {
      w.stride_h = b.between(1, 3);
      w.stride_w = b.between(1, 3);
      before = b.between(0, 2);
      channels += before + b.between(0, 2);
    } else if (kind != OpKind::kAdd) {
      w.kernel_h = b.between(1, 4);
      w.kernel_w = b.between(1, 4);
      w.stride_h = b.between(1, 3);
      w.stride_w = b.between(1, 3);
      for (int64_t* pad : {&w.pad_top, &w.pad_bottom})
        *pad = b.between(0, pool ? w.kernel_h - 1 : 5);
      for (int64_t* pad : {&w.pad_left, &w.pad_right})
        *pad = b.between(0, pool ? w.kernel_w - 1 : 5);
      if (in.height + w.pad_top + w.pad_bottom < w.kernel_h ||
          in.width + w.pad_left + w.pad_right < w.kernel_w)
        continue;
      if (kind == OpKind::kConv) channels = b.between(1, 6);
    }
    const std::vector<Clamp> clamps = {{}, {0}, {-0.5F, 1}, {-1, 0.9375F, 0.0625F}};
    const Clamp clamp = clamps[static_cast<size_t>(b.between(0, 3))];
    b.add(kind, w, channels, clamp, b.last(), kind == OpKind::kAdd ? b.last() : -1);
    b.node().channel_before = before;
    b.node().count_include_pad = kind == OpKind::kAveragePool && b.between(0, 1) == 1;
    if (kind == OpKind::kPad && b.between(0, 1) == 1) b.node().pad_value = b.floats(channels);
  }
  if (b.last() == 0) b.add(OpKind::kAdd, {}, b.shape(0).channels, {}, 0, 0);
  return b.graph();
}

}  // namespace

TEST_CASE("LibTorch computes what the executor does, on random networks") {
  const uint64_t first = test::seed();
  const int64_t images = 3;
  for (uint64_t seed = first; seed < first + 300; ++seed) {
    Graph graph = random_graph(seed);
    GraphBuilder random({1}, seed + 1);
    graph.input_scale = random.floats(graph.tensors[0].shape.channels);
    graph.input_offset = random.floats(graph.tensors[0].shape.channels);
    const std::vector<float> x = random.floats(images * graph.tensors[0].shape.elements());
    const std::vector<float> wanted = graph::execute(graph, x.data(), images);
    const torch::Tensor got =
        tune::forward(graph, tune::parameters_of(graph), tune::load_inputs(graph, x.data(), images))
            .contiguous();
    REQUIRE(got.numel() == static_cast<int64_t>(wanted.size()));
    double largest = 1;
    for (const float v : wanted) largest = std::max(largest, std::abs(static_cast<double>(v)));
    // Where values are rounded, a sum in another order may fall to the other side.
    const bool steps = std::any_of(graph.nodes.begin(), graph.nodes.end(),
                                   [](const auto& node) { return node.clamp.step > 0; });
    const float* values = got.data_ptr<float>();
    size_t wrong = 0;
    for (size_t i = 0; i < wanted.size(); ++i) {
      const double off = std::abs(static_cast<double>(values[i]) - static_cast<double>(wanted[i]));
      wrong += off <= 1e-4 * largest ? 0 : 1;
    }
    INFO("seed " << seed << ": " << wrong << " of " << wanted.size() << " differ");
    REQUIRE(wrong <= (steps ? wanted.size() / 20 + 1 : 0));
  }
}

TEST_CASE("Parameters go out and come back") {
  const Graph graph = random_graph(test::seed());
  Graph same = graph;
  tune::store(tune::parameters_of(graph), same);
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    CHECK(same.nodes[n].weights == graph.nodes[n].weights);
    CHECK(same.nodes[n].bias == graph.nodes[n].bias);
  }
}

TEST_CASE("Rounding has the derivative of its clamp") {
  torch::Tensor x = torch::tensor({-3.2F, -0.3F, 0.3F, 0.6F, 200.0F}).view({1, 1, 5, 1});
  x.requires_grad_();
  const torch::Tensor y = tune::rounded(x, torch::tensor({0.5F}), -2, 127);
  y.sum().backward();
  const std::vector<float> values = {-1, -0.5F, 0.5F, 0.5F, 63.5F}, slopes = {0, 1, 1, 1, 0};
  for (int i = 0; i < 5; ++i) {
    CHECK(y.flatten()[i].item<float>() == values[static_cast<size_t>(i)]);
    CHECK(x.grad().flatten()[i].item<float>() == slopes[static_cast<size_t>(i)]);
  }
}

TEST_CASE("A step of each channel rounds that channel") {
  const torch::Tensor x = torch::full({2, 2, 1, 1}, 0.7F);
  const torch::Tensor y = tune::rounded(x, torch::tensor({0.5F, 2.0F}), -128, 127);
  CHECK(y[1][0].item<float>() == 0.5F);
  CHECK(y[1][1].item<float>() == 0.0F);
}
