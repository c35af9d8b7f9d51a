// SPDX-License-Identifier: Apache-2.0
/// The decode table: what the decode memory holds for every code. For number systems with a table
/// it is part of the sealed program; for the others it binds nothing.
#pragma once

#include <array>
#include <cstdint>

#include "program/contract.hpp"

namespace keyway::program {

using Table = std::array<int16_t, contract::kTableEntries>;

}  // namespace keyway::program
