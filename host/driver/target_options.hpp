// SPDX-License-Identifier: Apache-2.0
/// Where a package is to run, and how.
///
///     func    the program simulator: bit-exact, fast, no cycles
///     sim     the core's RTL, cycle by cycle, in this process (where the program has linked it)
///     hw_emu  the same RTL behind the stock Xilinx Runtime's hardware emulation
///     hw      a card; its secret is in the chip, so there is no device file
///
/// All give the same output bits. What a target has no use for is refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace keyway::driver {

/// No run of one input takes so long: half an hour at 500 kHz of simulation, seconds on a card.
inline constexpr uint64_t kMostCycles = 1'000'000'000;

struct TargetOptions {
  std::string target = "func";
  std::string device;       ///< func, sim, hw_emu: device file (.kwd); empty for a blank device
  std::string class_file;   ///< func: class of the core (.kwc) that the device's secret is bound to
  std::string memory;       ///< sim, hw_emu: "latency=60,stall=0.0,seed=1"
  std::string trace, wave;  ///< sim, hw_emu: files to write; empty for none
  std::string xclbin;       ///< hw: the bitstream for the card
  int threads = 1;          ///< func: threads of the host
  size_t batch = 1;         ///< sim, hw_emu, hw: inputs a start
  /// Most that one input may take, in cycles of the core, which counts them in steps of
  /// 2^contract::kCycleLimitBits; a run is stopped earlier when it takes much longer than its
  /// package expects (package_facts.hpp).
  uint64_t max_cycles = kMostCycles;
};

}  // namespace keyway::driver
