// SPDX-License-Identifier: Apache-2.0
/// The licence file (.kwl), 144 bytes: lets one device open one package. Format: contract.toml.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lock/keys.hpp"
#include "lock/package.hpp"
#include "lock/parties.hpp"

namespace keyway::lock {

/// The owner's side. Throws Error(kUsage) for a plain package, Error(kAuthentication) for a package
/// that this owner did not make, Error(kRefused) for another owner's device.
std::vector<uint8_t> make_licence(const PackageView& package, const Owner& owner,
                                  const Enrolment& enrolment);

/// Reads a licence file as far as that needs no key. Throws Error(kFile) for what is no licence.
std::vector<uint8_t> read_licence(const std::string& path);

/// The device's side, on a core of that class: the package key P, or Error(kRefused) with the
/// reason. In `blind` a wrong device gets another key and no error.
Key open_licence(const PackageView& package, const std::optional<std::vector<uint8_t>>& licence,
                 const std::optional<Device>& device,
                 const std::optional<ClassFingerprints>& of_class = std::nullopt);

}  // namespace keyway::lock
