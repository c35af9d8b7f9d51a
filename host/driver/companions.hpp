// SPDX-License-Identifier: Apache-2.0
/// Where the files are that belong to the running program, or to libkeyway where that has this
/// code. Build tree and installation have the same shape (bin, lib, libexec, share), so they are
/// found from the place of the program or library itself.
#pragma once

#include <string>
#include <vector>

namespace keyway::driver {

/// These throw Error(kDevice) that names the missing file.
std::string xrt_program();                              ///< the process that holds XRT
std::string simulator_program();                        ///< the process that XRT launches
std::string emulation_xclbin(const std::string& core);  ///< throws Error(kFit) for an unknown core

/// The program that tunes. Throws Error(kFit) where it was not built, for want of LibTorch.
std::string tune_program();

/// Names of the cores that there is an emulation of, in order. Throws Error(kFit) when there is
/// none.
std::vector<std::string> emulated_cores();

/// Models and inputs that come with this program, named as `keyway bench --suite zoo` wants them.
std::string zoo_folder();

}  // namespace keyway::driver
