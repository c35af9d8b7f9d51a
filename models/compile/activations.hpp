// SPDX-License-Identifier: Apache-2.0
/// The activation memory planner: a place for every tensor, without two living ones sharing a word.
///
/// A tensor lives from the layer that makes it to the last that reads it; the input from the start,
/// the output to the end; what the leading layers (cost.hpp) touch, as long as those run. With
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
/// Errors: kFit, naming the layer that needs most, the bytes needed and there, the excess, and how
/// many bytes hold no element: words of few channels, rows that fill no bank.
/// Test: tests/compile/test_activations.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "compile/mapping.hpp"
#include "program/core_config.hpp"
#include "quantise/network.hpp"

namespace keyway::compile {

/// Where a tensor lies in the activation memory; contract.toml has the formula.
struct Placement {
  uint32_t base = 0, phase = 0, row_pitch = 0, block_pitch = 0;

  uint32_t address(int64_t block, int64_t y, int64_t x) const {
    return static_cast<uint32_t>(base + (y + phase) / 4 * row_pitch + block * block_pitch + x);
  }
  uint32_t row_bank(int64_t y) const { return static_cast<uint32_t>((y + phase) % 4); }
};

/// How the network's input lies there.
struct InputStorage {
  uint32_t words = 0;      ///< of a pixel
  int64_t rows_below = 0;  ///< of the tensor's last, if rows share words (shared_rows.hpp)
  int64_t block_rows = 0;  ///< rows from one block to the next then; else 0
};

struct ActivationPlan {
  std::vector<Placement> placements;  ///< per tensor; meaningless for tensors that nothing makes
  bool overlap = false;               ///< as it was asked for
  uint64_t peak_bytes = 0;            ///< of the memory, all banks up to the highest address used
  /// Tensors whose words the input's memory is reused for; writers must wait for the whole input.
  std::vector<bool> overlaps_input;
};

ActivationPlan plan_activations(const quantise::Network& network,
                                const std::vector<Mapping>& mappings, const InputStorage& input,
                                size_t leading_layers, bool overlap,
                                const program::CoreConfig& core);

/// Bytes that tensors which live together take, at most, if no inputs overlap: no arrangement takes
/// less.
uint64_t least_activation_bytes(const quantise::Network& network,
                                const std::vector<Mapping>& mappings, const InputStorage& input,
                                const program::CoreConfig& core);

}  // namespace keyway::compile
