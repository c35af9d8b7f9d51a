// SPDX-License-Identifier: Apache-2.0
#include "quantise/evidence.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <numeric>
#include <set>
#include <string_view>

#include "graph/execute.hpp"

namespace keyway::quantise {
namespace {

float median(std::vector<float> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Correlation of neighbouring values' signs over all images.
class Neighbours {
 public:
  void add(const float* channel, const Shape& shape) {
    const float middle = median({channel, channel + shape.pixels()});
    const auto sign = [&](int64_t i) {
      return channel[i] > middle ? 1 : channel[i] < middle ? -1 : 0;
    };
    const auto pair = [&](int64_t a, int64_t b) {
      const int u = sign(a), v = sign(b);
      product_ += u * v;
      power_ += (u * u + v * v) / 2.0;
      ++pairs_;
    };
    for (int64_t y = 0; y < shape.height; ++y) {
      for (int64_t x = 0; x < shape.width; ++x) {
        const int64_t at = y * shape.width + x;
        if (x + 1 < shape.width) pair(at, at + 1);
        if (y + 1 < shape.height) pair(at, at + shape.width);
      }
    }
  }

  bool are_independent() const {
    return pairs_ >= kFewestPairs && power_ > 0 && std::abs(product_) < kNoise * power_;
  }

 private:
  double product_ = 0, power_ = 0;
  int64_t pairs_ = 0;
};

double square(double x) { return x * x; }

/// Mean of 1 - correlation over all pairs of `images` inputs (two or more) of `channels` channels,
/// the mean of each input's channel taken off and each channel in units of its own deviation.
double mean_distance(const std::vector<float>& inputs, size_t images, size_t channels) {
  const size_t elements = inputs.size() / images, pixels = elements / channels;
  std::vector<double> mean(images * channels), power(channels, 0.0);
  const auto deviation = [&](size_t i) {
    return static_cast<double>(inputs[i]) - mean[i / pixels];
  };
  for (size_t k = 0; k < mean.size(); ++k) {
    const auto from = inputs.begin() + static_cast<std::ptrdiff_t>(k * pixels);
    const double sum = std::accumulate(from, from + static_cast<std::ptrdiff_t>(pixels), 0.0);
    mean[k] = sum / static_cast<double>(pixels);
    for (size_t i = k * pixels; i < (k + 1) * pixels; ++i) {
      power[k % channels] += square(deviation(i));
    }
  }
  std::vector<double> sum(elements, 0.0), one(elements);
  double count = 0;
  for (size_t n = 0; n < images; ++n) {
    double norm = 0;
    for (size_t i = 0; i < elements; ++i) {
      const double p = power[i / pixels];
      one[i] = p > 0 ? deviation(n * elements + i) / std::sqrt(p) : 0;
      norm += square(one[i]);
    }
    if (!(norm > 0)) continue;
    ++count;
    for (size_t i = 0; i < elements; ++i) sum[i] += one[i] / std::sqrt(norm);
  }
  double length = 0;
  for (const double s : sum) length += square(s);
  return count > 1 ? (count * count - length) / (count * (count - 1)) : 0;
}

/// The values of channel `c` of all inputs, C x H x W one after the other.
std::vector<float> channel_of(const std::vector<float>& inputs, const Shape& shape, int64_t c) {
  std::vector<float> values;
  for (size_t at = 0; at < inputs.size(); at += static_cast<size_t>(shape.elements())) {
    const auto from = inputs.begin() + static_cast<std::ptrdiff_t>(at) + c * shape.pixels();
    values.insert(values.end(), from, from + shape.pixels());
  }
  return values;
}

/// Notes outliers among the values of one channel.
void find_outliers(std::vector<float> values, Evidence& evidence) {
  constexpr size_t kFewest = 64;  ///< values from which one can be told to be odd
  if (values.size() < kFewest) return;
  const float middle = median(values);
  for (float& v : values) v = std::abs(v - middle);
  const auto end = values.begin() + kMostOutliers + 1;
  std::partial_sort(values.begin(), end, values.end(), std::greater<>());
  for (size_t i = 0; i < kMostOutliers; ++i) {
    const auto inner = static_cast<double>(values[i + 1]);
    const double factor = static_cast<double>(values[i]) / inner;
    if (inner > 0 && factor > std::max(kOutlier, evidence.outlier_factor)) {
      evidence.outliers = i + 1;
      evidence.outlier_factor = factor;
    }
  }
}

/// |mean| over deviation.
double sameness(const std::vector<float>& values) {
  const auto count = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  double power = 0;
  for (const float v : values) power += square(static_cast<double>(v) - mean);
  return power > 0 ? std::abs(mean) / std::sqrt(power / count) : 0;
}

/// What single channels tell.
void weigh_channels(const graph::Graph& graph, const std::vector<float>& inputs,
                    Evidence& evidence) {
  const Shape& shape = graph.tensors[static_cast<size_t>(graph.input)].shape;
  double least = std::numeric_limits<double>::infinity(), most = 0;
  int64_t same = 0;
  for (int64_t c = 0; c < shape.channels; ++c) {
    const std::vector<float> values = channel_of(inputs, shape, c);
    find_outliers(values, evidence);
    const bool is_moved = graph.input_offset[static_cast<size_t>(c)] != 0;
    same += is_moved && sameness(values) > kScaledTwice ? 1 : 0;
    double peak = 0;
    for (const float v : values) peak = std::max(peak, static_cast<double>(std::abs(v)));
    if (peak > 0) least = std::min(least, peak);
    most = std::max(most, peak);
  }
  evidence.is_scaled_twice = 2 * same > shape.channels;
  if (most > 0) evidence.column_ratio = most / least;
}

/// Mean over the columns of `images` vectors (two or more) of their variance over their mean
/// square, at least the median column's.
double mean_variation(const std::vector<float>& inputs, size_t images) {
  const size_t columns = inputs.size() / images;
  std::vector<double> power(columns), variance(columns);
  for (size_t c = 0; c < columns; ++c) {
    double sum = 0, squares = 0;
    for (size_t i = c; i < inputs.size(); i += columns) sum += static_cast<double>(inputs[i]);
    const double mean = sum / static_cast<double>(images);
    for (size_t i = c; i < inputs.size(); i += columns) {
      squares += square(static_cast<double>(inputs[i]) - mean);
    }
    variance[c] = squares / static_cast<double>(images - 1);
    power[c] = variance[c] + square(mean);
  }
  std::vector<double> sorted = power;
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(columns / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  double sum = 0;
  for (size_t c = 0; c < columns; ++c) {
    if (power[c] > 0) sum += variance[c] / std::max(power[c], *middle);
  }
  return sum / static_cast<double>(columns);
}

bool are_nearly_equal(const Shape& shape, const std::vector<float>& inputs, int64_t images) {
  if (images < 2) return false;
  const auto count = static_cast<size_t>(images);
  if (shape.pixels() > 1) {
    return mean_distance(inputs, count, static_cast<size_t>(shape.channels)) < kNearlyEqual;
  }
  return shape.channels >= kFewestColumns && mean_distance(inputs, count, 1) < kNearlyEqual &&
         mean_variation(inputs, count) < kNearlyEqual;
}

}  // namespace

std::vector<float> without_copies(const float* inputs, int64_t images, int64_t elements) {
  std::set<std::string_view> different;
  std::vector<float> result;
  for (int64_t n = 0; n < images; ++n) {
    const float* const input = inputs + n * elements;
    const bool is_new = different
                            .emplace(reinterpret_cast<const char*>(input),
                                     static_cast<size_t>(elements) * sizeof(float))
                            .second;
    if (is_new) result.insert(result.end(), input, input + elements);
  }
  return result;
}

Evidence weigh(const graph::Graph& graph, const float* inputs, int64_t images) {
  const Shape& shape = graph.tensors.at(static_cast<size_t>(graph.input)).shape;
  const int64_t elements = shape.elements();
  Evidence evidence;
  evidence.inputs = images;
  evidence.constant =
      std::all_of(inputs, inputs + images * elements, [&](float v) { return v == inputs[0]; });
  Neighbours neighbours;
  std::vector<float> loaded(static_cast<size_t>(images * elements));
  for (int64_t n = 0; n < images; ++n) {
    float* const image = loaded.data() + n * elements;
    graph::load_input(graph, inputs + n * elements, image);
    for (int64_t c = 0; c < shape.channels; ++c) neighbours.add(image + c * shape.pixels(), shape);
  }
  evidence.is_noise = neighbours.are_independent();
  weigh_channels(graph, loaded, evidence);
  evidence.nearly_equal = are_nearly_equal(shape, loaded, images);
  return evidence;
}

double caution(const Evidence& evidence) {
  if (evidence.is_noise) return 1;
  const double worth = evidence.trust() * static_cast<double>(evidence.inputs);
  return std::min(1.0, kCautious / std::sqrt(worth));
}

std::vector<std::string> remarks(const Evidence& e, int64_t given) {
  std::vector<std::string> all;
  const std::string the = "the " + std::to_string(given) + " calibration inputs are ";
  const std::string better =
      ": ranges follow from the weights for the most part; some hundred inputs are better";
  if (e.constant) {
    all.push_back("every value of the " + std::to_string(given) +
                  " calibration inputs is the same: nothing can be told of the activations");
  } else if (e.inputs == 1 && given > 1) {
    all.push_back(the + "all equal: they tell no more than one");
  } else if (e.nearly_equal) {
    all.push_back(the + "nearly equal, and tell little more than one" + better);
  } else if (e.inputs < kFewInputs) {
    all.push_back((e.inputs == 1
                       ? "only one calibration input"
                       : "only " + std::to_string(e.inputs) + " different calibration inputs") +
                  better);
  }
  if (!e.constant && e.is_noise) {
    all.push_back(
        "the calibration inputs look like noise (neighbouring values are independent): "
        "ranges follow from the weights for the most part; typical inputs are better");
  }
  if (e.outliers > 0) {
    const std::string who =
        e.outliers == 1 ? "one value of the calibration inputs is"
                        : fmt::format("{} values of the calibration inputs are", e.outliers);
    all.push_back(fmt::format(
        "{} {} times the rest of the channel, measured from its middle: ranges follow from "
        "outliers, and leave the rest few steps of a byte; typical inputs are better",
        who, fmt::format(e.outlier_factor < 1e6 ? "{:.0f}" : "{:.0e}", e.outlier_factor)));
  }
  if (!e.constant && e.is_scaled_twice) {
    all.push_back(
        "the model scales its input itself, and of the calibration inputs its scaling makes nearly "
        "one number: are they scaled already?");
  }
  return all;
}

}  // namespace keyway::quantise
