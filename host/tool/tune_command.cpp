// SPDX-License-Identifier: Apache-2.0
// `keyway tune` checks its command line and becomes keyway_tune, the one program that links
// LibTorch: the half gigabyte of libraries that this needs is then no condition of any other
// command, and signals, output and exit status are that program's without further ado.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "arith/number_system.hpp"
#include "common/error.hpp"
#include "driver/companions.hpp"
#include "tool/commands.hpp"
#include "tool/file_checks.hpp"
#include "tool/tune_options.hpp"

extern char** environ;

namespace keyway::tool {
namespace {

std::vector<char*> pointers(std::vector<std::string>& arguments) {
  std::vector<char*> list;
  for (std::string& argument : arguments) list.push_back(argument.data());
  list.push_back(nullptr);
  return list;
}

/// Where a library is missing, the loader ends the program before it can say anything itself.
void check_start(const std::string& program) {
  std::vector<std::string> words{program, "--version"};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t child = -1;
  int status = 0;
  const int error =
      posix_spawn(&child, program.c_str(), &actions, nullptr, pointers(words).data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error == 0) {
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
  }
  if (error != 0 || status != 0) {
    throw Error(ErrorKind::kFit, program +
                                     " does not start: tuning needs LibTorch at run time too "
                                     "(Debian's libtorch-dev brings it)");
  }
}

}  // namespace

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
    const std::string program = driver::tune_program();
    check_start(program);
    std::vector<std::string> words = arguments(*options);
    words.insert(words.begin(), program);
    execv(program.c_str(), pointers(words).data());
    throw Error(ErrorKind::kDevice, program + ": " + std::strerror(errno));
  });
}

}  // namespace keyway::tool
