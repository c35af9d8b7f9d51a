// SPDX-License-Identifier: Apache-2.0
#include "tool/files.hpp"

#include <filesystem>

#include "common/error.hpp"

namespace keyway::tool {

void refuse_to_replace(const std::string& path, const std::string& what) {
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored)) {
    throw Error(ErrorKind::kFile,
                path + ": exists; " + what + " is not replaced, remove it first if you mean to");
  }
}

}  // namespace keyway::tool
