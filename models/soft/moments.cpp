// SPDX-License-Identifier: Apache-2.0
#include "soft/moments.hpp"

#include <algorithm>
#include <random>

#include "common/integers.hpp"
#include "graph/execute.hpp"

namespace keyway::soft {
namespace {

constexpr int64_t kPositions = 16384;  ///< sampled of a layer, about

/// What the taps meet at an output pixel; the last entry stays.
void meet(const graph::Node& node, const Shape& in, const float* image, int64_t y, int64_t x,
          Eigen::VectorXd& taps) {
  const graph::Window& w = node.window;
  Eigen::Index t = 0;
  for (int64_t c = 0; c < in.channels; ++c) {
    for (int64_t ky = 0; ky < w.kernel_h; ++ky) {
      for (int64_t kx = 0; kx < w.kernel_w; ++kx, ++t) {
        const int64_t iy = y * w.stride_h + ky - w.pad_top, ix = x * w.stride_w + kx - w.pad_left;
        const bool inside = iy >= 0 && iy < in.height && ix >= 0 && ix < in.width;
        taps[t] = inside ? static_cast<double>(image[(c * in.height + iy) * in.width + ix]) : 0.0;
      }
    }
  }
}

}  // namespace

std::vector<Eigen::MatrixXd> second_moments(const graph::Graph& graph,
                                            const std::vector<size_t>& nodes, const float* inputs,
                                            int64_t images, int threads) {
  std::vector<Eigen::MatrixXd> moments(nodes.size());
  if (images < 1) return moments;
  const int64_t each = common::ceil_div(kPositions, images);
  const auto shape = [&](int tensor) -> const Shape& {
    return graph.tensors[static_cast<size_t>(tensor)].shape;
  };
  std::mt19937_64 random(1);
  graph::ExecuteOptions options;
  options.threads = threads;
  graph::execute(graph, inputs, images, options, [&](int t, const float* data, int64_t count) {
    for (size_t i = 0; i < nodes.size(); ++i) {
      const graph::Node& node = graph.nodes[nodes[i]];
      const auto taps = static_cast<int64_t>(node.weights.size() / node.bias.size());
      if (node.inputs[0] != t || taps > kMostTaps) continue;
      const Shape &in = shape(t), &out = shape(node.output);
      const int64_t sampled = std::min(each, out.pixels());
      Eigen::MatrixXd columns(taps + 1, count * sampled);
      Eigen::VectorXd column = Eigen::VectorXd::Ones(taps + 1);
      for (int64_t n = 0; n < count * sampled; ++n) {
        const auto pixel = static_cast<int64_t>(random() % static_cast<uint64_t>(out.pixels()));
        meet(node, in, data + n / sampled * in.elements(), pixel / out.width, pixel % out.width,
             column);
        columns.col(n) = column;
      }
      if (moments[i].size() == 0) moments[i] = Eigen::MatrixXd::Zero(taps + 1, taps + 1);
      moments[i].noalias() += columns * columns.transpose() / static_cast<double>(images * sampled);
    }
  });
  return moments;
}

}  // namespace keyway::soft
