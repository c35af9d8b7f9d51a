// SPDX-License-Identifier: Apache-2.0
/// Proof that no accumulator overflows.
///
///     for every output channel:  sum over taps of |operand| * max |x[channel]|  +  |bias|  <  2^31
///
/// where max |x| follows from the clamp of the layer that made the channel, or from its byte's
/// range. The bound holds for every partial sum in any order. Post-processing is 64 bits wide and
/// cannot overflow given the fields' ranges.
///
/// Errors: kUnsupported, naming the layer, the channel and the bound.
#pragma once

#include "quantise/network.hpp"

namespace keyway::compile {

void prove_accumulators(const quantise::Network& network);

}  // namespace keyway::compile
