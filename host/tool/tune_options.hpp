// SPDX-License-Identifier: Apache-2.0
/// The command line of `keyway tune`, which two programs read: the command, and the one that has
/// LibTorch.
#pragma once

#include <CLI/App.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace keyway::tool {

struct TuneOptions {
  std::string model, inputs, labels, format, output, checkpoint;
  int64_t epochs = 4, batch = 32, threads = all_threads();
  double learning_rate = 0.005;
  uint64_t seed = 1;
  bool resume = false, json = false;

  /// `checkpoint`, or its place where none is given.
  std::string checkpoint_file() const;

 private:
  static int64_t all_threads();
};

/// Adds all of them.
void add_tune_options(CLI::App& command, TuneOptions& options);

/// A command line that gives these options.
std::vector<std::string> arguments(const TuneOptions& options);

}  // namespace keyway::tool
