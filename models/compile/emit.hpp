// SPDX-License-Identifier: Apache-2.0
/// Emission: the instructions of a planned network, and the waits that order them.
///
/// Order within a layer: groups from top to bottom, in each all output blocks; so the next layer's
/// first group finds its rows ready while this layer's last group still runs. Where a layer's tiles
/// are streamed in several segments, segments go outside of groups. The leading layers (cost.hpp)
/// are mixed: while the first waits for input rows, the second works on what is there. Waits name
/// real producers: wait_products is the last MULTIPLY that writes a row that is read (operand rows
/// under the kernel, residual rows), wait_rows the last input row, wait_frames the last frame of
/// the tiles. Later writes to memory that MULTIPLYs read need no wait, because the array queue is
/// in order; the input's memory is reused only after the whole input has come; a segment of weights
/// is loaded over another after the last product that used it. Loads and stores stand behind the
/// MULTIPLYs that they wait for, so that full queues cannot lock up. models/simulate/hazards.hpp
/// proves all of this from the bytes.
///
/// Where inputs of one start may overlap (the activation plan says so, and weights stay), the next
/// input is asked for behind the last MULTIPLY that reads this one, and MULTIPLYs that make the
/// output wait until the output before has been read.
///
/// Of a tensor with more rows than their field holds, a group sees a band: rows from a multiple of
/// kBandRows on (groups.hpp), as though the tensor began there. A layer has a LAYER for every band.
///
/// A decode table goes into the slot that the running layer does not use, behind that layer's first
/// MULTIPLY (ahead of an only one), so that it is there when the next layer starts.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compile/plan.hpp"
#include "compile/weights.hpp"
#include "program/instructions.hpp"
#include "program/program.hpp"

namespace keyway::compile {

/// Byte addresses of what follows the instructions in the program image.
struct ImageLayout {
  std::vector<int> table_of_layer;                             ///< -1: none
  std::vector<uint64_t> tables;                                ///< address of each
  std::vector<std::vector<std::vector<uint64_t>>> parameters;  ///< [layer][region][block]
  uint64_t bytes = 0;
};

struct Schedule {
  const program::CoreConfig& core;
  const Plan& plan;
  const WeightPlan& weights;
  const ImageLayout& image;
};

struct Emission {
  std::vector<program::Instruction> instructions;
  std::vector<std::string> where;  ///< of each instruction, for messages
  std::vector<program::LayerInfo> layers;
  std::vector<program::ProductRun> products;
};

Emission emit(const Schedule& schedule);

}  // namespace keyway::compile
