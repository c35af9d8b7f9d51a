// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <memory>

#include "common/file.hpp"
#include "lock/package.hpp"
#include "tool/commands.hpp"
#include "tool/files.hpp"
#include "tool/models.hpp"

namespace keyway::tool {

void add_lock_command(CLI::App& app) {
  struct Options {
    ModelOptions model;
    std::string owner, policy = "sealed";
  };
  auto options = std::make_shared<Options>();
  options->model.format = "qf8";
  auto* command = app.add_subcommand("lock", "Compile an ONNX model into a locked package");
  add_model_options(*command, options->model);
  command->add_option("--owner", options->owner, "The owner file (.kwo)")->required();
  command->add_option("--policy", options->policy, "What a wrong device meets: sealed or blind")
      ->check(CLI::IsMember({"sealed", "blind"}))
      ->capture_default_str();
  command->footer(
      "sealed: a device without the right licence is refused with a clear error.\n"
      "blind:  a wrong device of the same owner runs and answers by chance; neither package nor\n"
      "        licence lets anyone without the owner's key test a guess.\n"
      "Every lock makes fresh keys: a licence opens this package only, not a second lock of the "
      "model.");
  command->callback([options] {
    check_files({{"the model", options->model.model},
                 {"--calib", options->model.calibration},
                 {"--owner", options->owner}},
                {{"--output", options->model.output}});
    const lock::Owner owner = lock::read_owner(options->owner);
    const program::Program program = build_program(options->model, true);
    const auto policy = options->policy == "sealed" ? lock::Policy::kSealed : lock::Policy::kBlind;
    if (policy == lock::Policy::kBlind && !arith::info(program.number_system).equally_likely) {
      std::fprintf(
          stderr,
          "keyway: warning: the codes of %s are not equally likely, so under 'blind' who has "
          "opened one of your chips can test guesses cheaply; qf8 is better\n",
          arith::info(program.number_system).name);
    }
    const auto bytes = lock::make_locked_package(program, policy, owner);
    common::write_file(options->model.output, bytes.data(), bytes.size());
    describe(program, options->model.output);
  });
}

}  // namespace keyway::tool
