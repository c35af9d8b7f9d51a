// SPDX-License-Identifier: Apache-2.0
/// The targets that a package can run on: the one place that knows all of them.
///
/// To add a target: implement Board (for something with a kernel) or Accelerator (for something
/// without), and add a line to the table in targets.cpp; or, where not every program should link
/// what it needs, call `add_target` as sim_target.cpp does.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "driver/accelerator.hpp"
#include "driver/target_options.hpp"
#include "program/core_config.hpp"

namespace keyway::driver {

struct Target {
  const char* name;
  std::unique_ptr<Accelerator> (*make)(const TargetOptions&, const program::CoreConfig&);
  bool device;     ///< has a device file
  bool simulated;  ///< has a memory model, trace and wave
  bool starts;     ///< has a kernel, whose starts inputs can share; else threads of the host
  bool bitstream;  ///< needs one
};

/// Adds one to the list; its name must be new. Not while another thread reads the list.
void add_target(const Target& target);

/// Names that TargetOptions::target takes.
std::vector<std::string> target_names();

/// A device for packages that were compiled for `core`; nothing is open on it yet. Throws
/// Error(kUsage) for options that the target does not take, Error(kFit) for a core that there is
/// not, Error(kFile) for the device file, Error(kDevice) when the target does not come up.
std::unique_ptr<Accelerator> make_accelerator(const TargetOptions& options,
                                              const program::CoreConfig& core);

}  // namespace keyway::driver
