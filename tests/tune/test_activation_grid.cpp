// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "seed.hpp"
#include "tune/activation_grid.hpp"
#include "tune/graphs.hpp"

using namespace keyway;
using graph::OpKind;
using graph::Window;
using tune::testing::GraphBuilder;
using tune::testing::kRelu;

TEST_CASE("Activations are rounded where a layer of the core ends") {
  GraphBuilder b({3, 6, 6}, test::seed());
  const Window three{3, 3, 1, 1, 1, 1, 1, 1};
  const int first = b.add(OpKind::kConv, three, 4, kRelu);
  const int inside = b.add(OpKind::kConv, three, 4);
  const int sum = b.add(OpKind::kAdd, {}, 4, kRelu, inside, first);
  const int most = b.add(OpKind::kMaxPool, {2, 2, 2, 2}, 4);
  const int coarse = b.add(OpKind::kConv, {}, 5, {-1, 0.75F, 0.25F});
  const int last = b.add(OpKind::kConv, {3, 3}, 2);
  const std::vector<float> x = b.floats(20 * 108);
  const auto grids = tune::activation_grids(b.graph(), x.data(), 20, 1);
  const auto at = [&](int tensor) { return grids[static_cast<size_t>(tensor)]; };

  CHECK(at(0).rounds);
  CHECK(at(0).lo == -128);
  for (const int tensor : {first, sum}) {
    CHECK(at(tensor).rounds);
    CHECK(at(tensor).scale.size() == 4);
    CHECK(at(tensor).lo == 0);
    CHECK(at(tensor).hi == 255);
  }
  CHECK(at(inside).scale.empty());  // the addition is part of the convolution
  CHECK_FALSE(at(inside).rounds);
  CHECK_FALSE(at(most).rounds);
  CHECK(at(most).scale == at(sum).scale);
  CHECK_FALSE(at(coarse).rounds);  // the graph does
  CHECK(at(coarse).scale == std::vector<float>(5, 0.25F));
  CHECK_FALSE(at(last).rounds);
  CHECK(at(last).scale.size() == 2);
}

TEST_CASE("An input that a quantised file rounds keeps its steps") {
  GraphBuilder b({2, 4, 4}, test::seed());
  b.add(OpKind::kConv, {4, 4}, 3);
  graph::Graph graph = b.graph();
  graph.input_clamp = {{-1, 1, 0.5F}, {0, 4, 0.125F}};
  const std::vector<float> x = b.floats(10 * 32);
  const auto grids = tune::activation_grids(graph, x.data(), 10, 1);
  CHECK(grids[0].scale == std::vector<float>{0.5F, 0.125F});
  CHECK_FALSE(grids[0].rounds);
}
