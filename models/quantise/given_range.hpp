// SPDX-License-Identifier: Apache-2.0
/// Bytes for values whose range the model file gives: what its quantisers clamp (graph::Clamp).
///
/// A range lo..hi of whole steps that a byte without zero point can count (0..255 of them, or
/// -128..127 from the first one to the last) gets that step: then bytes are the file's integers,
/// less their zero point. Any other range is divided into as many steps as fit: an unsigned byte's
/// 255, or 127 or 128 of a signed one on its longer side. Where the byte's zero can be moved (ends
/// of the network, centre.hpp), every range of at most 255 steps is counted exactly.
/// Test: tests/quantise/test_given_range.cpp.
#pragma once

#include <optional>

#include "graph/graph.hpp"
#include "quantise/calibrate.hpp"
#include "quantise/input_values.hpp"
#include "quantise/network.hpp"

namespace keyway::quantise {

/// A quantiser of fewer steps in its range than these means its rounding: the network was trained
/// with it, and finer bytes would be other values.
inline constexpr double kCoarseSteps = 100;

/// `bound` has two ends.
bool is_given(const Bound& bound);
/// `clamp` comes from a quantiser whose integers fit a byte that may be moved.
bool is_byte(const graph::Clamp& clamp);

/// Sign and scale of a tensor, the same for all channels; nothing unless is_given(). `step`: of the
/// values, or 0.
std::optional<Tensor> given_scales(const graph::Tensor& tensor, const Bound& bound, float step);

/// Unit and zero of the bytes of one channel that is clamped so, is_given(). `is_unsigned`: no
/// channel of the tensor is negative. `can_move` and `with_zero` as for choose_units().
InputUnit given_unit(const graph::Clamp& clamp, bool is_unsigned, bool with_zero, bool can_move);

}  // namespace keyway::quantise
