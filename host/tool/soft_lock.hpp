// SPDX-License-Identifier: Apache-2.0
/// Soft locks on the command line of `keyway lock`: what --soft asks for is done to the float
/// network, before it is quantised.
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

#include "tool/model_to_network.hpp"

namespace keyway::tool {

struct SoftOptions {
  std::vector<std::string> locks;
  double octaves = 8, decoy_octaves = 10;
  std::string emit, report;  ///< files; empty: none
};

/// Adds --soft, --soft-octaves, --decoy-octaves, --emit-onnx and --soft-report.
void add_soft_options(CLI::App& command, SoftOptions& options);

/// Locks the network softly, and writes the files that tell of it: the float network as it is then,
/// and what was done. `core` is the one that the network is for.
void lock_softly(LoadedModel& model, const program::CoreConfig& core, const SoftOptions& options);

}  // namespace keyway::tool
