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

namespace keyway::driver {

struct PackageFacts {
  /// Least size of an input and of an output; 0 where the program is enciphered.
  size_t input_bytes = 0, output_bytes = 0;
};

PackageFacts examine(const std::vector<uint8_t>& package);

}  // namespace keyway::driver
