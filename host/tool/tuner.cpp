// SPDX-License-Identifier: Apache-2.0
#include "tool/tuner.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "common/error.hpp"
#include "driver/companions.hpp"

extern char** environ;

namespace keyway::tool {
namespace {

std::vector<char*> pointers(std::vector<std::string>& arguments) {
  std::vector<char*> list;
  for (std::string& argument : arguments) list.push_back(argument.data());
  list.push_back(nullptr);
  return list;
}

/// What it writes to stdout goes to stderr, or nowhere. Gives its wait status, or nothing where it
/// did not start.
std::optional<int> run(std::vector<std::string> words, bool is_heard) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (is_heard) {
    posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
  } else {
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  }
  pid_t child = -1;
  int status = 0;
  const int error = posix_spawn(&child, words.front().c_str(), &actions, nullptr,
                                pointers(words).data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return std::nullopt;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

/// Program and arguments. Where a library is missing, the loader ends the program before it can say
/// anything itself, so that is tried first.
std::vector<std::string> command_line(const TuneOptions& options) {
  const std::string program = driver::tune_program();
  if (run({program, "--version"}, false) != 0) {
    throw Error(ErrorKind::kFit, program +
                                     " does not start: tuning needs LibTorch at run time too "
                                     "(Debian's libtorch-dev brings it)");
  }
  std::vector<std::string> words = arguments(options);
  words.insert(words.begin(), program);
  return words;
}

}  // namespace

void become_tuner(const TuneOptions& options) {
  std::vector<std::string> words = command_line(options);
  execv(words.front().c_str(), pointers(words).data());
  throw Error(ErrorKind::kDevice, words.front() + ": " + std::strerror(errno));
}

void run_tuner(const TuneOptions& options) {
  const std::optional<int> status = run(command_line(options), true);
  if (status == 0) return;
  const bool told = status && WIFEXITED(*status);
  const auto kind = told ? static_cast<ErrorKind>(WEXITSTATUS(*status)) : ErrorKind::kDevice;
  throw Error(kind, options.model + ": was not tuned for " + options.format);
}

}  // namespace keyway::tool
