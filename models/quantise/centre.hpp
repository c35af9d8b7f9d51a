// SPDX-License-Identifier: Apache-2.0
/// Moves the middle of a network's input and output values to zero, where that is exact.
///
/// Activations have no zero point, so values that lie to one side of zero waste half of a signed
/// byte or more. At the ends of the network the host can help: it adds constants in float
/// (`input_offset`, `output_offset`), and the biases of the first and last layers make up for them:
///
///     w (x - c) + (b + w c) = w x + b
///
/// Exact for the input if only convolutions read it. The core pads with bytes of zero, which would
/// then stand for c; so if the reader has padding (it must be the only one), the host pads instead,
/// with the byte of -c: the graph gets a kPad with values, and the convolution loses its pads.
/// Exact for the output if a convolution without clamp makes it and nothing else reads it. Done per
/// channel, where the byte's step shrinks by a tenth or more (with padding: a quarter), or where it
/// makes the input's bytes exact (input_values.hpp). What a quantised file gives for its ends goes
/// before what calibration saw (given_range.hpp); without calibration inputs an output that the
/// file gives no range gets the one that its layer can reach. Test:
/// tests/quantise/test_quantise.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "graph/graph.hpp"

namespace keyway::quantise {

struct Centred {
  graph::Graph graph;
  std::vector<float> input_step;     ///< units of input bytes that are exact; 0: choose one
  std::vector<float> output_offset;  ///< to add to the graph's outputs, one per channel
  std::vector<double> output_range;  ///< around it that an output needs at least
  std::vector<float> outputs;  ///< of the graph before, C x H x W, for as many images as are kept
};

/// The input's part, which settles every shape. It follows from the `images` calibration inputs
/// (in the user's layout) alone, each of which counts `trust` (evidence.hpp): nothing runs.
Centred centre_input(const graph::Graph& graph, const float* inputs, int64_t images,
                     double trust = 1);

/// The output's part. `graph` is the one that centre_input was given; it runs over all inputs. Ends
/// of a channel's values go `caution` of the way to where the ends of the farthest channel let
/// expect them by the weights (evidence.hpp, reach.hpp). Keeps the outputs of the first `kept`
/// images.
void centre_output(Centred& centred, const graph::Graph& graph, const float* inputs, int64_t images,
                   double caution, int64_t kept, int threads,
                   const std::function<void(int64_t)>& progress = {});

}  // namespace keyway::quantise
