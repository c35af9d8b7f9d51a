// SPDX-License-Identifier: Apache-2.0
/// A program's instructions as the words that they touch: what simulator and hazard checker share.
///
/// A MULTIPLY is seen together with the LAYER before it. Nothing here knows of waits or of values.
/// Bytes are not trusted: what no core could run (no END, an address outside a memory, a field of
/// no meaning) is an Error(kFile, "malformed program: ..."), so that later code needs no checks.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "program/instructions.hpp"
#include "simulate/activation_map.hpp"

namespace keyway::simulate {

struct MultiplyStep {
  uint64_t index = 0;  ///< of the instruction
  program::LayerInstruction layer;
  program::MultiplyInstruction multiply;
  program::Mode mode = program::Mode::kDense;
  int64_t input_blocks = 0;  ///< words of a pixel that are read
  WordBox input;             ///< the rows and columns under the kernel that are inside the image
  WordBox residual;          ///< empty without one
  WordBox output;
  uint64_t passes = 0;
  bool reads_weights = false;
  uint64_t weight_bytes = 0;  ///< from weight_address on
};

struct TableStep {
  uint64_t index = 0;
  program::TableInstruction table;
};

struct LoadWeightsStep {
  uint64_t index = 0;
  program::LoadWeightsInstruction load;
  uint64_t first_frame = 0;
};

struct LoadInputStep {
  uint64_t index = 0;
  program::LoadInputInstruction load;
  WordBox words;
};

struct StoreStep {
  uint64_t index = 0;
  program::StoreInstruction store;
  WordBox words;
};

using Step = std::variant<MultiplyStep, TableStep, LoadWeightsStep, LoadInputStep, StoreStep>;

struct DecodedProgram {
  std::vector<Step> steps;
  uint64_t instructions = 0;  ///< END included
  program::EndInstruction end;
  size_t input_bytes = 0;   ///< least size of the input image
  size_t output_bytes = 0;  ///< size of the output image
  uint64_t cycles = 0;  ///< that the array is busy or waits for tiles; the least that a core takes
};

/// `weight_bytes`: payloads that LOAD_WEIGHTS can read, in all.
DecodedProgram decode_program(const program::CoreConfig& core,
                              const std::vector<uint8_t>& program_image, size_t weight_bytes);

[[noreturn]] void malformed(uint64_t instruction, const std::string& what);

}  // namespace keyway::simulate
