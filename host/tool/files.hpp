// SPDX-License-Identifier: Apache-2.0
/// Checks on files that several commands share.
#pragma once

#include <string>

namespace keyway::tool {

/// Files with secrets that cannot be made again are never overwritten: throws Error(kFile).
void refuse_to_replace(const std::string& path, const std::string& what);

}  // namespace keyway::tool
