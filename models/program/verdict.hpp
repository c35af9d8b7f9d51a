// SPDX-License-Identifier: Apache-2.0
/// The core's verdicts (contract.toml, [[status]]) as errors: the same sentence on every target.
#pragma once

#include "common/error.hpp"
#include "program/contract.hpp"

namespace keyway {

/// The error that a status other than OK stands for.
Error verdict(contract::Status status);

}  // namespace keyway
