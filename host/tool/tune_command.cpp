// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "arith/number_system.hpp"
#include "tool/commands.hpp"
#include "tool/file_checks.hpp"
#include "tool/tuner.hpp"

namespace keyway::tool {

void add_tune_command(CLI::App& app) {
  auto options = std::make_shared<TuneOptions>();
  auto* command = app.add_subcommand(
      "tune", "Fine-tune an ONNX model for a number system: weights that it holds");
  add_tune_options(*command, *options);
  command->callback([options] {
    check_files({{"the model", options->model},
                 {"--input", options->inputs},
                 {"--labels", options->labels}},
                {{"--output", options->output}, {"--checkpoint", options->checkpoint_file()}});
    arith::number_system_from_name(options->format);
    become_tuner(*options);
  });
}

}  // namespace keyway::tool
