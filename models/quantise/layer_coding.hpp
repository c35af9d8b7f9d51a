// SPDX-License-Identifier: Apache-2.0
/// The coding of a layer: codes for its weights, its bias, and the requantiser's integers.
///
/// Of a layer with weights: the input's scales are folded into them; where codes are coarse they
/// make up for the layers before (compensate.hpp); the number system codes them (arith/coding.hpp),
/// with smaller operands where an accumulator could overflow otherwise; and the bias is corrected
/// (quantise.hpp). The network's tensors are complete before that, and the layers ahead of this
/// one.
///
/// Errors: kUnsupported, naming the layer, for products that fit no accumulator. Test:
/// tests/quantise/test_quantise.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "quantise/calibration_run.hpp"
#include "quantise/quantisation.hpp"

namespace keyway::quantise {

/// Of how many digits every weight of every layer is, where they have few (digit_shares.hpp).
std::vector<std::vector<uint8_t>> share_digits_out(const Quantisation& q);

/// Completes layer `number`. `calibration` is null where nothing was seen.
void code_layer(Quantisation& quantisation, size_t number, const CalibrationRun* calibration);

}  // namespace keyway::quantise
