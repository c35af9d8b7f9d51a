// SPDX-License-Identifier: Apache-2.0
/// Accuracy of a benchmark network, by the metric that its benchmark prescribes.
#pragma once

#include <cstdint>
#include <vector>

#include "tool/bench.hpp"

namespace keyway::tool {

/// Labels for `inputs` inputs: one each, or for kAuc one (0 or 1) for each clip of equally many
/// inputs. Throws Error(kFile), or kUsage where the network's output has no classes.
std::vector<int64_t> read_metric_labels(const BenchNetwork& network,
                                        const program::Program& program, size_t inputs);

/// Between 0 and 1. `inputs` and `outputs` are whole arrays, N first.
double judge(Metric metric, const program::Program& program, const std::vector<float>& inputs,
             const std::vector<float>& outputs, const std::vector<int64_t>& labels);

}  // namespace keyway::tool
