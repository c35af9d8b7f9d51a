// SPDX-License-Identifier: Apache-2.0
/// What others do with a float network that was softly locked: they quantise it to 8 bits for
/// hardware of their own, after what they know of such locks.
///
/// Quantisation is the usual one: a grid of 256 steps for every tensor of activations, over the
/// range that it had on some inputs; symmetric weights of one step a tensor, or a step for every
/// output channel; biases as they are. What stands ahead of it, alone or together:
///
///     pairs      channels between two layers equalised: both sides get the geometric mean of the
///                largest weights that make and that read the channel
///     streams    the same of all tensors of a residual stream together (streams.hpp)
///     ranges     channels divided by their largest value on the inputs
///     silent     channels without any value but zero on the inputs dropped
///     weights    steps of least square error of the weights, not those of the largest weight
///     outputs    steps of least square error of the outputs, by what the taps meet
///
/// These are attacks of minutes; the lock withstands who does not know of them. Source of pairs:
/// Nagel et al., arXiv 1906.04721, section 4.1. Test: tests/soft/test_attacks.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graph/graph.hpp"

namespace keyway::soft {

enum class Equalisation { kNone, kPairs, kStreams, kRanges };
enum class StepChoice { kLargest, kWeightError, kOutputError };

struct Attack {
  const char* name;
  bool drops_silent = false;
  Equalisation equalisation = Equalisation::kNone;
  StepChoice steps = StepChoice::kLargest;
  bool by_channel = true;  ///< a step of the weights for every output channel
  int weight_bits = 8, activation_bits = 8;
};

/// All that are known, those that know nothing first.
const std::vector<Attack>& attacks();

/// The network that comes of it, its rounding included, so that `graph::execute` gives what the
/// attacker's hardware would. `images` inputs in the user's layout, one at least.
graph::Graph attacked(const graph::Graph& graph, const Attack& attack, const float* inputs,
                      int64_t images, int threads);

}  // namespace keyway::soft
