// SPDX-License-Identifier: Apache-2.0
#include "quantise/equalise.hpp"

#include <algorithm>
#include <cmath>

namespace keyway::quantise {
namespace {

/// Of the mean, added to every channel's m: one without weights needs no scale at all.
constexpr double kLeastPower = 1e-3;

/// Adds m of a dense layer, one in the mean.
void add_powers(const FloatLayer& layer, const Tensor& in, std::vector<double>& powers) {
  const auto taps = static_cast<size_t>(layer.window.kernel_h * layer.window.kernel_w);
  const size_t channels = powers.size();
  std::vector<double> mine(channels, 0.0), output(channels);
  size_t live = 0;
  for (size_t o = 0; o < layer.bias.size(); ++o) {
    double sum = 0;
    for (size_t c = 0; c < channels; ++c) {
      output[c] = 0;
      for (size_t t = 0; t < taps; ++t) {
        const double w = static_cast<double>(layer.weights[(o * channels + c) * taps + t]) *
                         static_cast<double>(in.scale[c]);
        output[c] += w * w;
      }
      sum += output[c];
    }
    if (!(sum > 0)) continue;
    ++live;
    for (size_t c = 0; c < channels; ++c) mine[c] += output[c] / sum;
  }
  for (size_t c = 0; c < channels && live > 0; ++c) {
    powers[c] += mine[c] * static_cast<double>(channels) / static_cast<double>(live);
  }
}

}  // namespace

std::vector<double> coarser_scales(const Tensor& tensor, const std::vector<double>& squares,
                                   const std::vector<const FloatLayer*>& readers, double most) {
  std::vector<double> powers(squares.size(), 0.0), factors(squares.size(), 1.0);
  double count = 0;
  for (const FloatLayer* layer : readers) {
    if (layer->kind != LayerKind::kDense || layer->selects) continue;
    add_powers(*layer, tensor, powers);
    ++count;
  }
  if (!(count > 0)) return factors;
  for (size_t c = 0; c < factors.size(); ++c) {
    factors[c] = std::pow(squares[c] / (powers[c] / count + kLeastPower), 0.25);
  }
  const double least = *std::min_element(factors.begin(), factors.end());
  for (double& factor : factors) factor = least > 0 ? std::min(factor / least, most) : 1;
  return factors;
}

}  // namespace keyway::quantise
