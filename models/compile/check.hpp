// SPDX-License-Identifier: Apache-2.0
/// What every pass takes for granted of core and network, and what no pass could mend.
///
/// Errors: kFit for a core or a number system that the array does not run, kUnsupported for a layer
/// that has no meaning, kUsage for a network that contradicts itself; all but the first name the
/// layer.
#pragma once

#include "program/core_config.hpp"
#include "quantise/network.hpp"

namespace keyway::compile {

void check_core(const program::CoreConfig& core);

/// What multiplies in the array must know how the weights are stored.
void check_number_systems(const quantise::Network& network, const program::CoreConfig& core);

/// Shapes and wiring; enough for a structure (quantise/structure.hpp).
void check_structure(const quantise::Network& network);

/// Every layer has the codes that its shape needs.
void check_codes(const quantise::Network& network);

/// A stride between the pixels of a single row or column means nothing, and may exceed its field.
quantise::Network without_idle_strides(quantise::Network network);

}  // namespace keyway::compile
