// SPDX-License-Identifier: Apache-2.0
#include "compile/bounds.hpp"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <vector>

#include "common/error.hpp"
#include "common/printable.hpp"
#include "compile/layers.hpp"

namespace keyway::compile {
namespace {

using quantise::Layer;
using quantise::LayerKind;
using quantise::Network;

constexpr int64_t kLimit = int64_t{1} << 31;

/// Largest |x| of every channel of every tensor.
using Magnitudes = std::vector<std::vector<int64_t>>;

/// Largest size of a product of a code with activations of at most `most`.
int64_t largest_product(const arith::Operands& operands,
                        const std::optional<arith::Products>& products, uint8_t code,
                        int64_t most) {
  return products ? products->largest(code, most) : std::abs(int64_t{operands[code]}) * most;
}

int64_t largest_sum(const Layer& layer, const arith::Operands& operands,
                    const std::optional<arith::Products>& products, size_t channel,
                    const std::vector<int64_t>& input) {
  const auto taps = static_cast<size_t>(layer.window.kernel_h * layer.window.kernel_w);
  if (layer.kind == LayerKind::kMax) return input[channel];
  if (layer.kind == LayerKind::kSum) return input[channel] * static_cast<int64_t>(taps);
  const size_t inputs = layer.kind == LayerKind::kDense ? input.size() : 1;
  const uint8_t* code = layer.codes.data() + channel * inputs * taps;
  int64_t sum = 0;
  for (size_t i = 0; i < inputs; ++i) {
    const int64_t most = input[layer.kind == LayerKind::kDense ? i : channel];
    for (size_t t = 0; t < taps; ++t) sum += largest_product(operands, products, *code++, most);
  }
  return sum;
}

}  // namespace

void prove_accumulators(const Network& network) {
  Magnitudes magnitudes;
  for (const quantise::Tensor& t : network.tensors) {
    magnitudes.emplace_back(static_cast<size_t>(t.shape.channels), t.is_signed ? 128 : 255);
  }
  for (const Layer& layer : network.layers) {
    const std::vector<int64_t>& input = magnitudes[static_cast<size_t>(layer.input)];
    std::vector<int64_t>& output = magnitudes[static_cast<size_t>(layer.output)];
    const arith::Operands operands = operands_of(network, layer);
    const std::optional<arith::Products> products = products_of(layer);
    for (size_t c = 0; c < output.size(); ++c) {
      const int64_t sum = largest_sum(layer, operands, products, c, input);
      int64_t reach = 0;
      for (const quantise::Region& region : layer.regions) {
        const quantise::ChannelPost& post = region.post[c];
        const int64_t bound = sum + std::abs(int64_t{post.bias});
        if (bound >= kLimit) {
          throw Error(ErrorKind::kUnsupported, "layer " + common::quoted(layer.name) +
                                                   ": the accumulator of output channel " +
                                                   std::to_string(c) + " can reach " +
                                                   std::to_string(bound) + ", beyond 32 bits");
        }
        reach = std::max({reach, std::abs(int64_t{post.lo}), std::abs(int64_t{post.hi})});
      }
      output[c] = std::min(output[c], reach);
    }
  }
}

}  // namespace keyway::compile
