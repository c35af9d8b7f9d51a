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

/// One row a layer of the warm inference of the sealed package.
std::string layer_table(const BenchResult& result);

/// The part of a layer's cycles beyond the ideal that is largest, and its share of the layer's
/// cycles: `tile 12 %`. `multipliers` when the layer comes within 2 % of the ideal, `shape` when
/// the array is busy but channels or taps do not fill it.
std::string binding_limit(const LayerCycles& layer, const program::CoreConfig& core);

nlohmann::ordered_json to_json(const BenchResult& result, bool layers);

}  // namespace keyway::tool
