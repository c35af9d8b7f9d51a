// SPDX-License-Identifier: Apache-2.0
/// Another package key for a network that is locked already: the owner opens his package and seals
/// what is in it anew, so nothing is trained, quantised or compiled again. Licences of the old
/// package do not open the new one, and the other way round.
/// Test: tests/lock/test_renew.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "lock/package.hpp"

namespace keyway::lock {

/// Under a fresh id, so that no weights meet a key stream twice; `policy`: that of the package
/// unless it is given. Throws Error(kUsage) for a plain package or policy, Error(kAuthentication)
/// for one that this owner did not make or that was changed.
std::vector<uint8_t> renew_package(const PackageView& package, const Owner& owner,
                                   std::optional<Policy> policy = std::nullopt);

}  // namespace keyway::lock
