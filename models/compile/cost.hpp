// SPDX-License-Identifier: Apache-2.0
/// The cost model: how many cycles the array and the bus take, as far as the compiler must know.
///
/// Groups, input layout and the order of the leading layers are chosen by it; what a program
/// computes never depends on it. It is the only place that knows the bus and the latencies.
///
/// A dense pass takes a step a pixel, a window pass a step a column that its rows read. A step
/// takes step_cycles of the core's kind of array. While a pass runs the next tile is fetched, four
/// bytes of codes a lane and cycle, so no pass is shorter than that:
///
///     cycles of a pass = max(steps * step_cycles, tile_cycles)
///
/// An array that takes a digit a pass makes as many passes of a tile as its schedule says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "compile/mapping.hpp"
#include "program/core_config.hpp"
#include "program/digit_schedule.hpp"
#include "program/image.hpp"
#include "quantise/network.hpp"

namespace keyway::compile {

inline constexpr uint64_t kBusBytes = 16;        ///< that the bus brings in a cycle
inline constexpr uint64_t kInputLatency = 80;    ///< cycles to the first input word
inline constexpr uint64_t kProductLatency = 16;  ///< from a product's last step to its last word

/// Cycles in which a tile of the layer comes from the weight memory, and its bytes; 0 without
/// weights.
uint64_t tile_cycles(const program::CoreConfig& core, const quantise::Layer& layer);
uint64_t tile_bytes(const program::CoreConfig& core, const quantise::Layer& layer);

/// How the array runs a layer.
struct Work {
  bool pair_rows = false;    ///< a deep array's second word comes from the next row of the kernel
  uint64_t passes = 0;       ///< of one output block over one group
  uint64_t tile_cycles = 0;  ///< of a pass at least; 0 without weights
};

Work work_of(const program::CoreConfig& core, const quantise::Layer& layer, uint32_t input_words);

/// Cycles of one output block over `height` x `width` pixels without any stall. Without a schedule
/// as though one digit counted.
uint64_t group_cycles(const program::CoreConfig& core, const quantise::Layer& layer,
                      const Work& work, int64_t height, int64_t width,
                      const program::DigitSchedule& digits = {});

/// Number of layers at the start that run mixed: 2 if the input takes longer to arrive than the
/// first layer to run, and the second layer continues the first, so that it can fill the gaps;
/// else 1.
size_t leading_layers(const program::CoreConfig& core, const quantise::Network& network,
                      const program::InputImage& image, const std::vector<Mapping>& mappings);

}  // namespace keyway::compile
