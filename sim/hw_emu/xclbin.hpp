// SPDX-License-Identifier: Apache-2.0
/// Writes the xclbin with which stock XRT runs Keyway's kernel in hardware emulation.
///
/// An xclbin is a table of sections (structures in <xrt/xclbin.h>). Ours says: one kernel `keyway`
/// with one instance, its arguments and registers from the contract (program/contract.hpp), one
/// memory bank that its only master reaches, and a BITSTREAM that is a zip of the script which XRT
/// runs to start the simulator process. The script finds the simulator through the environment
/// variable KEYWAY_SIMULATOR, which Keyway's driver sets, or else as `keyway_hw_emu` in PATH; so
/// the file depends neither on the build tree nor on where it is installed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace keyway::hw_emu {

/// Name of the kernel and of its compute unit, as the host opens it.
inline constexpr const char* kKernelName = "keyway";
inline constexpr const char* kInstanceName = "keyway_1";
/// Where the kernel's registers are in the card's address space.
inline constexpr uint64_t kControlBase = 0x1800000;
inline constexpr uint64_t kControlBytes = 0x1000;

/// `core` is the size of the array ("16x16"): the simulator is started with `--core core`. Two
/// calls with the same core give the same bytes (the uuid is a hash of the rest), so a build
/// repeats.
std::vector<uint8_t> make_xclbin(const std::string& core);

}  // namespace keyway::hw_emu
