// SPDX-License-Identifier: Apache-2.0
/// Which axis of a network's images lies along the rows of the activation memory.
///
/// Rows go round four banks and columns do not: a signal of one row takes four times its bytes, one
/// of one column does not. The network may be transposed as a whole, which changes no number
/// (transpose.hpp); the host lays input and output out accordingly. Both ways are weighed by what
/// they need (plan.hpp), each with the fastest input layout that fits:
///
///     one fits and one does not   the one that fits
///     one can be planned at all   that one
///     neither fits                the one of fewer bytes (its figures are told)
///     rows for columns saves      a quarter of the bytes, for a quarter more cycles at most; or a
///                                 quarter of the cycles, for no more bytes
///
/// and otherwise the network stays as it is: small gains do not move rows and columns about.
/// Test: tests/compile/test_orientation.cpp.
#pragma once

#include "program/core_config.hpp"
#include "quantise/network.hpp"

namespace keyway::compile {

/// Shapes alone decide: a structure (quantise/structure.hpp) is turned like its network.
quantise::Network oriented(quantise::Network network, const program::CoreConfig& core);

}  // namespace keyway::compile
