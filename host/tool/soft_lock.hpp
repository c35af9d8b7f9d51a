// SPDX-License-Identifier: Apache-2.0
/// Soft locks on the command line of `keyway lock`: what --soft asks for is done to the float
/// network, before it is quantised.
#pragma once

#include <CLI/App.hpp>
#include <nlohmann/json_fwd.hpp>
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

/// Locks the network softly, and writes the float network as it is then where --emit-onnx asks for
/// it. `core` is the one that the network is for. Gives what --soft-report is to say: what was
/// done, and what attacks reach (soft_attacks.hpp), judged by the answers of the network as it was
/// to the calibration inputs; the strongest of them goes to stderr as well.
nlohmann::ordered_json lock_softly(LoadedModel& model, const program::CoreConfig& core,
                                   const SoftOptions& options);

/// Adds what the package answers, and writes the report.
void write_soft_report(nlohmann::ordered_json report, const quantise::Findings& findings,
                       const SoftOptions& options);

}  // namespace keyway::tool
