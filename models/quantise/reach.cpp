// SPDX-License-Identifier: Apache-2.0
#include "quantise/reach.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace keyway::quantise {
namespace {

constexpr double kUsual = 0.9;  ///< share of the channels that are within the usual factor

double square(double x) { return x * x; }

/// Sum of squares of what comes to output channel `o` through weights and bias.
double weighted(const FloatLayer& layer, size_t channels, size_t o,
                const std::vector<double>& input) {
  const auto positions = static_cast<size_t>(layer.window.kernel_h * layer.window.kernel_w);
  const size_t taps = layer.weights.size() / channels;
  double sum = square(static_cast<double>(layer.bias[o]));
  for (size_t t = 0; t < taps; ++t) {
    const size_t c = layer.kind == LayerKind::kDense ? t / positions : o;
    sum += square(static_cast<double>(layer.weights[o * taps + t]) * input[c]);
  }
  return sum;
}

}  // namespace

std::vector<double> expected_reach(const FloatLayer& layer, size_t channels,
                                   const std::vector<double>& input,
                                   const std::vector<double>& residual) {
  std::vector<double> reach;
  for (size_t o = 0; o < channels; ++o) {
    double sum =
        layer.weights.empty() ? square(layer.gain * input[o]) : weighted(layer, channels, o, input);
    if (layer.has_residual && layer.residual.channel[o] >= 0) {
      sum += square(residual[static_cast<size_t>(layer.residual.channel[o])]);
    }
    reach.push_back(std::sqrt(sum));
  }
  return reach;
}

std::vector<double> input_reach(const graph::Graph& graph) {
  const auto channels =
      static_cast<size_t>(graph.tensors[static_cast<size_t>(graph.input)].shape.channels);
  std::vector<double> reach(channels, 0.0);
  for (const graph::Node& node : graph.nodes) {
    if (std::count(node.inputs.begin(), node.inputs.end(), graph.input) == 0) continue;
    if (node.weights.empty()) return std::vector<double>(channels, 1.0);
    const auto positions = static_cast<size_t>(node.window.kernel_h * node.window.kernel_w);
    for (size_t i = 0; i < node.weights.size(); ++i) {
      reach[i / positions % channels] += square(static_cast<double>(node.weights[i]));
    }
  }
  for (double& r : reach) r = r > 0 ? 1 / std::sqrt(r) : 0;
  return reach;
}

double usual_factor(const std::vector<double>& range, const std::vector<double>& reach) {
  std::vector<double> factors;
  for (size_t c = 0; c < range.size(); ++c) {
    if (range[c] > 0 && reach[c] > 0) factors.push_back(range[c] / reach[c]);
  }
  if (factors.empty()) return 0;
  const double last = static_cast<double>(factors.size() - 1);
  const auto at = factors.begin() + static_cast<std::ptrdiff_t>(std::ceil(kUsual * last));
  std::nth_element(factors.begin(), at, factors.end());
  return *at;
}

}  // namespace keyway::quantise
