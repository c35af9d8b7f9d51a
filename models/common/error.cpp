// SPDX-License-Identifier: Apache-2.0
#include "common/error.hpp"

namespace keyway {

const char* name(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUsage:
      return "usage";
    case ErrorKind::kFile:
      return "file";
    case ErrorKind::kUnsupported:
      return "unsupported";
    case ErrorKind::kFit:
      return "fit";
    case ErrorKind::kRefused:
      return "refused";
    case ErrorKind::kAuthentication:
      return "authentication";
    case ErrorKind::kDevice:
      return "device";
  }
  return "unknown";
}

}  // namespace keyway
