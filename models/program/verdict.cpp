// SPDX-License-Identifier: Apache-2.0
#include "program/verdict.hpp"

#include <string>

namespace keyway {

Error verdict(contract::Status status) {
  for (const contract::Verdict& verdict : contract::kVerdicts) {
    if (verdict.status == status) return {verdict.kind, verdict.sentence};
  }
  return {ErrorKind::kDevice, "the core stopped with the unexpected status " +
                                  std::to_string(static_cast<unsigned>(status))};
}

}  // namespace keyway
