// SPDX-License-Identifier: Apache-2.0
/// Calibrated post-training quantisation: a float graph and example inputs become integers.
///
/// Steps, one file each: `centre` (input and output values around zero), `lower` and `structure`
/// (layers and shapes), `evidence` (what the inputs are worth), `scales` (of every tensor), then
/// layer by layer in order `layer_coding` (codes of the weights, the bias, the requantiser's
/// integers). `quantisation` is what the steps share. Channels that are zero for every input lose
/// their weights first (`graph/zero_channels.hpp`).
///
/// Bias correction. A convolution is linear before its clamp, so its mean output over the
/// calibration images follows from the mean images alone. The float mean image is known from
/// calibration, the integer one from running the layers quantised so far on the same inputs; the
/// difference of the two outputs, whatever caused it (this layer's codes or all layers before), is
/// added to the bias. Where products are not linear the layer is run for its mean output. Source:
/// Nagel et al., arXiv 1906.04721, section 4.2.
///
/// Guarantees: every number of the result is in the range that network.hpp states; accumulators
/// stay below 2^31 (operands are scaled down where a layer would allow more); the same inputs,
/// options and seed give the same network, whatever the number of threads. Errors: kFile for
/// unusable calibration data, kUsage where there are none and a tensor's range is not given (the
/// message names it), kUnsupported (naming the layer) for what no scaling saves. Test:
/// tests/quantise.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "arith/number_system.hpp"
#include "graph/graph.hpp"
#include "quantise/calibrate.hpp"
#include "quantise/digit_shares.hpp"
#include "quantise/findings.hpp"
#include "quantise/network.hpp"

namespace keyway::quantise {

struct Options {
  int64_t max_images = 256;  ///< calibration inputs used, evenly spread over those given; small
                             ///< networks, over vectors above all, take up to eight times as many
  ScaleOptions scales;
  arith::ArrayKind array_kind = arith::ArrayKind::kMultiplier;  ///< that runs the network
  /// Of an array on which digits are time: weights get few of them (digit_shares.hpp); none: all.
  std::optional<ArrayShape> digits_for;
  uint64_t seed = 1;  ///< of every tensor's coding (arith/coding.hpp)
  /// Random bytes for the correction tables of a network whose products have some, which nobody
  /// else shall know; none: the best tables, the same for all layers.
  std::function<void(uint8_t* bytes, size_t size)> secret;
  int threads = 1;
  /// Called with the network's structure (structure.hpp) before the network runs over the first
  /// calibration input; what it throws ends the quantisation.
  std::function<void(const Network& structure)> check_structure;
  /// How far a step is: "calibration inputs", twice, then "layers"; what it throws ends the
  /// quantisation.
  std::function<void(const char* what, size_t done, size_t total)> progress;
};

/// `images` inputs in the user's layout (Layout), one after the other. Without any (null, 0) the
/// ranges are those that a quantised model file gives, and neither biases are corrected nor codes
/// chosen by what the network sees. `findings` may be
/// null.
Network quantise(const graph::Graph& graph, const float* calibration, int64_t images,
                 arith::NumberSystem system, const Options& options = {},
                 Findings* findings = nullptr);

}  // namespace keyway::quantise
