// SPDX-License-Identifier: Apache-2.0
/// Integer reference executor: the formula of network.hpp in plain loops, layer by layer.
///
/// Compiler, program simulator and RTL are judged by it, so it aims at being obviously right. Its
/// only concession to speed: a dense layer gathers the inputs of an output pixel into one column
/// (zeros for taps outside the image) and takes dot products of 16-bit numbers, which compilers
/// vectorise. Sums are 32 bits, as in the core; that none overflows, quantise.hpp guarantees. Bytes
/// are in C, H, W order, signed ones in two's complement.
///
/// Errors: kUsage where layers and tensors do not fit together. Test:
/// tests/quantise/test_reference.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "quantise/network.hpp"

namespace keyway::quantise {

/// One image's bytes of every tensor, by tensor index; empty where not computed.
using TensorBytes = std::vector<std::vector<uint8_t>>;

/// One layer with its codes decoded.
class LayerReference {
 public:
  LayerReference(const Network& network, const Layer& layer);

  /// `residual` is null unless the layer has one.
  std::vector<uint8_t> run(const std::vector<uint8_t>& input,
                           const std::vector<uint8_t>* residual) const;
  /// What the array gives, before post-processing: C x H x W.
  std::vector<int32_t> sums(const std::vector<uint8_t>& input) const;

 private:
  void dense(const std::vector<int16_t>& input, std::vector<int32_t>& sums) const;
  void windowed(const std::vector<int16_t>& input, std::vector<int32_t>& sums) const;
  const Tensor& tensor(int index) const { return tensors_[static_cast<size_t>(index)]; }

  const std::vector<Tensor>& tensors_;
  const Layer& layer_;
  std::vector<int16_t> operands_;
  std::optional<arith::Products> products_;  ///< which no operands give
  std::vector<uint8_t> codes_of_tap_;        ///< [tap][output channel], of a dense layer with them
};

class Reference {
 public:
  /// The network must outlive the reference.
  explicit Reference(const Network& network);

  /// Every tensor of one image, from the bytes of the input.
  TensorBytes run(const std::vector<uint8_t>& input) const;

  /// `images` inputs in the user's layout to outputs in the user's layout.
  std::vector<float> infer(const float* inputs, int64_t images, int threads = 1) const;

 private:
  const Network& network_;
  std::vector<LayerReference> layers_;
};

}  // namespace keyway::quantise
