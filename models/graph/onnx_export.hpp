// SPDX-License-Identifier: Apache-2.0
/// Writes a graph as an ONNX model that its users can put in the place of the file it came from.
///
/// The model has the ends of that file: names, element types and shapes of input and output, the
/// batch as it was, layouts (by Reshape and Transpose), the functions that the host computes. What
/// lies between is the graph as it is: Conv (or Mul and Add, where it is constant arithmetic),
/// MaxPool, AveragePool, Add, Slice and Pad, behind them Relu or Clip; ahead of all a Mul and an
/// Add for what was found in front of the first layer. Ranges that a quantised file gave are
/// written as QuantizeLinear and DequantizeLinear of 8 bits. Weights are float32 in the file;
/// operator set 13.
///
/// Contract: the graph satisfies `check.hpp` and came from that file, weights aside; importing the
/// result gives its like. Errors: kUnsupported, naming the node, for activations of more than 8
/// bits, and for a model beyond 2 GiB; what `onnx_import.hpp` throws for the file. Test:
/// tests/graph/test_export.cpp, tests/graph/compare_onnxruntime.py.
#pragma once

#include <cstddef>
#include <string>

#include "graph/graph.hpp"

namespace keyway::graph {

/// The bytes of the model; `original` is the file that the graph was imported from.
std::string export_onnx(const Graph& graph, const std::string& original);

/// The same for a graph that was imported from memory.
std::string export_onnx_bytes(const Graph& graph, const void* original, size_t size,
                              const std::string& name);

}  // namespace keyway::graph
