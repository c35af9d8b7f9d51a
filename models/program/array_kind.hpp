// SPDX-License-Identifier: Apache-2.0
/// Kinds of arrays: what multiplies and adds in a core, and how far apart its steps are.
///
/// Each is an entry of contract.toml's [[array_kind]], of which the core's side is chosen in
/// rtl/engine/array/product_unit.sv. Which number systems a kind runs, these say (runs_on).
/// Test: one whose steps are eight cycles apart, tests/simulate/test_toy_array.cpp.
#pragma once

#include <vector>

#include "program/contract.hpp"

namespace keyway::program {

/// Those of the contract, in its order, and behind them what was added.
const std::vector<contract::ArrayKindInfo>& array_kinds();
/// Adds one to the list; its value, name and suffix must be new. Not while another thread reads the
/// list.
void add_array_kind(const contract::ArrayKindInfo& entry);
/// Null for a value that no kind has.
const contract::ArrayKindInfo* find_array_kind(contract::ArrayKind kind);

}  // namespace keyway::program
