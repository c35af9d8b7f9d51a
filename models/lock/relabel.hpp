// SPDX-License-Identifier: Apache-2.0
/// Makes the weight codes of a network about to be locked say nothing by themselves.
///
/// Which code stands for which value is chosen afresh, at random, for every tensor: codes are
/// permuted and the table (which is sealed) with them, so no value of the network changes and a
/// plain package of the same model gives the same outputs. In a network of a table-driven system,
/// layers in another one (the selection layers of shortcuts, whose zeros and ones follow from
/// public shapes) get a table too: each value has a share of the codes like its share of the
/// weights, and every weight takes one of its value's codes at random. Test:
/// tests/lock/test_relabel.cpp.
#pragma once

#include "quantise/network.hpp"

namespace keyway::lock {

/// No effect on networks of a system without a table (int8).
void relabel_codes(quantise::Network& network);

}  // namespace keyway::lock
