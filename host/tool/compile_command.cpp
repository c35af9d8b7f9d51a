// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "common/file.hpp"
#include "compile/compile.hpp"
#include "lock/package.hpp"
#include "tool/commands.hpp"
#include "tool/file_checks.hpp"
#include "tool/model_to_network.hpp"

namespace keyway::tool {

void add_compile_command(CLI::App& app) {
  auto options = std::make_shared<ModelOptions>();
  options->format = default_format(false);
  auto* command =
      app.add_subcommand("compile", "Compile an ONNX model into a plain package, without a lock");
  add_model_options(*command, *options);
  command->footer(
      "A plain package runs on any core of its size and reaches no key. It is the reference\n"
      "that a locked package of the same model equals bit for bit on the right device.");
  command->callback([options] {
    check_files({{"the model", options->model}, {"--calib", options->calibration}},
                {{"--output", options->output}});
    const auto core = program::core_from_name(options->core);
    const BuiltNetwork built =
        build_network(options->model, options->calibration, options->format, core);
    const program::Program program = compile::compile(built.network, core);
    const auto bytes = lock::make_plain_package(program);
    common::write_file(options->output, bytes.data(), bytes.size());
    report(program, built.findings, *options);
  });
}

}  // namespace keyway::tool
