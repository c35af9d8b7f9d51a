// SPDX-License-Identifier: Apache-2.0
/// A soft lock by decoys: channels that are zero for every input (graph/zero_channels.hpp), and
/// whose weights are large.
///
/// A channel of a hidden tensor (one that convolutions make behind a ReLU, from inputs that are not
/// negative, and that convolutions alone read, through pools and depthwise layers perhaps) becomes
///
///     weights that make it      -B u r times the mean of the other outputs' largest weights
///     its bias                  -0.1
///     weights that read it      +-B u times the largest other weight of their output, or product
///                               of a weight and the largest value that it meets
///
/// with u uniform in (0.7, 1), another for every weight, a random sign, and r the mean of what the
/// latter is over the largest weight. Rows and columns then have the same range: to equalise them
/// by their weights is to leave them as they are, and to divide channels by their largest value
/// makes no weight as large as the decoy's. One step for a row, or for a tensor, that reaches its
/// largest weight is B times too coarse for those that count. The quantiser here knows that such
/// weights multiply zeros, and leaves them out: a package holds the network without them.
///
/// Where the channel comes from: a lane that would be padding (`add`), or the least important
/// channel of the tensor, freed. That is, of the channels, the one without which the readers miss
/// least once their other weights make up for it (least squares on the calibration inputs),
///
///     lost = w_S' [(H^-1)_SS]^-1 w_S,    w += -w_S [(H^-1)_SS]^-1 (H^-1)_S
///
/// for the weights w_S of an output that read the channel, H being the second moments of what the
/// taps meet. Source: Hassibi and Stork, Second order derivatives for network pruning: Optimal
/// Brain Surgeon (1993). Dropping channels that are never active undoes all of it, and so does a
/// step that is searched by the error of outputs. Test: tests/soft/test_decoys.cpp.
#pragma once

#include <cstddef>
#include <cstdint>

#include "graph/graph.hpp"
#include "soft/scales.hpp"

namespace keyway::soft {

struct DecoyOptions {
  double octaves = 10;  ///< B = 2^octaves
  /// A channel more is free where their number is no multiple of this; 0: never.
  int64_t lanes = 0;
  int threads = 1;
};

struct DecoyReport {
  size_t tensors = 0;  ///< hidden ones, with a decoy each: a channel freed, or
  size_t added = 0;    ///< in a padding lane
};

/// `images` inputs in the user's layout, perhaps none: channels are then chosen by their weights.
DecoyReport add_decoys(graph::Graph& graph, const float* inputs, int64_t images,
                       const DecoyOptions& options, const RandomBytes& random);

}  // namespace keyway::soft
