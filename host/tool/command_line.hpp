// SPDX-License-Identifier: Apache-2.0
/// From a command line to an exit status, for every program of the tool.
#pragma once

#include <CLI/App.hpp>

namespace keyway::tool {

/// Parses, runs the callbacks, and turns errors into a message on stderr, with --json an object on
/// stdout, and the exit status.
int run_command_line(CLI::App& app, int argc, char** argv);

}  // namespace keyway::tool
