// SPDX-License-Identifier: Apache-2.0
/// How the host lays the input out, and the network that reads it so.
///
/// A first layer of few channels fills little of the array's depth: 3 of 16 multipliers of a lane
/// for an RGB image. If the host gathers taps into channels (im2col, InputImage), the layer becomes
/// one with fewer taps and more channels. Gathered columns turn a kernel H x W over C channels into
/// H x 1 over W C; gathered rows and columns into 1 x 1 over H W C. Gathering costs transfers, as
/// pixels are repeated, so all four ways are weighed:
///
///     cycles = max(load + last group's work, first group's load + work + second layer's work)
///
/// The rewritten network computes the same bytes. Gathering needs an input that only one layer
/// reads, a dense one. Rows of a gathered signal may share words (shared_rows.hpp), a fifth way.
///
/// An image of more rows than LOAD_INPUT and the waits can name (4,095) is loaded in parts beside
/// each other, each with what some rows of the first layer read. Columns are gathered then, as no
/// window may reach from one part into the next. For readers that cannot gather, the input is
/// copied by a layer that sees one pixel at a time (`readable`).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "compile/activations.hpp"
#include "compile/mapping.hpp"
#include "compile/shared_rows.hpp"
#include "program/core_config.hpp"
#include "program/image.hpp"
#include "quantise/network.hpp"

namespace keyway::compile {

struct InputLayout {
  bool gather_rows = false, gather_columns = false;
  int64_t parts = 1;                      ///< of the rows, beside each other
  std::optional<SharedRows> shared = {};  ///< gathered rows share words
  uint64_t cycles = 0;                    ///< estimate for the first two layers
  uint64_t bytes = 0;                     ///< of the image
};

/// The network, with a layer that copies its input where that has too many rows for its readers.
quantise::Network readable(quantise::Network network);

/// Every way that the network permits, fastest first; smaller images first among equals.
std::vector<InputLayout> input_layouts(const quantise::Network& network,
                                       const program::CoreConfig& core);

/// Rewrites input tensor and first layer, and tells the host; `lanes` still in channel order, part
/// after part, and rows as the layer sees them, see `place_input`.
program::InputImage apply(const InputLayout& layout, quantise::Network& network,
                          const program::CoreConfig& core);

/// Puts the image's elements where the mapping wants them. `words`: of a pixel that stand alone, if
/// its rows do not share them.
InputStorage place_input(program::InputImage& image, const InputLayout& layout,
                         const Mapping& mapping, uint32_t words, const program::CoreConfig& core);

}  // namespace keyway::compile
