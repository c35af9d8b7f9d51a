// SPDX-License-Identifier: Apache-2.0
#include "quantise/network_boundary.hpp"

#include <utility>
#include <vector>

namespace keyway::quantise {

program::InputBoundary input_boundary(const Network& network) {
  const Tensor& tensor = network.tensors.at(static_cast<size_t>(network.input));
  const graph::Window& w = network.input_padding;
  return {tensor.shape,
          network.input_layout,
          tensor.is_signed,
          tensor.scale,
          network.input_scale,
          network.input_offset,
          w.pad_top,
          w.pad_left,
          w.pad_bottom,
          w.pad_right,
          network.input_pad_value,
          network.input_least,
          network.input_most};
}

program::OutputBoundary output_boundary(const Network& network) {
  const Tensor& tensor = network.tensors.at(static_cast<size_t>(network.output));
  std::vector<float> offset = network.output_offset;
  if (offset.empty()) offset.assign(tensor.scale.size(), 0.0F);
  return {tensor.shape,      network.output_layout,   tensor.is_signed,        tensor.scale,
          std::move(offset), network.output_function, network.output_selection};
}

}  // namespace keyway::quantise
