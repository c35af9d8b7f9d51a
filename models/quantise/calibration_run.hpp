// SPDX-License-Identifier: Apache-2.0
/// The calibration images on their way through the layers quantised so far: what a layer's inputs
/// really are when its weights are chosen and its bias corrected.
///
/// Holds the bytes of all tensors computed so far, and their mean images.
/// Test: tests/quantise/test_quantise.cpp.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/graph.hpp"
#include "quantise/network.hpp"
#include "quantise/reference.hpp"

namespace keyway::quantise {

/// An output pixel of one of the images.
struct Position {
  int64_t image, y, x;
};
/// Some thousand, spread evenly over images and pixels.
std::vector<Position> sampled_positions(int64_t images, const Shape& out);

class CalibrationRun {
 public:
  /// The network's tensors must be complete; its layers may still grow. `trust`: what an image
  /// counts (Evidence::trust).
  CalibrationRun(const Network& network, int threads, double trust = 1)
      : network_(network), threads_(threads), trust_(trust) {}

  double trust() const { return trust_; }

  void start(const float* inputs, int64_t images);
  /// Runs one more layer on every image.
  void advance(const Layer& layer);

  /// Mean byte of every element of a tensor that has been computed, C x H x W.
  const std::vector<double>& mean(int tensor) const { return means_[static_cast<size_t>(tensor)]; }

  /// Mean of a layer's sums, before post-processing, one per output channel.
  std::vector<double> mean_sums(const Layer& layer) const;

  /// How often each activation from arith::kLeastActivation on is in a computed tensor.
  std::vector<double> activations(int tensor) const;

  /// Share of a computed tensor's bytes that are the largest or smallest there is.
  double share_at_limit(int tensor) const;

  /// Real values of a computed tensor for the first `images` images, C x H x W each; `offset` is
  /// added, one per channel.
  std::vector<float> values(int tensor, int64_t images, const std::vector<float>& offset) const;

  /// What the taps [c][ky][kx] of `count` channels of a tensor from `first` on meet at the sampled
  /// positions of an output of this shape: [tap][position].
  std::vector<float> met(int tensor, const Shape& out, const graph::Window& window, int64_t first,
                         int64_t count) const;
  /// The same, less its mean.
  std::vector<float> columns(int tensor, const Shape& out, const graph::Window& window,
                             int64_t first, int64_t count) const;
  /// Real values that a layer's residual adds at the sampled positions: [channel][position].
  std::vector<float> residual(const Layer& layer) const;
  /// n / (n + taps) with n columns, by trust: what covariances of different things keep that so few
  /// columns tell.
  double certainty(size_t columns, size_t taps) const;
  /// Covariance of columns of the tensor, [tap][tap]. What few columns cannot tell is left out:
  /// entries for different taps are scaled by certainty(), and every tap gets, on the diagonal, the
  /// square of the largest byte over n + 1: what was always zero may still wake.
  std::vector<float> gram(int tensor, const std::vector<float>& columns, size_t taps) const;

 private:
  void update_mean(int tensor);

  const Network& network_;
  int threads_;
  double trust_;
  std::vector<TensorBytes> images_;
  std::vector<std::vector<double>> means_;
};

/// Mean over the output positions of the input that tap (c, ky, kx) meets, zero outside the image;
/// in the order [c][ky][kx]. A convolution's mean output is the product of its weights with this.
std::vector<double> tap_means(const std::vector<double>& image, const Shape& in, const Shape& out,
                              const graph::Window& window);

}  // namespace keyway::quantise
