// SPDX-License-Identifier: Apache-2.0
#include "quantise/compensate.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include "quantise/calibration_run.hpp"

namespace keyway::quantise {
namespace {

using Floats = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Doubles = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Eigen::Index;

constexpr double kRidge = 0.03;  ///< of the mean power of a tap

}  // namespace

WantedSums::WantedSums(const graph::Graph& graph, const FloatNetwork& network, int64_t images,
                       const std::function<bool(const FloatLayer&)>& wanted)
    : graph_(graph), network_(network), images_(images), sums_(network.layers.size()) {
  int64_t left = kMostSums;
  for (size_t i = 0; i < sums_.size(); ++i) {
    const FloatLayer& layer = network.layers[i];
    if (layer.weights.empty() || !wanted(layer)) continue;
    const Shape& out = graph.tensors[static_cast<size_t>(layer.output)].shape;
    const auto size = static_cast<int64_t>(sampled_positions(images, out).size()) * out.channels;
    left -= size;
    if (left < 0) break;
    sums_[i].assign(static_cast<size_t>(size), 0.0F);
  }
}

void WantedSums::see(int tensor, const float* data, int64_t first, int64_t count) {
  for (size_t i = 0; i < sums_.size(); ++i) {
    const FloatLayer& layer = network_.layers[i];
    if (sums_[i].empty()) continue;
    if (layer.input == tensor) add_products(i, data, first, count);
    if (layer.has_residual && layer.residual.tensor == tensor) add_residual(i, data, first, count);
  }
}

void WantedSums::add_products(size_t number, const float* data, int64_t first, int64_t count) {
  const FloatLayer& layer = network_.layers[number];
  const Shape &in = graph_.tensors[static_cast<size_t>(layer.input)].shape,
              &out = graph_.tensors[static_cast<size_t>(layer.output)].shape;
  const graph::Window& w = layer.window;
  const std::vector<Position> positions = sampled_positions(images_, out);
  std::vector<size_t> mine;
  for (size_t n = 0; n < positions.size(); ++n) {
    if (positions[n].image >= first && positions[n].image < first + count) mine.push_back(n);
  }
  const auto taps = static_cast<Index>(in.channels * w.kernel_h * w.kernel_w);
  Floats columns = Floats::Zero(taps, static_cast<Index>(mine.size()));
  for (size_t k = 0; k < mine.size(); ++k) {
    const Position& at = positions[mine[k]];
    const float* image = data + (at.image - first) * in.elements();
    Index t = 0;
    for (int64_t c = 0; c < in.channels; ++c) {
      for (int64_t ky = 0; ky < w.kernel_h; ++ky) {
        for (int64_t kx = 0; kx < w.kernel_w; ++kx, ++t) {
          const int64_t y = at.y * w.stride_h - w.pad_top + ky,
                        x = at.x * w.stride_w - w.pad_left + kx;
          if (y < 0 || y >= in.height || x < 0 || x >= in.width) continue;
          columns(t, static_cast<Index>(k)) = image[(c * in.height + y) * in.width + x];
        }
      }
    }
  }
  const auto channels = static_cast<Index>(out.channels);
  const Index own = static_cast<Index>(layer.weights.size()) / channels;
  const Eigen::Map<const Floats> weights(layer.weights.data(), channels, own);
  Floats products(channels, columns.cols());
  if (layer.kind == LayerKind::kDense) {
    products.noalias() = weights * columns;
  } else {
    for (Index c = 0; c < channels; ++c) {
      products.row(c).noalias() = weights.row(c) * columns.middleRows(c * own, own);
    }
  }
  for (Index c = 0; c < channels; ++c) {
    float* sums = sums_[number].data() + static_cast<size_t>(c) * positions.size();
    for (size_t k = 0; k < mine.size(); ++k) sums[mine[k]] += products(c, static_cast<Index>(k));
  }
}

void WantedSums::add_residual(size_t number, const float* data, int64_t first, int64_t count) {
  const FloatLayer& layer = network_.layers[number];
  const Residual& residual = layer.residual;
  const Shape &from = graph_.tensors[static_cast<size_t>(residual.tensor)].shape,
              &out = graph_.tensors[static_cast<size_t>(layer.output)].shape;
  const std::vector<Position> positions = sampled_positions(images_, out);
  for (size_t n = 0; n < positions.size(); ++n) {
    const Position& at = positions[n];
    if (at.image < first || at.image >= first + count) continue;
    const float* image = data + (at.image - first) * from.elements();
    for (size_t c = 0; c < residual.channel.size(); ++c) {
      if (residual.channel[c] < 0) continue;
      sums_[number][c * positions.size() + n] +=
          image[(residual.channel[c] * from.height + at.y * residual.stride_h) * from.width +
                at.x * residual.stride_w];
    }
  }
}

void compensate(const CompensationProblem& problem, const float* goal, double* weights) {
  const auto channels = static_cast<Index>(problem.channels),
             taps = static_cast<Index>(problem.taps);
  const Index count = static_cast<Index>(problem.columns.size()) / taps;
  const Eigen::Map<const Floats> columns(problem.columns.data(), taps, count);
  Eigen::Map<Doubles> moved(weights, channels, taps);
  Doubles gram = Eigen::Map<const Floats>(problem.gram, taps, taps).cast<double>();
  const double power = gram.trace() / static_cast<double>(taps);
  if (!(power > 0)) return;
  gram.diagonal().array() += kRidge * power;
  Floats lacks = Eigen::Map<const Floats>(goal, channels, count) - moved.cast<float>() * columns;
  lacks.colwise() -= lacks.rowwise().mean().eval();
  const Doubles cross = (columns * lacks.transpose()).cast<double>() *
                        (problem.certainty / static_cast<double>(count));
  moved += Eigen::LLT<Doubles>(gram).solve(cross).transpose();
}

}  // namespace keyway::quantise
