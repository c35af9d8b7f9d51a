// SPDX-License-Identifier: Apache-2.0
/// Where a tensor's channels stand: what the pass `channels` gives to those behind it.
///
/// Position p is lane p % Lanes of output block p / Lanes, which is channel p % WordChannels of
/// activation word p / WordChannels. A tensor of `words` words takes ceil(words / lane_words)
/// output blocks; the positions that hold no channel read as zero.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/integers.hpp"
#include "program/core_config.hpp"

namespace keyway::compile {

struct Mapping {
  std::vector<uint32_t> position;  ///< of every channel
  uint32_t words = 0;              ///< up to the last that holds a channel

  uint32_t blocks(const program::CoreConfig& core) const {
    return common::ceil_div(words, core.lane_words());
  }
  /// Channel at every position of the tensor's blocks; -1 where there is none.
  std::vector<int32_t> channel_at(const program::CoreConfig& core) const {
    std::vector<int32_t> channels(size_t{blocks(core)} * core.lanes, -1);
    for (size_t c = 0; c < position.size(); ++c) channels[position[c]] = static_cast<int32_t>(c);
    return channels;
  }
};

}  // namespace keyway::compile
