// SPDX-License-Identifier: Apache-2.0
/// The weight memory planner: where every output block's tiles lie, and which frames bring them.
///
/// The program image (instructions, tables, parameters) starts at 0; tiles follow. If all of them
/// fit they are resident: one stream, one place each, loaded once per package. Otherwise they go
/// through the rest of the memory as through a ring: segments of whole frames, in the order of
/// execution, each loaded when the products that used its place are done. An output block's tiles
/// are never cut.
///
/// Errors: kFit, naming the layer, the bytes needed and there, how many of a block's pad its tiles
/// (channels and outputs that fill neither depth nor lanes), and the excess.
/// Test: tests/compile/test_weights.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "program/core_config.hpp"

namespace keyway::compile {

/// The tiles of one output block.
struct BlockTiles {
  uint64_t bytes = 0;
  int32_t segment = -1;        ///< that brings them; -1: no tiles
  uint64_t stream_offset = 0;  ///< in the weight image
  uint64_t address = 0;        ///< byte address in the weight memory
  uint64_t frames = 0;         ///< weight frames that have come when they are there
};

/// What one LOAD_WEIGHTS brings.
struct Segment {
  uint64_t first_frame = 0, frames = 0;
  uint64_t address = 0;  ///< of the first frame's payload
  bool overlaps(const Segment& other) const;
};

struct WeightPlan {
  bool resident = true;
  std::vector<std::vector<BlockTiles>> tiles;  ///< [layer][output block]
  std::vector<Segment> segments;               ///< in the order of loading
  uint64_t frames = 0;
  uint64_t peak_bytes = 0;  ///< of the weight memory, program image included
};

/// What a layer brings.
struct LayerTiles {
  std::string name;
  std::vector<uint64_t> block_bytes;  ///< tiles of every output block
  uint64_t code_bytes = 0;            ///< of the first block, without what pads its tiles
};

/// `image_bytes` is the size of the program image.
WeightPlan plan_weights(const program::CoreConfig& core, const std::vector<LayerTiles>& layers,
                        uint64_t image_bytes);

}  // namespace keyway::compile
