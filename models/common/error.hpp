// SPDX-License-Identifier: Apache-2.0
/// The one exception type of Keyway. Its kind is also the exit status of the `keyway` command.
#pragma once

#include <stdexcept>
#include <string>

#include "common/exit_status.hpp"

namespace keyway {

/// Stable name of a kind, as `--json` prints it in `status`.
const char* name(ErrorKind kind);

class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  ErrorKind kind() const { return kind_; }

 private:
  ErrorKind kind_;
};

}  // namespace keyway
