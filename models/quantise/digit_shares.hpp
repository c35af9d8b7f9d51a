// SPDX-License-Identifier: Apache-2.0
/// How many digits the weights of a network have (number systems with digits).
///
/// On arrays that take a digit a pass, digits are time. A group of weights that have a number of
/// digits in common is, as far as the network's shapes tell, what has one entry of a MULTIPLY's
/// schedule (contract.toml): the tiles of an output block at the same taps, so many of them that
/// there are no more groups than entries. Each group has the digits for which
///
///     error + price * cycles
///
/// is least: error is what rounding to so many digits makes at the layer's outputs, in squares of
/// the units in which they are stored, mean over channels (digit_coding.hpp); cycles are those of
/// the group's passes. One price holds for the whole network, the least at which the mean number of
/// digits, weighted by cycles, is `kMeanDigits` at most. What is shared out here is a wish: codes
/// tell the compiler how many digits a tile has, however channels lie on the core.
/// Test: tests/quantise/test_digit_shares.cpp.
#pragma once

#include <cstdint>
#include <vector>

#include "arith/digit_coding.hpp"
#include "graph/graph.hpp"

namespace keyway::quantise {

/// Cycles of all passes, over those of passes with one digit each.
inline constexpr double kMeanDigits = 2.2;

/// The array that digits are shared out for.
struct ArrayShape {
  int64_t lanes = 16, depth = 16;
};

struct DigitGroups {
  std::vector<uint32_t> of_weight;  ///< as the layer's weights
  std::vector<double> cycles;       ///< of each group, for a digit
};

/// Of a dense layer (or a depthwise one) between these shapes.
DigitGroups digit_groups(const Shape& in, const Shape& out, const graph::Window& window,
                         bool is_dense, const ArrayShape& array);

/// Digits of every group; all layers' groups one after the other.
std::vector<uint8_t> share_digits(const std::vector<arith::DigitErrors>& errors,
                                  const std::vector<double>& cycles, double mean = kMeanDigits);

}  // namespace keyway::quantise
