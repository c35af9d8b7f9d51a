// SPDX-License-Identifier: Apache-2.0
#include "program/array_kind.hpp"

#include <algorithm>
#include <string>

#include "common/error.hpp"

namespace keyway::program {
namespace {

using contract::ArrayKindInfo;

std::vector<ArrayKindInfo>& list() {
  static std::vector<ArrayKindInfo> kinds(contract::kArrayKinds.begin(),
                                          contract::kArrayKinds.end());
  return kinds;
}

}  // namespace

const std::vector<ArrayKindInfo>& array_kinds() { return list(); }

void add_array_kind(const ArrayKindInfo& entry) {
  for (const ArrayKindInfo& other : list()) {
    if (other.kind == entry.kind || std::string(other.name) == entry.name ||
        std::string(other.suffix) == entry.suffix) {
      throw Error(ErrorKind::kUsage, std::string("there is a kind of array like ") + entry.name);
    }
  }
  list().push_back(entry);
}

const ArrayKindInfo* find_array_kind(contract::ArrayKind kind) {
  const auto found = std::find_if(list().begin(), list().end(), [kind](const ArrayKindInfo& entry) {
    return entry.kind == kind;
  });
  return found == list().end() ? nullptr : &*found;
}

}  // namespace keyway::program
