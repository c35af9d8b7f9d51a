// SPDX-License-Identifier: Apache-2.0
/// Where a package can run: the one place that knows all targets.
///
/// To add a target: implement driver::Shell (for something with a kernel) or driver::Accelerator
/// (for something without), and add a line to `make_accelerator`.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "driver/accelerator.hpp"
#include "program/program.hpp"

namespace keyway::tool {

struct TargetOptions {
  std::string target = "func";  ///< func, sim, hw_emu or hw
  std::string device;           ///< device file; empty for none
  std::string memory;           ///< "latency=60,stall=0.0,seed=1"
  std::string trace, wave;      ///< files to write; empty for none
  std::string xclbin;           ///< hw: the bitstream for the card
  int threads = 1;              ///< func: threads of the host
  size_t batch = 1;             ///< what has a kernel: inputs a start
};

/// Names that --target takes.
const std::vector<std::string>& target_names();

/// Throws Error(kUsage) for options that the target does not take, Error(kFit) for a core that this
/// build lacks, Error(kFile) for the device file, Error(kDevice) when the target does not come up.
std::unique_ptr<driver::Accelerator> make_accelerator(const TargetOptions& options,
                                                      const program::CoreConfig& core);

}  // namespace keyway::tool
