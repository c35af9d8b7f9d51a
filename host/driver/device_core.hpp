// SPDX-License-Identifier: Apache-2.0
/// Which core stands for a simulated device: any that runs the package, or the one that the device
/// is known to be, since its secret is bound to that core's class or its file was made for it.
/// Errors: Error(kFile) for the device file; else as stated.
#pragma once

#include <string>
#include <vector>

#include "lock/parties.hpp"
#include "program/core_config.hpp"

namespace keyway::driver {

/// Throws Error(kRefused) when the device is a core that runs no program for `wanted`.
void check_core(const lock::Device& device, const program::CoreConfig& wanted);

/// Of the cores `built` the one that is the device, or else the smallest that runs a program for
/// `wanted`. `device_file`: .kwd, or empty for a blank device. Throws Error(kFit) that lists them
/// where there is none, and what check_core throws.
std::string choose_core(const std::vector<std::string>& built, const program::CoreConfig& wanted,
                        const std::string& device_file);

}  // namespace keyway::driver
