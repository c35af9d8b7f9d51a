// SPDX-License-Identifier: Apache-2.0
/// From a model file to a program: the steps that `compile` and `lock` share.
#pragma once

#include <CLI/App.hpp>
#include <string>

#include "compile/program.hpp"
#include "quantise/network.hpp"

namespace keyway::tool {

struct ModelOptions {
  std::string model, calibration, format, core = "16x16", output;
};

/// Adds model, --calib, --format, --core and --output.
void add_model_options(CLI::App& command, ModelOptions& options);

/// Imports, calibrates and quantises.
quantise::Network build_network(const std::string& model, const std::string& calibration,
                                const std::string& format);

/// Compiles. `for_lock` makes the weight codes say nothing by themselves: which code means which
/// value, and what pads weight tiles, is unpredictable.
compile::Program build_program(quantise::Network network, const compile::CoreConfig& core,
                               bool for_lock);

/// Both. `for_lock` as above.
compile::Program build_program(const ModelOptions& options, bool for_lock);

/// One line about the program, for stderr.
void describe(const compile::Program& program, const std::string& path);

}  // namespace keyway::tool
