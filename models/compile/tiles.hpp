// SPDX-License-Identifier: Apache-2.0
/// Weight tiles and parameter records, byte for byte as the array reads them (contract.toml,
/// MULTIPLY).
///
/// A tile is Lanes x Depth codes (tile_layout.hpp). Codes that meet no channel or tap are random:
/// they are multiplied by zeros, or belong to lanes whose parameters write zero. So are the digits
/// of a code that do not count.
#pragma once

#include <cstdint>
#include <vector>

#include "compile/compile.hpp"
#include "compile/cost.hpp"
#include "compile/mapping.hpp"
#include "program/digit_schedule.hpp"
#include "program/instructions.hpp"

namespace keyway::compile {

/// The digits that the tiles of one output block need, by their codes; of a structure without
/// codes, all that there are. In number systems without digits, and without weights, it says
/// nothing.
program::DigitSchedule make_schedule(const program::CoreConfig& core, const quantise::Layer& layer,
                                     const Work& work, const Mapping& input, const Mapping& output,
                                     uint32_t block);

/// All tiles of one output block, in the order of the passes; empty for layers without weights.
std::vector<uint8_t> make_tiles(const program::CoreConfig& core, const quantise::Layer& layer,
                                const Work& work, const Mapping& input, const Mapping& output,
                                uint32_t block, const program::DigitSchedule& schedule,
                                const RandomBytes& padding);

/// Short where every record of the layer allows it: no residual, no clamp below the byte's range.
program::ParameterForm parameter_form(const quantise::Layer& layer, bool output_signed);

/// The parameter records of one output block in one region: form.words() weight words.
std::vector<uint8_t> make_parameters(const program::CoreConfig& core, const quantise::Layer& layer,
                                     const quantise::Region& region, const Mapping& output,
                                     uint32_t block, program::ParameterForm form);

}  // namespace keyway::compile
