// SPDX-License-Identifier: Apache-2.0
/// Runs a graph in float: the reference for accuracy, and the source of calibration data.
///
/// Convolutions are im2col and a matrix product (Eigen), sums in float32; every other operator is a
/// plain loop. Images are independent of each other, so the result does not depend on the number of
/// threads or on how many images are given at once.
///
/// Inputs and outputs are in the layout of the model file (`Graph::input_layout`,
/// `Graph::output_layout`), N first; `input_scale`, `input_offset`, output function and selection
/// are applied. What a visitor sees are the graph's own tensors: channels x height x width, the
/// input after scale and offset, the output before the output function.
///
/// Contract: the graph satisfies `check.hpp`. Errors: kUsage for a negative number of images.
/// Test: tests/graph (against onnxruntime).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "graph/graph.hpp"

namespace keyway::graph {

/// `images` consecutive images of tensor `tensor`, each Shape::elements() floats in C, H, W order.
/// Called in the caller's thread, for a block of images at a time, the tensors of each block in
/// topological order (the graph's input first); the data is gone after the call.
using TensorVisitor = std::function<void(int tensor, const float* data, int64_t images)>;

struct ExecuteOptions {
  int threads = 1;
  int64_t block_bytes = int64_t{64}
                        << 20;  ///< bound on the tensors held at once (one image at least)
};

/// Runs `images` inputs, one after another at `input` in the user's layout, and gives their
/// outputs, one after another in the user's layout.
std::vector<float> execute(const Graph& graph, const float* input, int64_t images,
                           const ExecuteOptions& options = {}, const TensorVisitor& visitor = {});

/// The input as the graph's first nodes read it: one image of the user's, in C, H, W order, after
/// scale, offset and clamp.
void load_input(const Graph& graph, const float* user, float* tensor);

/// From the layout that users see to C, H, W order, and back. One image.
void gather_layout(const Layout& layout, const Shape& shape, const float* user, float* tensor);
void scatter_layout(const Layout& layout, const Shape& shape, const float* tensor, float* user);

/// Output function in place over one image in C, H, W order.
void apply_output_function(OutputFunction function, const Shape& shape, float* tensor);

}  // namespace keyway::graph
