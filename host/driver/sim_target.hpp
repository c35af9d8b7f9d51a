// SPDX-License-Identifier: Apache-2.0
/// The target `sim`: a simulated board in this process. It is not in the list of targets by itself,
/// because it brings SystemC and Verilated cores into the program that links it.
#pragma once

namespace keyway::driver {

/// Adds `sim` to the targets (targets.hpp). Needs a library of kernels (keyway_kernels).
void add_sim_target();

}  // namespace keyway::driver
