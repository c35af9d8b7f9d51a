// SPDX-License-Identifier: Apache-2.0
/// From a model file to a quantised network: the steps that `compile`, `lock` and `bench` share.
#pragma once

#include <CLI/App.hpp>
#include <string>

#include "program/program.hpp"
#include "quantise/network.hpp"

namespace keyway::tool {

struct ModelOptions {
  std::string model, calibration, format, core = "16x16", output;
};

/// The number system that a package has unless told otherwise: under a lock the first whose codes
/// are all equally likely, without one the first of all.
std::string default_format(bool locked);

/// Adds model, --calib, --format, --core and --output.
void add_model_options(CLI::App& command, ModelOptions& options);

/// Imports, calibrates and quantises, unless the network's shapes say that no program for this core
/// can come of it: that is told at once (compile::check_fit).
quantise::Network build_network(const std::string& model, const std::string& calibration,
                                const std::string& format, const program::CoreConfig& core);

/// One line about the program, for stderr.
void describe(const program::Program& program, const std::string& path);

}  // namespace keyway::tool
