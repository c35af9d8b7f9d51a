// SPDX-License-Identifier: Apache-2.0
/// Results of `keyway bench` as tables (Markdown, aligned, so that they read as text too) and as
/// JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "tool/bench.hpp"

namespace keyway::tool {

/// One row a network.
std::string bench_table(const std::vector<BenchResult>& results);

/// Cores at equal area: one row a network on a core. What is not known of an area is left out.
std::string area_table(const std::vector<BenchResult>& results);

/// One row a layer of the warm inference of the sealed package.
std::string layer_table(const BenchResult& result);

nlohmann::ordered_json to_json(const BenchResult& result, bool layers);

}  // namespace keyway::tool
