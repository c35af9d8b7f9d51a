// SPDX-License-Identifier: Apache-2.0
/// Windows of more rows or columns than a kernel's fields hold (255).
///
/// A sum or a maximum does not ask in which order its K x W positions stand. So a window of K rows
/// is folded: m parts of h rows beside each other, which a kernel of h x m W reads,
///
///     position (r, x)  ->  (r mod h, (r div h) W + x),      m h >= K,  h <= 255,  m W <= 255
///
/// What the last part lacks is filled with what changes nothing: zeros, or the least byte for a
/// maximum. Where the window is its whole tensor and nobody else reads that, the layer that makes
/// the tensor writes it folded (quantise::Region); otherwise a layer is put in between that copies:
/// windows that overlap share the rows of their parts where K = m h, others are copied one after
/// the other. Columns likewise. Of the ways to fold the fastest is taken.
///
/// Errors: kFit, naming the layer, where m W exceeds 255 as well, or the copied windows the
/// activation memory. Test: tests/compile/test_fold.cpp.
#pragma once

#include <vector>

#include "compile/mapping.hpp"
#include "program/core_config.hpp"
#include "quantise/network.hpp"

namespace keyway::compile {

/// `mappings` grows with the network's tensors.
void fold_windows(quantise::Network& network, std::vector<Mapping>& mappings,
                  const program::CoreConfig& core);

}  // namespace keyway::compile
