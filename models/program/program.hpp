// SPDX-License-Identifier: Apache-2.0
/// What the compiler gives: the bytes that the core runs, and what the host must know around them.
/// The instruction set and the memory images are defined in rtl/pkg/contract.toml.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "program/boundary.hpp"
#include "program/contract.hpp"
#include "program/core_config.hpp"
#include "program/image.hpp"

namespace keyway::program {

/// One entry per layer, for listings, traces and cycle accounts. The instructions of the first two
/// layers may be mixed (emit.hpp); then `first_instruction` is where each begins and `instructions`
/// counts its own.
struct LayerInfo {
  std::string name;
  std::string kind;
  uint32_t first_instruction = 0, instructions = 0;
  uint64_t macs = 0;
  uint64_t ideal_cycles = 0;  ///< of the passes that the array must make, without any stall
};

/// So many MULTIPLYs of one layer follow each other.
struct ProductRun {
  uint32_t layer = 0, count = 0;
};

struct Program {
  CoreConfig core;
  std::string name;
  contract::NumberSystem number_system = contract::NumberSystem::kInt8;
  std::vector<uint8_t> program_image;  ///< instructions, tables, parameters; for weight memory 0
  uint32_t instructions = 0;           ///< at the start of program_image
  std::vector<uint8_t> weight_image;   ///< codes, cut into frame payloads in order
  bool resident = true;                ///< every weight frame stays on chip between runs
  program::InputBoundary input;
  program::OutputBoundary output;
  InputImage input_image;
  OutputImage output_image;
  std::vector<LayerInfo> layers;
  std::vector<ProductRun> products;  ///< all MULTIPLYs in order, for traces and cycle accounts
  uint64_t macs = 0;
  uint64_t activation_peak_bytes = 0, weight_peak_bytes = 0;
};

}  // namespace keyway::program
