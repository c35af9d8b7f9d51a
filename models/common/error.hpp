// SPDX-License-Identifier: Apache-2.0
/// The one exception type of Keyway. Its kind is also the exit status of the `keyway` command.
#pragma once

#include <stdexcept>
#include <string>

namespace keyway {

enum class ErrorKind {
  kUsage = 2,           ///< the command line, or a call's arguments, make no sense
  kFile = 3,            ///< missing, unreadable, malformed, wrong shape or type, NaN or infinity
  kUnsupported = 4,     ///< a model uses what Keyway does not have; names node, operator, reason
  kFit = 5,             ///< does not fit the core, or needs a core that this build lacks
  kRefused = 6,         ///< no licence, wrong device, wrong package
  kAuthentication = 7,  ///< the package's bytes are not what its owner made
  kDevice = 8,          ///< device, simulator or runtime failed
};

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
