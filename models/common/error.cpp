// SPDX-License-Identifier: Apache-2.0
#include "common/error.hpp"

namespace keyway {

const char* name(ErrorKind kind) {
  for (const ExitStatus& status : kExitStatuses) {
    if (status.value == static_cast<int>(kind)) return status.name;
  }
  return "unknown";
}

}  // namespace keyway
