// SPDX-License-Identifier: Apache-2.0
/// What a command says: messages and progress on stderr, results on stdout. With --json, stdout
/// holds one object and nothing else, failures included.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace keyway::tool {

/// Progress line on stderr, redrawn a few times a second; only on a terminal. Who holds an
/// InterruptGuard (common/interrupt.hpp) notices Ctrl-C here, between two pieces of work.
class Progress {
 public:
  Progress(std::string what, size_t total);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  /// Throws Error(kDevice), as a device that was told to stop does, once Ctrl-C has come.
  void at(size_t done);

 private:
  std::string what_;
  size_t total_;
  bool shown_;
  double last_ = 0;
};

/// A line on stderr for what is no error, but should worry the user.
void warn(const std::string& sentence);

/// Writes `json` and a newline to stdout. Throws Error(kFile) if stdout does not take it.
void print_json(const nlohmann::ordered_json& json);

/// Writes text to stdout, with the same care.
void print_text(const std::string& text);

}  // namespace keyway::tool
