// SPDX-License-Identifier: Apache-2.0
/// Assembly: from a plan to the two images.
///
/// The program image is the instructions, then decode tables (equal ones once), then the parameter
/// records of every layer, region (equal ones of a folded layer once) and output block, each at a
/// weight word. Where it ends decides where weights lie, and with that how many instructions load
/// them; so the image is drafted until its instructions have their place. Only a draft's constants
/// and weights need values: a structure (quantise/structure.hpp) can be drafted as well.
///
/// Errors: those of plan_weights and of encoding, both kFit.
#pragma once

#include <cstdint>
#include <vector>

#include "arith/number_system.hpp"
#include "compile/compile.hpp"
#include "compile/emit.hpp"
#include "compile/plan.hpp"
#include "compile/weights.hpp"
#include "program/instructions.hpp"

namespace keyway::compile {

struct ConstantTable {
  const arith::Table* table = nullptr;
  bool is_short = false;  ///< of codes of four bits
};

/// What stands behind the instructions, in sizes.
struct Constants {
  std::vector<int> table_of_layer;              ///< -1: none
  std::vector<ConstantTable> tables;            ///< all different
  std::vector<program::ParameterForm> records;  ///< per layer
};

/// Refers to the network's tables. A layer without codes counts as one with a table of its own.
Constants constants_of(const quantise::Network& network);

/// The fewest bytes that any values could make of these constants.
Constants least(Constants constants);

/// A program but for the bytes.
struct Draft {
  ImageLayout layout;
  WeightPlan weights;
  Emission emission;
};

Draft draft(const Plan& plan, const Constants& constants, const program::CoreConfig& core);

/// False if the weight memory is too small, whatever the number of instructions.
bool could_hold_weights(const Plan& plan, const Constants& constants,
                        const program::CoreConfig& core);

std::vector<program::InstructionBytes> encode_all(const Emission& emission);

std::vector<uint8_t> program_image(const Plan& plan, const Constants& constants, const Draft& draft,
                                   const program::CoreConfig& core);

/// All tiles in their places; what is between them is `padding`.
std::vector<uint8_t> weight_image(const Plan& plan, const WeightPlan& weights,
                                  const program::CoreConfig& core, const RandomBytes& padding);

}  // namespace keyway::compile
