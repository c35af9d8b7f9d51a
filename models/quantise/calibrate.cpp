// SPDX-License-Identifier: Apache-2.0
#include "quantise/calibrate.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "common/error.hpp"
#include "graph/execute.hpp"
#include "quantise/reach.hpp"

namespace keyway::quantise {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr int64_t kSharedPeak = 4;   ///< values at exactly one peak that make it a bound
constexpr double kRare = 64;         ///< values other than zero below which a range is not trusted
constexpr double kRareRange = 0.05;  ///< of the median range: the least range of such channels
constexpr double kFewest = 8;        ///< values from which a range can be told at all
constexpr double kCutGain = 1.5;     ///< by which cutting off must be better than a bound of nature

/// Adds one image's channel to the sums; `square` holds a sum until the end.
void accumulate(const float* values, int64_t count, ChannelStatistics& c) {
  double peak = std::max(c.high, -c.low);
  for (int64_t i = 0; i < count; ++i) {
    const double v = values[i];
    if (!std::isfinite(v)) {
      throw Error(ErrorKind::kFile, "calibration: the network's values overflow or are NaN");
    }
    c.low = std::min(c.low, v);
    c.high = std::max(c.high, v);
    c.square += v * v;
    const double magnitude = std::abs(v);
    if (magnitude > 0) c.magnitudes.add(magnitude);
    if (magnitude > peak) {
      peak = magnitude;
      c.at_peak = 1;
    } else if (magnitude == peak) {
      ++c.at_peak;
    }
  }
  c.count += count;
}

/// Magnitudes over the channel's root mean square, as a density with bins of 1 / kPerUnit.
class Density {
 public:
  static constexpr size_t kBins = 1024;
  static constexpr double kPerUnit = 16;

  explicit Density(const ChannelStatistics& c)
      : counts_(kBins, 0.0), seen_(static_cast<double>(c.count)) {
    const double rms = std::sqrt(c.square);
    const std::vector<uint32_t>& counts = c.magnitudes.counts();
    for (size_t k = 0; k < counts.size(); ++k) {
      const double u = (static_cast<double>(k) + 0.5) * c.magnitudes.width() / rms;
      counts_[std::min(kBins - 1, static_cast<size_t>(u * kPerUnit))] += counts[k];
    }
  }

  /// E(range) for a byte of `steps` steps to the range; in squares of the root mean square.
  double error(double range, double steps) const {
    double cut = 0, some = 0;
    for (size_t k = 0; k < kBins; ++k) {
      const double beyond = (static_cast<double>(k) + 0.5) / kPerUnit - range;
      if (beyond > 0) cut += counts_[k] * beyond * beyond;
      some += counts_[k];
    }
    return (cut + some * range * range / (12 * steps * steps)) / seen_;
  }

  /// Values that are not zero.
  double count() const {
    double some = 0;
    for (const double c : counts_) some += c;
    return some;
  }

  double best_range(double steps) const {
    double best = 0, least = kInfinity;
    // Coarse first: the error has one minimum, up to the noise of few counts.
    for (size_t k = 8; k <= kBins; k += 8) consider(k, steps, best, least);
    const auto middle = static_cast<size_t>(best * kPerUnit);
    for (size_t k = std::max<size_t>(8, middle) - 7; k < middle + 8; ++k) {
      consider(k, steps, best, least);
    }
    return best;
  }

 private:
  void consider(size_t k, double steps, double& best, double& least) const {
    const double range = static_cast<double>(k) / kPerUnit;
    const double e = error(range, steps);
    if (e < least) {
      least = e;
      best = range;
    }
  }

  std::vector<double> counts_;
  double seen_;
};

double quantile(std::vector<double> values, double q) {
  if (values.empty()) return 0;
  const auto at = static_cast<ptrdiff_t>(q * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + at, values.end());
  return values[static_cast<size_t>(at)];
}

Bound clamped(Bound b, const graph::Clamp& clamp) {
  const double lo = clamp.lo, hi = clamp.hi;
  return {std::min(std::max(b.lo, lo), hi), std::min(std::max(b.hi, lo), hi)};
}

/// How much larger the largest of `many` normal values is than that of `few`, about.
double growth(double few, double many) {
  return few >= many ? 1.0 : std::sqrt(std::log(many) / std::log(std::max(few, kFewest)));
}

/// The floor under the ranges: see the header.
void raise(const TensorStatistics& statistics, const ScaleContext& context,
           const std::vector<double>& seen, std::vector<double>& range) {
  const std::vector<double>& reach = context.reach;
  if (!reach.empty()) {
    // Channels that were hardly seen cannot tell how far the others should reach.
    std::vector<double> known = range;
    const bool some_known =
        std::any_of(seen.begin(), seen.end(), [](double s) { return s >= kRare; });
    for (size_t c = 0; c < range.size() && some_known; ++c) {
      if (seen[c] < kRare) known[c] = 0;
    }
    const double factor = usual_factor(known, reach);
    const double most = *std::max_element(known.begin(), known.end());
    for (size_t c = 0; c < range.size(); ++c) {
      const double count = statistics.trust * static_cast<double>(statistics.channels[c].count);
      const double share = context.is_input ? 1 / std::max(1.0, count) : context.caution;
      range[c] = std::max(range[c], share * std::min(most, factor * reach[c]));
    }
  }
  for (size_t c = 0; c < context.least.size(); ++c) {
    range[c] = std::max(range[c], context.least[c]);
  }
}

}  // namespace

void MagnitudeHistogram::add(double magnitude) {
  if (counts_.empty()) {
    counts_.assign(kBins, 0);
    width_ = magnitude / (kBins / 2);
    // A denormal first value: any width that can grow will do.
    if (!(width_ > 0)) width_ = std::numeric_limits<double>::min();
  }
  while (magnitude >= width_ * kBins) {
    for (size_t k = 0; k < kBins / 2; ++k) counts_[k] = counts_[2 * k] + counts_[2 * k + 1];
    std::fill(counts_.begin() + kBins / 2, counts_.end(), 0U);
    width_ *= 2;
  }
  ++counts_[static_cast<size_t>(magnitude / width_)];
}

std::vector<TensorStatistics> calibrate(const graph::Graph& graph, const float* inputs,
                                        int64_t images, int threads,
                                        const std::function<void(int64_t)>& progress,
                                        const TensorListener& listener) {
  if (images < 1) throw Error(ErrorKind::kFile, "calibration needs at least one input");
  std::vector<TensorStatistics> all(graph.tensors.size());
  for (size_t t = 0; t < all.size(); ++t) {
    const Shape& shape = graph.tensors[t].shape;
    all[t].channels.resize(static_cast<size_t>(shape.channels));
    all[t].mean.resize(static_cast<size_t>(shape.elements()), 0.0);
  }
  const auto visit = [&](int tensor, const float* data, int64_t count) {
    TensorStatistics& s = all[static_cast<size_t>(tensor)];
    const Shape& shape = graph.tensors[static_cast<size_t>(tensor)].shape;
    if (listener) listener(tensor, data, s.images, count);
    for (int64_t n = 0; n < count; ++n, data += shape.elements()) {
      for (int64_t c = 0; c < shape.channels; ++c) {
        accumulate(data + c * shape.pixels(), shape.pixels(), s.channels[static_cast<size_t>(c)]);
      }
      for (size_t i = 0; i < s.mean.size(); ++i) s.mean[i] += static_cast<double>(data[i]);
    }
    s.images += count;
    if (progress && tensor == graph.output) progress(s.images);
  };
  graph::ExecuteOptions options;
  options.threads = threads;
  graph::execute(graph, inputs, images, options, visit);
  for (size_t t = 0; t < all.size(); ++t) {
    const auto count = static_cast<double>(std::max<int64_t>(1, all[t].images));
    const auto pixels = static_cast<double>(graph.tensors[t].shape.pixels());
    for (double& mean : all[t].mean) mean /= count;
    for (ChannelStatistics& c : all[t].channels) c.square /= count * pixels;
  }
  return all;
}

std::vector<Bound> reachable(const graph::Node& node, const Bound& input) {
  // Padding adds zeros.
  const double lo = std::min(input.lo, 0.0), hi = std::max(input.hi, 0.0);
  const size_t taps = node.weights.size() / node.bias.size();
  std::vector<Bound> bounds;
  for (size_t o = 0; o < node.bias.size(); ++o) {
    Bound b{node.bias[o], node.bias[o]};
    for (size_t t = 0; t < taps; ++t) {
      const auto w = static_cast<double>(node.weights[o * taps + t]);
      if (w == 0) continue;
      b.lo += w > 0 ? w * lo : w * hi;
      b.hi += w > 0 ? w * hi : w * lo;
    }
    bounds.push_back(b);
  }
  return bounds;
}

std::vector<Bound> value_bounds(const graph::Graph& graph) {
  std::vector<Bound> bounds(graph.tensors.size(), {-kInfinity, kInfinity});
  if (!graph.input_clamp.empty()) {
    Bound& input = bounds[static_cast<size_t>(graph.input)];
    input = {kInfinity, -kInfinity};
    for (const graph::Clamp& clamp : graph.input_clamp) {
      input.lo = std::min<double>(input.lo, clamp.lo);
      input.hi = std::max<double>(input.hi, clamp.hi);
    }
  }
  for (const graph::Node& node : graph.nodes) {
    const Bound first = bounds[static_cast<size_t>(node.inputs.at(0))];
    Bound result{-kInfinity, kInfinity};
    switch (node.kind) {
      case graph::OpKind::kConv:
        break;
      case graph::OpKind::kDepthwiseConv:
        // Of one weight a channel; sums seldom come near their bounds.
        if (node.weights.size() == node.bias.size() && std::isfinite(first.lo + first.hi)) {
          result = {kInfinity, -kInfinity};
          for (const Bound& b : reachable(node, first)) {
            result = {std::min(result.lo, b.lo), std::max(result.hi, b.hi)};
          }
        }
        break;
      case graph::OpKind::kMaxPool:
        result = first;
        break;
      case graph::OpKind::kAveragePool:
      case graph::OpKind::kShortcut:
      case graph::OpKind::kPad:  // zeros may join the values
        result = {std::min(first.lo, 0.0), std::max(first.hi, 0.0)};
        break;
      case graph::OpKind::kAdd: {
        const Bound second = bounds[static_cast<size_t>(node.inputs.at(1))];
        result = {first.lo + second.lo, first.hi + second.hi};
        break;
      }
    }
    bounds[static_cast<size_t>(node.output)] = clamped(result, node.clamp);
  }
  return bounds;
}

Tensor choose_scales(const graph::Tensor& tensor, const TensorStatistics& statistics,
                     const ScaleContext& context, const ScaleOptions& options) {
  const Bound& bound = context.bound;
  Tensor result;
  result.name = tensor.name;
  result.shape = tensor.shape;
  result.is_signed = bound.lo < 0;
  if (context.is_input) {
    result.is_signed = std::any_of(statistics.channels.begin(), statistics.channels.end(),
                                   [](const ChannelStatistics& c) { return c.low < 0; });
  }
  const double steps = result.is_signed ? 127.0 : 255.0;
  const double limit = std::max(bound.hi, -bound.lo);
  std::vector<double> range, live, seen;
  for (const ChannelStatistics& c : statistics.channels) {
    double r = 0, some = 0;
    if (c.square > 0) {
      const double rms = std::sqrt(c.square), peak = std::max(c.high, -c.low);
      const Density density(c);
      some = statistics.trust * density.count();
      r = density.best_range(steps) * rms;
      const bool is_shared = context.is_input && c.at_peak >= kSharedPeak;
      if (is_shared &&
          density.error(peak / rms, steps) < kCutGain * density.error(r / rms, steps)) {
        r = peak;
      } else {
        r *= options.headroom * growth(some, options.values);
      }
      r = std::min(r, limit);
      live.push_back(r);
    }
    range.push_back(r);
    seen.push_back(some);
  }
  double fallback = live.empty() ? 1.0 : quantile(live, 0.5);
  if (limit > 0) fallback = std::min(fallback, limit);
  for (size_t c = 0; c < range.size(); ++c) {
    if (seen[c] < kRare) range[c] = std::max(range[c], kRareRange * fallback);
  }
  raise(statistics, context, seen, range);
  for (size_t c = 0; c < range.size(); ++c) {
    const double r = std::min(range[c], limit > 0 ? limit : kInfinity);
    // Below the smallest normal float a scale would lose its precision, and its inverse overflow.
    const double scale = std::max(r / steps, 1e-30);
    result.scale.push_back(static_cast<float>(scale));
  }
  return result;
}

}  // namespace keyway::quantise
