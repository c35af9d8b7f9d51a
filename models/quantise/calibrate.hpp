// SPDX-License-Identifier: Apache-2.0
/// What the calibration images tell of every tensor, and the byte scales that follow from it.
///
/// Scales. A tensor that is never negative (from the graph's structure; for the input from the
/// data) is unsigned, scale = range / 255, else signed, scale = range / 127. The range of a channel
/// is the one of least expected square error: what lies beyond it is cut off, and what lies inside
/// is rounded,
///
///     E(range) = mean of max(|x| - range, 0)^2 + P(x != 0) scale^2 / 12,
///
/// times the headroom, at most the bound that clamps prove (ReLU6). Where few values were seen
/// (a vector's channel has one per image), the next image brings larger ones: the range grows as
/// the largest of n normal values does, sqrt(log(values) / log(n)), as though `values` had been
/// seen. Input values that reach their peak often are bounded by nature (images): range = peak,
/// unless cutting off is far better. Channels that were nearly always zero get at least a twentieth
/// of the tensor's median range, so nothing divides by zero.
///
/// Floor. What few inputs, or noise, did not show of a channel follows from its weights:
/// its range is at least `caution` (evidence.hpp) times its reach (reach.hpp) times the factor by
/// which the tensor's other channels go beyond theirs, or the tensor's largest range where that is
/// less; for a channel of the input one over the number of values seen is the share, not `caution`.
/// Test: tests/quantise/test_calibrate.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "graph/graph.hpp"
#include "quantise/network.hpp"

namespace keyway::quantise {

/// Counts of magnitudes in equal bins; the bins widen as values grow.
class MagnitudeHistogram {
 public:
  static constexpr size_t kBins = 512;
  void add(double magnitude);  ///< not zero
  double width() const { return width_; }
  const std::vector<uint32_t>& counts() const { return counts_; }  ///< empty: nothing was added

 private:
  double width_ = 0;
  std::vector<uint32_t> counts_;
};

struct ChannelStatistics {
  double low = 0, high = 0;       ///< over all calibration values, and zero
  double square = 0;              ///< mean square
  int64_t at_peak = 0;            ///< values whose magnitude is the largest
  int64_t count = 0;              ///< values seen
  MagnitudeHistogram magnitudes;  ///< of those that are not zero
};

struct TensorStatistics {
  std::vector<ChannelStatistics> channels;
  std::vector<double> mean;  ///< of every element, C x H x W
  int64_t images = 0;
  double trust = 1;  ///< what an image counts (Evidence::trust)
};

/// Hears of `count` images of a tensor, number `first` and on, each in C, H, W order.
using TensorListener =
    std::function<void(int tensor, const float* data, int64_t first, int64_t count)>;

/// Runs the float graph over `images` inputs in the user's layout. One entry per tensor of the
/// graph. `progress` hears how many inputs are done, `listener` of all values.
std::vector<TensorStatistics> calibrate(const graph::Graph& graph, const float* inputs,
                                        int64_t images, int threads,
                                        const std::function<void(int64_t)>& progress = {},
                                        const TensorListener& listener = {});

/// Values that a tensor can take, from the clamps of the graph.
struct Bound {
  double lo, hi;
};
std::vector<Bound> value_bounds(const graph::Graph& graph);
/// What a convolution can give before its clamp, for each channel, if its input is bounded so.
std::vector<Bound> reachable(const graph::Node& convolution, const Bound& input);

struct ScaleOptions {
  double headroom = 1.1;
  double values = 1e5;  ///< see above
};

/// What is known of a tensor beside its values.
struct ScaleContext {
  Bound bound;
  bool is_input = false;      ///< the sign comes from the data
  double caution = 0;         ///< see above
  std::vector<double> reach;  ///< of every channel; empty: nothing is known
  std::vector<double> least;  ///< ranges that are needed in any case; empty: none
};

/// Sign and scales of one tensor.
Tensor choose_scales(const graph::Tensor& tensor, const TensorStatistics& statistics,
                     const ScaleContext& context, const ScaleOptions& options);

}  // namespace keyway::quantise
