// SPDX-License-Identifier: Apache-2.0
/// Programs as text: `keyway inspect --program`, and back.
///
///     ; layer 'conv1' (dense), 442368 MACs, about 2048 array cycles
///        7 LAYER        mode=0 kernel_h=1 ...
///        8 MULTIPLY     wait_rows=4 ...            ; product 1
///
/// One line per instruction: its index, its name, its fields that are not zero. Everything after
/// ';' is a remark. `assemble` reads this form; the index is optional and not looked at, so that
/// programs can be written by hand.
///
/// Errors: list gives kFile for bytes that are no program; assemble gives kUsage naming the line.
/// Test: tests/program/test_listing.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "program/program.hpp"

namespace keyway::program {

/// The instructions up to END. `layers` (may be empty) gives the remarks.
std::string list(const std::vector<uint8_t>& program_image, const std::vector<LayerInfo>& layers);

/// Instruction bytes of a listing.
std::vector<uint8_t> assemble(const std::string& text);

}  // namespace keyway::program
