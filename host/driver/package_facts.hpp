// SPDX-License-Identifier: Apache-2.0
/// What the host itself makes of a package before it gives it to a device.
///
/// The program of a plain package is anybody's, and decides what the device reads and writes. So it
/// is decoded here as the program simulator does it, whatever the target: what no core could run is
/// refused before a device sees it. A locked package's program is not readable here; that it is its
/// owner's, the device verifies, and the sizes of the buffers hold for it as well (contract.toml).
///
/// Errors: Error(kFile) for what is no package, or a malformed program in a plain one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "driver/target_options.hpp"
#include "program/program.hpp"

namespace keyway::driver {

struct PackageFacts {
  /// Least size of an input and of an output; 0 where the program is enciphered.
  size_t input_bytes = 0, output_bytes = 0;
  /// That the array needs for one input, as the manifest says; a plain package's may say anything.
  uint64_t estimated_cycles = 0;
};

/// Of a manifest's layers, or as many as a counter holds.
uint64_t estimated_cycles(const program::Program& description);

/// A start may take so many times the cycles that are expected. The contract's sentence of
/// CYCLE_LIMIT says it too.
inline constexpr uint64_t kCycleFactor = 20;
/// And so many more, for what an estimate does not see (memories are cleared, weights come over a
/// slow bus).
inline constexpr uint64_t kCycleMargin = 1'000'000;

/// What a device may spend where `estimated` cycles are expected; never more than `most`.
uint64_t cycle_limit(uint64_t estimated, uint64_t most);

PackageFacts examine(const std::vector<uint8_t>& package);

}  // namespace keyway::driver
