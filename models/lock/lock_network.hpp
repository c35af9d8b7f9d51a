// SPDX-License-Identifier: Apache-2.0
/// Locks a quantised network: the owner's one way to a locked package. Its steps, whose order is
/// part of the lock and is therefore kept here:
///
///     relabel    which code means which value is chosen afresh for every tensor
///     compile    to a program for one core; what pads its weight tiles is random
///     seal       enciphers and authenticates it under fresh keys
///
/// A program that was compiled otherwise cannot be sealed from outside this folder: its codes would
/// keep the order of its weights, and its padding would be known text under the weight key.
///
/// Errors: what compiler and sealing throw (compile.hpp, package.hpp). Test:
/// tests/lock/test_lock_network.cpp.
#pragma once

#include <cstdint>
#include <vector>

#include "lock/keys.hpp"
#include "lock/parties.hpp"
#include "program/program.hpp"
#include "quantise/network.hpp"

namespace keyway::lock {

struct LockOptions {
  program::CoreConfig core;         ///< that the package is for
  Policy policy = Policy::kSealed;  ///< kSealed or kBlind
};

struct LockedNetwork {
  std::vector<uint8_t> package;  ///< the file's bytes (.kwp)
  program::Program program;      ///< what it holds, in the clear: as secret as the network
};

/// Gives the package a fresh id, so that no two packages share keys. Throws Error(kUsage) for
/// policy kPlain.
LockedNetwork lock_network(quantise::Network network, const Owner& owner,
                           const LockOptions& options);

}  // namespace keyway::lock
