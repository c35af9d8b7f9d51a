// SPDX-License-Identifier: Apache-2.0
/// What a model tells of its input's axes: which are channels, height and width.
///
/// Padding, slicing or adding needs to know, and may stand before the first layer that says so: in
/// Keras' models time or the image comes first and the channels last, and a Transpose turns them
/// when the padding is done. So this looks ahead. From the input it follows the axes through
/// operators that keep, permute, insert or drop them, up to one that tells channels from space: a
/// convolution, a pool or a normalisation (axis 1), a matrix product (the last axis), a mean or
/// maximum over space (the axis that stays). Where none of these is met, the last axis counts for
/// the channels if a Transpose brings it to place 1 and keeps the others in order.
///
/// What is found decides what can be read, never what is computed: a layer reads any order.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "graph/onnx_external.hpp"
#include "graph/view.hpp"

namespace onnx {
class GraphProto;
}  // namespace onnx

namespace keyway::graph::importing {

/// Of an input of these dimensions, the batch first: the meaning of the others, or nothing where
/// the model leaves it open. `nodes`: those of the graph that count, in order.
std::optional<std::vector<Axis>> order_of_input(const onnx::GraphProto& graph,
                                                const std::vector<int>& nodes,
                                                const std::string& input,
                                                const std::vector<int64_t>& dims, int64_t opset,
                                                const std::string& file, ExternalFiles& files);

}  // namespace keyway::graph::importing
