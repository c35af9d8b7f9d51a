// SPDX-License-Identifier: Apache-2.0
/// The last step of a lock: enciphers and authenticates a program. For this folder alone (and tests
/// that seal programs which no compiler made): whoever locks a network calls lock_network.hpp,
/// which has made its codes say nothing before they come here.
#pragma once

#include <cstdint>
#include <vector>

#include "lock/keys.hpp"
#include "lock/parties.hpp"
#include "program/program.hpp"

namespace keyway::lock {

/// The package, under a fresh id, so that no two packages share keys. Throws Error(kUsage) for
/// policy kPlain, Error(kFit) as make_plain_package.
std::vector<uint8_t> seal_program(const program::Program& program, Policy policy,
                                  const Owner& owner);

}  // namespace keyway::lock
