// SPDX-License-Identifier: Apache-2.0
#include "tool/core_area.hpp"

#include <algorithm>
#include <iterator>

namespace keyway::tool {

namespace {

struct Row {
  const char* core;
  CoreArea area;
};

const Row kRows[] = {
#include "tool/core_area_rows.inc"
};

}  // namespace

std::optional<CoreArea> area_of(const program::CoreConfig& core) {
  const std::string name = core.name();
  const auto* row = std::find_if(std::begin(kRows), std::end(kRows),
                                 [&](const Row& r) { return r.core == name; });
  if (row == std::end(kRows)) return std::nullopt;
  return row->area;
}

}  // namespace keyway::tool
