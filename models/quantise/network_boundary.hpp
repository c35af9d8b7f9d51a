// SPDX-License-Identifier: Apache-2.0
/// The boundaries of a quantised network: what the host must know to feed it and to read it.
#pragma once

#include "program/boundary.hpp"
#include "quantise/network.hpp"

namespace keyway::quantise {

program::InputBoundary input_boundary(const Network& network);
program::OutputBoundary output_boundary(const Network& network);

}  // namespace keyway::quantise
