// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "common/error.hpp"
#include "compile/program.hpp"

namespace keyway::compile {

CoreConfig core_from_name(const std::string& name) {
  constexpr std::array<uint32_t, 3> kSizes{8, 16, 32};
  std::string known;
  for (const uint32_t size : kSizes) {
    CoreConfig core;
    core.lanes = core.depth = size;
    if (name == core.name()) return core;
    known += (known.empty() ? "" : ", ") + core.name();
  }
  throw Error(ErrorKind::kUsage, "unknown core '" + name + "'; known are: " + known);
}

}  // namespace keyway::compile
