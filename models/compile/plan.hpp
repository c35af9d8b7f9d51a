// SPDX-License-Identifier: Apache-2.0
/// The plan: the passes from the input's layout to the groups, in their order. What it holds
/// follows from shapes alone, but for the digits of tiles, and does not depend on where the program
/// image ends.
#pragma once

#include <cstddef>
#include <vector>

#include "compile/activations.hpp"
#include "compile/cost.hpp"
#include "compile/groups.hpp"
#include "compile/input_layout.hpp"
#include "compile/mapping.hpp"
#include "program/digit_schedule.hpp"
#include "program/image.hpp"
#include "quantise/network.hpp"

namespace keyway::compile {

struct Plan {
  quantise::Network network;  ///< as the input's layout and copied shortcuts leave it
  program::InputImage input_image;
  InputStorage input;
  std::vector<Mapping> mappings;                            ///< per tensor
  std::vector<Work> work;                                   ///< per layer
  std::vector<std::vector<Group>> groups;                   ///< per layer
  std::vector<std::vector<program::DigitSchedule>> digits;  ///< [layer][output block]
  size_t leading_layers = 1;
  ActivationPlan activations;
};

/// What costs activation memory, mixed leading layers and inputs that overlap, is given up where
/// the network does not fit otherwise. Errors: as plan_activations; kFit for more columns or
/// channels than fields count, naming the tensor.
Plan make_plan(const quantise::Network& network, const InputLayout& layout,
               const program::CoreConfig& core);

/// What a plan comes to, roughly, without making it.
struct Needs {
  uint64_t activation_bytes = 0;  ///< no plan takes less
  uint64_t cycles = 0;            ///< of the input's way in, then of all passes
};

Needs needs_of(const quantise::Network& network, const InputLayout& layout,
               const program::CoreConfig& core);

}  // namespace keyway::compile
