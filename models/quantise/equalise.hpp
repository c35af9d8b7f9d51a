// SPDX-License-Identifier: Apache-2.0
/// Scales of activations that suit weights of few digits.
///
/// A channel's scale goes into the weights that meet it, and whoever makes the channel does not
/// mind. The scale of the range (calibrate.hpp) rounds activations as finely as bytes can, but then
/// channels that add little have small weights, which a coarse code of one step for all of them
/// rounds as badly as the large ones. With a scale f times as large such a channel's weights are
/// larger, its bytes smaller, and so is what the weights' rounding does,
///
///     E = (sum over channels of q / f^2) (sum over channels of f^2 m),
///
/// q being the mean square of the bytes and m that of the weights that meet them (relative to their
/// output's): rounding steps follow the weights' mean square. Least is f^4 ~ q / m (Cauchy and
/// Schwarz). Only ratios count, so the least f of a tensor is one; and no f is above a limit,
/// because activations are rounded f times as coarsely.
/// Source: Nagel et al., arXiv 1906.04721, section 4.1 (where both layers' weights are coarse).
/// Test: tests/quantise/test_equalise.cpp.
#pragma once

#include <vector>

#include "quantise/lower.hpp"
#include "quantise/network.hpp"

namespace keyway::quantise {

/// The factor of every channel of `tensor`; `squares` are the mean squares of its bytes. All are
/// one where no dense layer is among its readers.
std::vector<double> coarser_scales(const Tensor& tensor, const std::vector<double>& squares,
                                   const std::vector<const FloatLayer*>& readers, double most);

}  // namespace keyway::quantise
