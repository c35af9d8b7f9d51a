// SPDX-License-Identifier: Apache-2.0
/// What a set of calibration inputs is worth.
///
/// Few inputs, or many of one class, show a channel a part of its values only, and inputs that are
/// noise show none of what a network's deeper channels look for. How far the channels that were
/// seen reach, by their weights (`reach.hpp`), then tells more of a channel than its own values do.
/// `caution` says how much more. Test: tests/quantise/test_evidence.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graph/graph.hpp"

namespace keyway::quantise {

struct Evidence {
  int64_t inputs = 0;
  int64_t different = 0;  ///< inputs that differ from all before them
  bool constant = false;  ///< every value of every input is the same number
  bool is_noise = false;  ///< neighbouring values of an image or a signal are independent
};

/// Below this number of inputs a user should hear of it.
constexpr int64_t kFewInputs = 32;
/// Pairs of neighbours from which noise can be told, and the correlation below which it is.
constexpr int64_t kFewestPairs = 64;
constexpr double kNoise = 0.1;
/// Square root of the number of inputs up to which caution is full.
constexpr double kCautious = 4;

/// `images` inputs in the user's layout, at least one. Neighbours are those along rows and columns,
/// each channel's mean taken off.
Evidence weigh(const graph::Graph& graph, const float* inputs, int64_t images);

/// Share, in (0, 1], of what its weights let expect that a channel's range has at least:
/// kCautious / sqrt(different inputs), at most one, as the error of a mean falls; one for noise.
/// Measured on ResNet-20, MLPerf Tiny's networks and sets of 1 to 1960 inputs: from about 200
/// inputs on, smaller shares gain nothing; below, they lose what the inputs did not show.
double caution(const Evidence& evidence);

/// What is odd about the inputs, a sentence each; empty if nothing is.
std::vector<std::string> remarks(const Evidence& evidence);

}  // namespace keyway::quantise
