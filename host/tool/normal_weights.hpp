// SPDX-License-Identifier: Apache-2.0
/// The tensor over which number systems are shown and compared: normally distributed weights.
#pragma once

#include "arith/coding.hpp"

namespace keyway::tool {

/// One channel of 4,096 weights, the centres of as many equally likely parts of the standard normal
/// distribution: every code of a system whose codes are equally likely has as many of them.
arith::WeightProblem normal_weights(arith::ArrayKind kind);

}  // namespace keyway::tool
