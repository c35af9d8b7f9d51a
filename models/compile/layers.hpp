// SPDX-License-Identifier: Apache-2.0
/// What the passes ask of a network's layers: short names for it, no decisions.
#pragma once

#include <cstddef>
#include <cstdint>

#include "quantise/network.hpp"

namespace keyway::compile {

inline const quantise::Tensor& tensor(const quantise::Network& network, int index) {
  return network.tensors[static_cast<size_t>(index)];
}

inline bool has_weights(const quantise::Layer& layer) {
  return layer.kind == quantise::LayerKind::kDense || layer.kind == quantise::LayerKind::kDepthwise;
}

/// Rows of the input that output rows [y, y + height) read: [first, last), empty when all is
/// padding.
struct RowRange {
  int64_t first = 0, last = 0;
};
RowRange input_rows(const quantise::Layer& layer, const Shape& input, int64_t y, int64_t height);

/// As listings and reports have it.
const char* kind_name(quantise::LayerKind kind);

}  // namespace keyway::compile
