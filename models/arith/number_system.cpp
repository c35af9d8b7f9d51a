// SPDX-License-Identifier: Apache-2.0
#include "arith/number_system.hpp"

#include "common/error.hpp"

namespace keyway::arith {

NumberSystem number_system_from_name(const std::string& name) {
  std::string known;
  for (const NumberSystemInfo& entry : kNumberSystems) {
    if (name == entry.name) return entry.system;
    known += (known.empty() ? "" : ", ") + std::string(entry.name);
  }
  throw Error(ErrorKind::kUsage, "unknown number system '" + name + "'; known are: " + known);
}

const NumberSystemInfo& info(NumberSystem system) {
  for (const NumberSystemInfo& entry : kNumberSystems) {
    if (entry.system == system) return entry;
  }
  throw Error(ErrorKind::kUsage,
              "unknown number system " + std::to_string(static_cast<int>(system)));
}

}  // namespace keyway::arith
