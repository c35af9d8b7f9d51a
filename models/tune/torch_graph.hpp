// SPDX-License-Identifier: Apache-2.0
/// The float graph as LibTorch computes it, so that it can be differentiated.
///
/// Tensors are N x C x H x W; every operator of `graph::OpKind` has its counterpart, and the result
/// is that of `graph::execute` up to the order of sums. Padding that LibTorch does not know
/// (unequal sides, wider than half a pool's kernel) is a padding of its own ahead of the operator.
/// Rounding has no useful derivative; here its derivative is one, inside of the bounds
/// (straight-through: Bengio et al., arXiv 1308.3432).
///
/// Contract: the graph satisfies `graph/check.hpp` and outlives this. Test:
/// tests/tune/test_torch_graph.cpp.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "graph/graph.hpp"

namespace keyway::tune {

/// The numbers of one node: those of a convolution, undefined tensors for any other.
struct Parameters {
  torch::Tensor weight;  ///< [out][in][kh][kw], of a depthwise convolution [channel][1][kh][kw]
  torch::Tensor bias;    ///< [out]
};

/// What the graph's nodes hold, one entry per node.
std::vector<Parameters> parameters_of(const graph::Graph& graph);

/// Writes them back into the nodes.
void store(const std::vector<Parameters>& parameters, graph::Graph& graph);

/// `images` inputs in the user's layout as the graph's first nodes read them.
torch::Tensor load_inputs(const graph::Graph& graph, const float* inputs, int64_t images);

/// What a tensor becomes before others read it; the graph's input is one of them.
using After = std::function<torch::Tensor(int tensor, const torch::Tensor& value)>;

/// From a batch of inputs (`load_inputs`) to the graph's output before its output function.
torch::Tensor forward(const graph::Graph& graph, const std::vector<Parameters>& parameters,
                      const torch::Tensor& input, const After& after = {});

/// min(max(round(x / step), lo), hi) * step, with the derivative of the clamp alone; `step` has one
/// entry per channel.
torch::Tensor rounded(const torch::Tensor& x, const torch::Tensor& step, double lo, double hi);

}  // namespace keyway::tune
