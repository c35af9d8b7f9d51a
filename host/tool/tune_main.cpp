// SPDX-License-Identifier: Apache-2.0
/// keyway_tune: what `keyway tune` becomes.
#include <CLI/CLI.hpp>

#include "tool/command_line.hpp"
#include "tool/tune.hpp"
#include "tool/tune_options.hpp"

int main(int argc, char** argv) {
  CLI::App app{"Fine-tunes an ONNX model for a number system.", "keyway tune"};
  app.set_version_flag("--version", "keyway " KEYWAY_VERSION);
  keyway::tool::TuneOptions options;
  keyway::tool::add_tune_options(app, options);
  app.callback([&options] { keyway::tool::tune(options); });
  return keyway::tool::run_command_line(app, argc, argv);
}
