// SPDX-License-Identifier: Apache-2.0
/// Hand-made and random float graphs for the tests of quantiser, compiler and simulators.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "graph/graph.hpp"

namespace keyway::test {

/// Random numbers that are the same on every platform.
class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}
  int64_t integer(int64_t lo, int64_t hi) {  ///< both included
    return lo + static_cast<int64_t>(engine_() % static_cast<uint64_t>(hi - lo + 1));
  }
  bool chance(double p) { return uniform() < p; }
  double uniform() { return static_cast<double>(engine_() >> 11) * 0x1p-53; }
  double normal();
  std::vector<float> normals(int64_t count, double deviation);

 private:
  std::mt19937_64 engine_;
};

/// Builds a graph node by node; every function returns the index of the tensor that it adds.
class GraphBuilder {
 public:
  explicit GraphBuilder(uint64_t seed) : random(seed) {}

  int input(Shape shape);
  /// He-scaled random weights, small random biases.
  int conv(int x, int64_t channels, graph::Window window, graph::Clamp clamp = {});
  int depthwise(int x, graph::Window window, graph::Clamp clamp = {});
  /// A fully connected layer over the whole of x.
  int dense(int x, int64_t channels, graph::Clamp clamp = {});
  int max_pool(int x, graph::Window window, graph::Clamp clamp = {});
  int average_pool(int x, graph::Window window, bool include_pad, graph::Clamp clamp = {});
  int global_average(int x);
  int add(int a, int b, graph::Clamp clamp = {});
  int shortcut(int x, int64_t stride, int64_t channels, int64_t before);
  int pad(int x, int64_t top, int64_t left, int64_t bottom, int64_t right);
  graph::Graph finish(int output);

  graph::Node& last() { return graph_.nodes.back(); }
  const Shape& shape(int x) const { return graph_.tensors[static_cast<size_t>(x)].shape; }

  Random random;

 private:
  int append(graph::OpKind kind, std::vector<int> inputs, Shape shape, graph::Window window,
             graph::Clamp clamp);
  Shape slid(int x, int64_t channels, const graph::Window& window) const;

  graph::Graph graph_;
};

graph::Window window(int64_t kernel, int64_t stride, int64_t pad);
inline constexpr graph::Clamp kNoClamp{};
inline constexpr graph::Clamp kRelu{0.0F, std::numeric_limits<float>::infinity()};
inline constexpr graph::Clamp kRelu6{0.0F, 6.0F};

/// A small network with every kind of node, odd shapes and paddings, now and then a vector only.
graph::Graph random_graph(uint64_t seed);
/// `images` random normal inputs for it.
std::vector<float> random_inputs(const graph::Graph& graph, int64_t images, uint64_t seed);

/// ||got - want|| / max(||want - mean(want)||, 0.3 ||want||)
double relative_distance(const std::vector<float>& got, const std::vector<float>& want);

}  // namespace keyway::test
