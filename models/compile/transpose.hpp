// SPDX-License-Identifier: Apache-2.0
/// The network with rows for columns and columns for rows: shapes, windows, regions, the taps of
/// every kernel, and how input and output stand in the user's arrays. It computes the same numbers.
/// Test: tests/compile/test_transpose.cpp.
#pragma once

#include "quantise/network.hpp"

namespace keyway::compile {

quantise::Network transposed(quantise::Network network);

}  // namespace keyway::compile
