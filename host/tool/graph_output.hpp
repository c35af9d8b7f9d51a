// SPDX-License-Identifier: Apache-2.0
/// The output of a float network as labels judge it (tensors.hpp).
#pragma once

#include "graph/graph.hpp"
#include "program/boundary.hpp"

namespace keyway::tool {

inline program::OutputBoundary output_of(const graph::Graph& graph) {
  program::OutputBoundary boundary;
  boundary.shape = graph.tensors[static_cast<size_t>(graph.output)].shape;
  boundary.layout = graph.output_layout;
  boundary.function = graph.output_function;
  boundary.selection = graph.output_selection;
  return boundary;
}

}  // namespace keyway::tool
