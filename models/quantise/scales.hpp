// SPDX-License-Identifier: Apache-2.0
/// The choice of scales: what a byte of every tensor is worth, before any weight is coded.
///
/// Each tensor gets the scales of its range (calibrate.hpp, reach.hpp) or those that a quantised
/// file gives (given_range.hpp). Then, where weights are coarse, scales suit those that read a
/// tensor (equalise.hpp), and layers in front of a quantiser of one step are made steeper.
///
/// Errors: kUsage, naming the tensor, where there are no calibration inputs and no range is given.
/// Test: tests/quantise/test_quantise.cpp.
#pragma once

#include "quantise/quantisation.hpp"

namespace keyway::quantise {

/// Completes the tensors of the network.
void complete_tensors(Quantisation& quantisation);

}  // namespace keyway::quantise
