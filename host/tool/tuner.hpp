// SPDX-License-Identifier: Apache-2.0
/// Starts keyway_tune, the one program that links LibTorch: the half gigabyte of libraries that
/// this needs is then no condition of anything else.
///
/// Errors: kFit where the program is not there or does not start.
#pragma once

#include "tool/tune_options.hpp"

namespace keyway::tool {

/// This process becomes that program, whose signals, output and exit status are then its own.
[[noreturn]] void become_tuner(const TuneOptions& options);

/// Runs it and waits; what it says goes to stderr. Throws Error of the kind that its exit status
/// tells where it fails; after Ctrl-C, which it gets as well, there is a checkpoint.
void run_tuner(const TuneOptions& options);

}  // namespace keyway::tool
