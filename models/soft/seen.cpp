// SPDX-License-Identifier: Apache-2.0
#include "soft/seen.hpp"

#include "graph/execute.hpp"

namespace keyway::soft {

SeenTensors look(const graph::Graph& graph, const float* inputs, int64_t images, int threads) {
  SeenTensors seen(graph.tensors.size());
  for (size_t t = 0; t < seen.size(); ++t) {
    seen[t].resize(static_cast<size_t>(graph.tensors[t].shape.channels));
  }
  if (images < 1) return seen;
  graph::ExecuteOptions options;
  options.threads = threads;
  graph::execute(graph, inputs, images, options, [&](int t, const float* data, int64_t count) {
    const Shape& shape = graph.tensors[static_cast<size_t>(t)].shape;
    for (int64_t i = 0; i < count * shape.elements(); ++i) {
      const double v = data[i];
      Seen& channel =
          seen[static_cast<size_t>(t)][static_cast<size_t>(i / shape.pixels() % shape.channels)];
      channel.low = std::min(channel.low, v);
      channel.high = std::max(channel.high, v);
      channel.square += v * v;
    }
  });
  return seen;
}

}  // namespace keyway::soft
