// SPDX-License-Identifier: Apache-2.0
/// The weights that a number system can hold, nearest to those that are wanted: what a network is
/// tuned under, at every step of the training.
///
/// A tensor has output channels of equally many weights, into which the scales of the activations
/// that meet them are folded (quantise/network.hpp). A weight is step[channel] * operand:
///
///   - Where all codes are equally likely (quantile systems of N codes), weights are compared as
///     weight / step, the step a channel's root mean square; the k-th of N buckets takes those of
///     ranks k n / N to (k + 1) n / N - 1 and its operand is their mean. Steps are then fitted to
///     the operands, and all again. A channel of zeros stays one. This is the assignment of
///     `arith/quantile.hpp` without importances and without rounding of the operands.
///   - Else the operands are those of the system's codes, each weight takes the nearest, and
///     `fit_steps` searches the step of least square error for each channel.
///
/// Coding for the device (`arith/coding.hpp`) knows more and takes longer: it weighs errors by what
/// arrives at the outputs. It finds what is projected here again, because that has no error at all.
///
/// Test: tests/tune/test_projection.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "arith/number_system.hpp"

namespace keyway::tune {

/// Weights of one tensor, [channel][tap].
struct Folded {
  int64_t channels = 0;
  int64_t taps = 0;
  std::vector<float> weights;
};

class Projection {
 public:
  /// Of a system of the contract, as the first kind of array decodes it that it runs on.
  explicit Projection(const arith::NumberSystemInfo& system);
  /// Of `codes` equally likely codes.
  explicit Projection(size_t codes) : codes_(codes) {}

  size_t codes() const { return codes_; }                           ///< 0: see operands()
  const std::vector<float>& operands() const { return operands_; }  ///< rising

  /// One step per channel; equally likely systems need none, and get none.
  std::vector<float> fit_steps(const Folded& wanted) const;
  /// `steps`: of an earlier fit_steps of this tensor.
  std::vector<float> project(const Folded& wanted, const std::vector<float>& steps) const;

 private:
  std::vector<float> by_rank(const Folded& wanted) const;
  float nearest(float value) const;

  size_t codes_ = 0;             ///< equally likely ones; 0: `operands_` are given
  std::vector<float> operands_;  ///< rising
};

}  // namespace keyway::tune
