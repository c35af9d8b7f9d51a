// SPDX-License-Identifier: Apache-2.0
/// Reads a trained network from ONNX into the normalised float graph of `graph.hpp`.
///
/// What is read: the operators of `operators.hpp`, opsets kMinOpset to kMaxOpset of the default
/// domain, in the forms that PyTorch (NCHW) and tf2onnx (NHWC through transposes) export; float32,
/// float16 and float64 weights, in the file or in files beside it (`onnx_external.hpp`). What
/// depends on constants and shapes only is folded. Quantised files are read as float
/// (`onnx_quantise.hpp`).
///
/// How: every ONNX value is a constant or a strided view of a tensor of the graph (`view.hpp`), so
/// Transpose, Reshape, Flatten and their kin cost nothing and the layout is settled where a layer
/// reads it. Elementwise constant arithmetic becomes a depthwise 1 x 1 layer first, and
/// `simplify.hpp` folds it into its neighbours. The batch is free: a symbolic or unknown batch
/// dimension counts as one image but is not squeezed as one, a fixed one is kept while importing
/// and dropped at the end.
///
/// Errors (`keyway::Error`): kUnsupported for an operator, attribute or shape that Keyway does not
/// have (the message names node, operator and reason); kFile for a file that is missing, cut, not
/// ONNX, or contradicts itself (nothing gives a value that a node reads, data of the wrong size,
/// NaN or infinity in weights, impossible dimensions). The importer is meant for files from
/// strangers: it checks sizes before it allocates and is fuzzed (tests/fuzz/fuzz_onnx_import.cpp).
///
/// Source: ONNX operator specifications, onnx.proto3 (IR version 3 and later).
#pragma once

#include <cstddef>
#include <string>

#include "graph/graph.hpp"

namespace keyway::graph {

inline constexpr int kMinOpset = 6;
inline constexpr int kMaxOpset = 23;

/// Reads the model file `path`. The graph's name is the file's stem.
Graph import_onnx(const std::string& path);

/// The same from memory, where all data is inside the model; `name` stands for the file in messages
/// and names the graph.
Graph import_onnx_bytes(const void* data, size_t size, const std::string& name);

}  // namespace keyway::graph
