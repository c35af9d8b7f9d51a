// SPDX-License-Identifier: Apache-2.0
#include "quantise/findings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace keyway::quantise {
namespace {

/// Networks that answer as their floats do stay well below the first and above the second.
constexpr double kLargeError = 0.2;
constexpr double kLowAgreement = 0.8;
/// Of columns from which on they may be the cause of an error.
constexpr double kUnequalColumns = 1e4;
/// Of so many values or more: over the input's steps, those that they should use at least; and the
/// share of them that may lie outside.
constexpr int kLeastSteps = 8;
constexpr double kManyBeyond = 0.01;
constexpr uint64_t kFewValues = 64;

}  // namespace

Estimate compare(const std::vector<float>& floats, const std::vector<float>& integers,
                 const Shape& shape) {
  Estimate estimate;
  double mean = 0, error = 0, spread = 0;
  for (const float v : floats) mean += static_cast<double>(v);
  mean /= static_cast<double>(std::max<size_t>(1, floats.size()));
  for (size_t i = 0; i < floats.size(); ++i) {
    const auto f = static_cast<double>(floats[i]);
    const double d = static_cast<double>(integers[i]) - f;
    error += d * d;
    spread += (f - mean) * (f - mean);
  }
  if (spread > 0) estimate.relative_error = std::sqrt(error / spread);
  const int64_t channels = shape.channels;
  if (shape.pixels() == 1 && channels > 1 && !floats.empty()) {
    int64_t same = 0, images = 0;
    for (size_t at = 0; at < floats.size(); at += static_cast<size_t>(channels), ++images) {
      const auto largest = [&](const std::vector<float>& values) {
        const auto first = values.begin() + static_cast<std::ptrdiff_t>(at);
        return std::max_element(first, first + channels) - first;
      };
      same += largest(floats) == largest(integers) ? 1 : 0;
    }
    estimate.agreement = static_cast<double>(same) / static_cast<double>(images);
  }
  return estimate;
}

std::vector<std::string> remarks(const Estimate& estimate, double column_ratio) {
  std::vector<std::string> all;
  if (estimate.relative_error && *estimate.relative_error > kLargeError) {
    all.push_back(fmt::format(
        "on the calibration inputs the outputs are {:.0f} % off the float network's (relative to "
        "how much those vary): it is numerically hard, or the format is too coarse for it",
        100 * *estimate.relative_error));
    if (column_ratio > kUnequalColumns) {
      all.push_back(fmt::format(
          "the columns of the calibration inputs differ in size by a factor of {:.0e}, more than "
          "eight bits weigh against each other: standardise them (off with the mean, over the "
          "deviation) before the network is trained",
          column_ratio));
    }
  }
  if (estimate.agreement && *estimate.agreement < kLowAgreement) {
    all.push_back(
        fmt::format("on {:.0f} % of the calibration inputs another output is the largest one than "
                    "in the float network",
                    100 * (1 - *estimate.agreement)));
  }
  return all;
}

std::vector<std::string> remarks(const program::InputFit& fit) {
  std::vector<std::string> all;
  if (fit.values < kFewValues) return all;
  const double beyond = static_cast<double>(fit.beyond) / static_cast<double>(fit.values);
  if (beyond > kManyBeyond) {
    all.push_back(fmt::format(
        "{:.1f} % of the calibration inputs' values lie outside of the range that the model file "
        "gives its input: are they scaled as in its training?",
        100 * beyond));
  }
  if (const int used = fit.highest - fit.lowest + 1; used * kLeastSteps < fit.steps) {
    all.push_back(fmt::format(
        "the calibration inputs use {} of the {} steps of the range that the model file gives its "
        "input: are they scaled as in its training?",
        used, fit.steps));
  }
  return all;
}

}  // namespace keyway::quantise
