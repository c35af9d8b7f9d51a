// SPDX-License-Identifier: Apache-2.0
// Structure of lowered graphs: which layers stand where, what fuses and what must not.
#include <catch2/catch.hpp>

#include "common/error.hpp"
#include "graphs.hpp"
#include "quantise/lower.hpp"

using namespace keyway;
using namespace keyway::quantise;
using keyway::test::GraphBuilder;
using keyway::test::kRelu;
using keyway::test::window;

TEST_CASE("a convolution without clamp and other readers computes the addition") {
  GraphBuilder b(1);
  const int x = b.input({4, 8, 8});
  const int a = b.conv(x, 6, window(3, 1, 1), kRelu);
  const int c = b.conv(a, 6, window(3, 1, 1));
  const bool swapped = GENERATE(false, true);
  const int y = swapped ? b.add(a, c, kRelu) : b.add(c, a, kRelu);
  const FloatNetwork n = lower(b.finish(y));
  REQUIRE(n.layers.size() == 2);
  const FloatLayer& fused = n.layers[1];
  CHECK(fused.kind == LayerKind::kDense);
  CHECK(fused.input == a);
  CHECK(fused.output == y);
  CHECK(fused.has_residual);
  CHECK(fused.residual.tensor == a);
  CHECK(fused.residual.channel == std::vector<int64_t>{0, 1, 2, 3, 4, 5});
  CHECK(fused.clamp.lo == 0.0F);
}

TEST_CASE("of two convolutions the later one computes the addition, after both inputs are there") {
  GraphBuilder b(1);
  const int x = b.input({4, 8, 8});
  const int first = b.conv(x, 6, window(3, 1, 1));
  const int second = b.conv(x, 6, window(1, 1, 0));
  const int y = b.add(first, second);
  const FloatNetwork n = lower(b.finish(y));
  REQUIRE(n.layers.size() == 2);
  CHECK(n.layers[0].output == first);
  CHECK(n.layers[1].input == x);
  CHECK(n.layers[1].output == y);
  CHECK(n.layers[1].residual.tensor == first);
}

TEST_CASE("a clamp or another reader forbids fusing") {
  GraphBuilder b(1);
  const int x = b.input({4, 8, 8});
  SECTION("clamp") {
    const int a = b.conv(x, 4, window(3, 1, 1), kRelu);
    const int y = b.add(a, x);
    const FloatNetwork n = lower(b.finish(y));
    REQUIRE(n.layers.size() == 2);
    CHECK(n.layers[1].kind == LayerKind::kSum);
    CHECK(n.layers[1].input == a);
    CHECK(n.layers[1].residual.tensor == x);
  }
  SECTION("another reader") {
    const int a = b.conv(x, 4, window(3, 1, 1));
    const int s = b.add(a, x);
    const int y = b.add(s, a);
    const FloatNetwork n = lower(b.finish(y));
    REQUIRE(n.layers.size() == 3);
    CHECK(n.layers[1].kind == LayerKind::kSum);
    CHECK(n.layers[2].kind == LayerKind::kSum);
  }
  SECTION("the network's output") {
    const int a = b.conv(x, 4, window(3, 1, 1));
    b.add(a, x);
    CHECK(lower(b.finish(a)).layers.size() == 2);
  }
}

TEST_CASE("x + x needs no residual") {
  GraphBuilder b(1);
  const int x = b.input({4, 8, 8});
  const int a = b.conv(x, 4, window(3, 1, 1));
  const FloatNetwork n = lower(b.finish(b.add(a, a, kRelu)));
  REQUIRE(n.layers.size() == 2);
  CHECK(n.layers[1].kind == LayerKind::kSum);
  CHECK_FALSE(n.layers[1].has_residual);
  CHECK(n.layers[1].gain == 2.0);
}

TEST_CASE("a shortcut is read through the residual") {
  GraphBuilder b(1);
  const int x = b.input({4, 8, 8});
  const int a = b.conv(x, 8, window(3, 2, 1));
  const int s = b.shortcut(x, 2, 8, 2);
  const int y = b.add(s, a);
  SECTION("only") {
    const FloatNetwork n = lower(b.finish(y));
    REQUIRE(n.layers.size() == 1);
    CHECK(n.layers[0].residual.tensor == x);
    CHECK(n.layers[0].residual.stride_h == 2);
    CHECK(n.layers[0].residual.stride_w == 2);
    CHECK(n.layers[0].residual.channel == std::vector<int64_t>{-1, -1, 0, 1, 2, 3, -1, -1});
  }
  SECTION("and by another layer, for which it is made") {
    const FloatNetwork n = lower(b.finish(b.add(b.max_pool(s, window(1, 1, 0)), y)));
    REQUIRE(n.layers.size() == 4);
    CHECK(n.layers[0].output == s);
    CHECK(n.layers[0].selects);
    CHECK(n.layers[1].residual.tensor == x);
  }
}

TEST_CASE("two shortcuts: one is made, the other read through") {
  GraphBuilder b(1);
  const int x = b.input({4, 8, 8});
  const int s = b.shortcut(x, 2, 4, 0), t = b.shortcut(x, 2, 4, 0);
  const FloatNetwork n = lower(b.finish(b.add(s, t)));
  REQUIRE(n.layers.size() == 2);
  CHECK(n.layers[0].kind == LayerKind::kSum);
  CHECK(n.layers[0].window.stride_h == 2);
  CHECK(n.layers[0].keeps_values);
  CHECK(n.layers[1].has_residual);
  CHECK(n.layers[1].residual.tensor == x);
}

TEST_CASE("averages that leave out padding are cut into parts that tile the output") {
  GraphBuilder b(1);
  const int x = b.input({2, 7, 9});
  graph::Window w = window(3, 2, 1);
  w.pad_right = 2;
  const int y = b.average_pool(x, w, false);
  const Shape shape = b.shape(y);
  const FloatNetwork n = lower(b.finish(y));
  std::vector<double> divisor(static_cast<size_t>(shape.pixels()), 0.0);
  for (const Part& p : n.layers[0].parts) {
    for (int64_t i = p.y; i < p.y + p.height; ++i) {
      for (int64_t j = p.x; j < p.x + p.width; ++j) {
        double& d = divisor[static_cast<size_t>(i * shape.width + j)];
        CHECK(d == 0.0);
        d = p.divisor;
      }
    }
  }
  for (int64_t i = 0; i < shape.height; ++i) {
    for (int64_t j = 0; j < shape.width; ++j) {
      int count = 0;
      for (int64_t u = 2 * i - 1; u < 2 * i + 2; ++u) {
        for (int64_t v = 2 * j - 1; v < 2 * j + 2; ++v) count += u >= 0 && u < 7 && v >= 0 && v < 9;
      }
      CHECK(divisor[static_cast<size_t>(i * shape.width + j)] == count);
    }
  }
}

TEST_CASE("weights of the wrong number are refused by node") {
  GraphBuilder b(1);
  const int x = b.input({4, 8, 8});
  const int y = b.conv(x, 4, window(3, 1, 1));
  b.last().weights.pop_back();
  try {
    lower(b.finish(y));
    FAIL("accepted");
  } catch (const Error& e) {
    CHECK(e.kind() == ErrorKind::kUnsupported);
    CHECK(std::string(e.what()).find("node_0") != std::string::npos);
  }
}

TEST_CASE("multiply-accumulates of the layers add up to the graph's") {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    const graph::Graph g = test::random_graph(seed);
    uint64_t macs = 0;
    for (const FloatLayer& layer : lower(g).layers) macs += layer.macs;
    CHECK(macs == g.macs);
  }
}
