// SPDX-License-Identifier: Apache-2.0
/// The ONNX operators that the importer takes, and what holds for each: the list that `keyway
/// operators` prints. It comes from the tables by which the importer dispatches (operators.cpp for
/// activations, onnx_fold.cpp for constants), so what is listed is what is read.
///
/// Test: tests/graph/test_operators.cpp imports a small model for every entry.
#pragma once

#include <vector>

namespace keyway::graph {

struct Operator {
  const char* name;
  const char* domain;  ///< empty: ONNX's own
  const char* holds;   ///< forms and restrictions, on activations where it takes them
  bool activations;    ///< may read what depends on the network's input
  bool constants;      ///< is folded where it reads constants and shapes only
};

/// By name.
std::vector<Operator> operators();

}  // namespace keyway::graph
