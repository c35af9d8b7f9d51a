// SPDX-License-Identifier: Apache-2.0
/// What the compiler's passes tell each other about layers and tensors.
///
/// A tensor's channels stand at positions: position p is lane p % Lanes of output block p / Lanes,
/// which is channel p % WordChannels of activation word p / WordChannels. A tensor of `words` words
/// takes ceil(words / lane_words) output blocks; the positions that hold no channel read as zero.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "program/program.hpp"
#include "quantise/network.hpp"

namespace keyway::compile {

struct Mapping {
  std::vector<uint32_t> position;  ///< of every channel
  uint32_t words = 0;              ///< up to the last that holds a channel

  uint32_t blocks(const program::CoreConfig& core) const {
    return (words + core.lane_words() - 1) / core.lane_words();
  }
  /// Channel at every position of the tensor's blocks; -1 where there is none.
  std::vector<int32_t> channel_at(const program::CoreConfig& core) const {
    std::vector<int32_t> channels(size_t{blocks(core)} * core.lanes, -1);
    for (size_t c = 0; c < position.size(); ++c) channels[position[c]] = static_cast<int32_t>(c);
    return channels;
  }
};

/// Where a tensor lies in the activation memory; contract.toml has the formula.
struct Placement {
  uint32_t base = 0, phase = 0, row_pitch = 0, block_pitch = 0;

  uint32_t address(int64_t block, int64_t y, int64_t x) const {
    return static_cast<uint32_t>(base + (y + phase) / 4 * row_pitch + block * block_pitch + x);
  }
  uint32_t row_bank(int64_t y) const { return static_cast<uint32_t>((y + phase) % 4); }
};

/// A rectangle of output pixels within one region of a layer: what one MULTIPLY covers.
struct Group {
  size_t region = 0;
  int64_t y = 0, x = 0, height = 0, width = 0;
};

inline const quantise::Tensor& tensor(const quantise::Network& network, int index) {
  return network.tensors[static_cast<size_t>(index)];
}

inline bool has_weights(const quantise::Layer& layer) {
  return layer.kind == quantise::LayerKind::kDense || layer.kind == quantise::LayerKind::kDepthwise;
}

/// How the array runs a layer, and for how long.
struct Work {
  bool pair_rows = false;
  uint64_t passes = 0;       ///< of one output block over one group
  uint64_t tile_cycles = 0;  ///< to fetch one tile; 0 without weights
};

Work work_of(const program::CoreConfig& core, const quantise::Layer& layer, uint32_t input_words);

/// Cycles of one output block over `height` x `width` pixels without any stall: a dense pass takes
/// a pixel a cycle, a window pass a column a cycle; a pass is never shorter than the fetch of its
/// tile.
uint64_t group_cycles(const program::CoreConfig& core, const quantise::Layer& layer,
                      const Work& work, int64_t height, int64_t width);

/// The groups of a layer, in the order of execution. `pixels`: how many a group should have, for
/// layers that must not wait for all of their input; 0: no matter.
std::vector<Group> make_groups(const program::CoreConfig& core, const quantise::Layer& layer,
                               int64_t pixels);

/// Pixels of a group of a layer that reads the input while it arrives, and of the layer behind it.
inline constexpr int64_t kFirstGroupPixels = 64;
inline constexpr int64_t kSecondGroupPixels = 128;

/// Number of layers at the start that run mixed: 2 if the input takes longer to arrive than the
/// first layer to run, and the second layer continues the first, so that it can fill the gaps;
/// else 1.
size_t leading_layers(const program::CoreConfig& core, const quantise::Network& network,
                      const program::InputImage& image, const std::vector<Mapping>& mappings);

/// Rows of the input that output rows [y, y + height) read: [first, last), empty when all is
/// padding.
struct RowRange {
  int64_t first = 0, last = 0;
};
RowRange input_rows(const quantise::Layer& layer, const Shape& input, int64_t y, int64_t height);

const char* kind_name(quantise::LayerKind kind);

}  // namespace keyway::compile
