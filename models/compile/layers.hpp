// SPDX-License-Identifier: Apache-2.0
/// What the passes ask of a network's layers: short names for it, no decisions.
#pragma once

#include <cstddef>
#include <cstdint>

#include "arith/number_system.hpp"
#include "program/contract.hpp"
#include "quantise/network.hpp"

namespace keyway::compile {

inline const quantise::Tensor& tensor(const quantise::Network& network, int index) {
  return network.tensors[static_cast<size_t>(index)];
}

inline bool has_weights(const quantise::Layer& layer) {
  return layer.kind == quantise::LayerKind::kDense || layer.kind == quantise::LayerKind::kDepthwise;
}

/// Of the codes of a layer with weights.
inline uint32_t code_bits(const quantise::Layer& layer) {
  return arith::info(layer.number_system).code_bits;
}

/// Largest value that an unsigned field of an instruction holds.
constexpr int64_t largest(const contract::Field& field) { return (int64_t{1} << field.bits) - 1; }

/// Rows of the input that rows [y, y + height) of the layer's grid read: [first, last), empty when
/// all is padding.
struct RowRange {
  int64_t first = 0, last = 0;
};
RowRange input_rows(const quantise::Layer& layer, const Shape& input, int64_t y, int64_t height);

/// Post-processing that leaves the accumulator's value as it is: (2 x + 1) >> 1 = x.
quantise::ChannelPost unchanged(bool is_signed);

/// As listings and reports have it.
const char* kind_name(quantise::LayerKind kind);

}  // namespace keyway::compile
