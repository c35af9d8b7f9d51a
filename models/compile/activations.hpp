// SPDX-License-Identifier: Apache-2.0
/// The activation memory planner: a place for every tensor, without two living ones sharing a word.
///
/// A tensor lives from the layer that makes it to the last that reads it; the input from the start,
/// the output to the end; what the leading layers (plan.hpp) touch, as long as those run. With
/// `overlap` input and output live all the time, so that the next input can arrive, and the output
/// before leave, while the layers run. A tensor's rows go round the four row banks, so it takes in
/// bank k
///
///     [base + first * row_pitch, base + last * row_pitch),  first, last from the rows y with
///     (y + phase) mod 4 = k
///
/// and two tensors are apart if these intervals are in every bank. Tensors are placed largest
/// first, each at the lowest address that is free for its whole life; if that does not fit, other
/// orders are tried. Phases are chosen before: a bank has one read port, so where a layer has a
/// residual, its rows should not come from the bank that the array reads at the time.
///
/// Errors: kFit, naming the layer that needs most, the bytes needed and there, and the excess.
/// Test: tests/compile/test_activations.cpp.
#pragma once

#include <vector>

#include "compile/plan.hpp"

namespace keyway::compile {

struct ActivationPlan {
  std::vector<Placement> placements;  ///< per tensor; meaningless for tensors that nothing makes
  bool overlap = false;               ///< as it was asked for
  uint64_t peak_bytes = 0;            ///< of the memory, all banks up to the highest address used
  /// Tensors whose words the input's memory is reused for; writers must wait for the whole input.
  std::vector<bool> overlaps_input;
};

ActivationPlan plan_activations(const quantise::Network& network,
                                const std::vector<Mapping>& mappings, uint32_t input_words,
                                size_t leading_layers, bool overlap,
                                const program::CoreConfig& core);

}  // namespace keyway::compile
