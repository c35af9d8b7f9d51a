// SPDX-License-Identifier: Apache-2.0
#include "compile/transpose.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace keyway::compile {
namespace {

void transpose(graph::Window& w) {
  std::swap(w.kernel_h, w.kernel_w);
  std::swap(w.stride_h, w.stride_w);
  std::swap(w.pad_top, w.pad_left);
  std::swap(w.pad_bottom, w.pad_right);
}

/// [...][rows][columns] -> [...][columns][rows]
std::vector<uint8_t> transposed_planes(const std::vector<uint8_t>& from, int64_t rows,
                                       int64_t columns) {
  if (rows == 1 || columns == 1) return from;
  std::vector<uint8_t> to;
  to.reserve(from.size());
  const auto taps = static_cast<size_t>(rows * columns);
  for (size_t plane = 0; plane < from.size(); plane += taps) {
    for (int64_t x = 0; x < columns; ++x) {
      for (int64_t y = 0; y < rows; ++y) {
        to.push_back(from[plane + static_cast<size_t>(y * columns + x)]);
      }
    }
  }
  return to;
}

}  // namespace

quantise::Network transposed(quantise::Network network) {
  for (quantise::Tensor& tensor : network.tensors)
    std::swap(tensor.shape.height, tensor.shape.width);
  for (quantise::Layer& layer : network.layers) {
    layer.codes = transposed_planes(layer.codes, layer.window.kernel_h, layer.window.kernel_w);
    transpose(layer.window);
    std::swap(layer.residual.stride_h, layer.residual.stride_w);
    for (quantise::Region& region : layer.regions) {
      std::swap(region.y, region.x);
      std::swap(region.height, region.width);
      std::swap(region.shift_y, region.shift_x);
    }
  }
  for (Layout* layout : {&network.input_layout, &network.output_layout}) {
    std::swap(layout->stride_h, layout->stride_w);
  }
  transpose(network.input_padding);
  return network;
}

}  // namespace keyway::compile
