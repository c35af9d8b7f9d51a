// SPDX-License-Identifier: Apache-2.0
/// What a set of calibration inputs is worth.
///
/// Few inputs, or many of one class, show a channel a part of its values only, and inputs that are
/// noise show none of what a network's deeper channels look for. How far the channels that were
/// seen reach, by their weights (`reach.hpp`), then tells more of a channel than its own values do.
/// `caution` says how much more.
///
/// Copies tell nothing, and near copies little: one picture with some noise, brighter or darker,
/// frames of a camera that stands still. Inputs are nearly equal if 1 - their correlation is small
/// on average: each input's mean taken off, each channel in units of its own deviation. Elements of
/// a vector have units of their own, and one may outweigh all others: vectors must have columns of
/// little variance as well, over their mean square or the median column's; of short ones (a
/// patient's height, weight and age) nothing is told.
/// Test: tests/quantise/test_evidence.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graph/graph.hpp"

namespace keyway::quantise {

struct Evidence {
  int64_t inputs = 1;            ///< without copies
  bool constant = false;         ///< every value of every input is the same number
  bool nearly_equal = false;     ///< together they are worth one
  bool is_noise = false;         ///< neighbouring values of an image or a signal are independent
  bool is_scaled_twice = false;  ///< the model's own first step leaves next to no variation
  /// Values, of one channel, that are by more than kOutlier times farther from its middle than all
  /// others of it are, and how many times.
  size_t outliers = 0;
  double outlier_factor = 0;
  double column_ratio = 1;  ///< of the channels' largest magnitudes

  /// What each of them counts.
  double trust() const { return nearly_equal ? 1 / static_cast<double>(inputs) : 1; }
};

/// Below this number of inputs a user should hear of it.
constexpr int64_t kFewInputs = 32;
/// See above. Pictures are 0.97 apart, spoken words 0.67, spectra of machines 0.09; a picture and
/// noise of a tenth of its deviation 0.01, of a quarter (no worse than other pictures) 0.06.
constexpr double kNearlyEqual = 0.05;
/// Elements of a vector from which near equality is told.
constexpr int64_t kFewestColumns = 64;
/// Pairs of neighbours from which noise can be told, and the correlation of their signs below which
/// it is: that of values is sin(pi / 2 kNoise), 0.1.
constexpr int64_t kFewestPairs = 64;
constexpr double kNoise = 0.064;
/// See Evidence: accuracy begins to suffer at 10 times. More values than these are a class of their
/// own.
constexpr double kOutlier = 10;
constexpr size_t kMostOutliers = 4;
/// Where a model begins with x * scale + offset, mean over deviation of what comes of most
/// channels: 2 where values lie evenly between 0 and 1; 60 and more where bytes were scaled before.
constexpr double kScaledTwice = 10;
/// Square root of the number of inputs up to which caution is full.
constexpr double kCautious = 4;

/// The inputs that are no copies of one before them, in order: `elements` values each.
std::vector<float> without_copies(const float* inputs, int64_t images, int64_t elements);

/// `images` inputs in the user's layout, at least one and no copies. Neighbours are those along
/// rows and columns, and signs those around each channel's median, which no outlier moves.
Evidence weigh(const graph::Graph& graph, const float* inputs, int64_t images);

/// Share, in (0, 1], of what its weights let expect that a channel's range has at least:
/// kCautious / sqrt(inputs), at most one, as the error of a mean falls; one for noise.
/// Measured on ResNet-20, MLPerf Tiny's networks and sets of 1 to 1960 inputs: from about 200
/// inputs on, smaller shares gain nothing; below, they lose what the inputs did not show.
double caution(const Evidence& evidence);

/// What is odd about the inputs, a sentence each; empty if nothing is. `given`: how many there were
/// with their copies.
std::vector<std::string> remarks(const Evidence& evidence, int64_t given);

}  // namespace keyway::quantise
