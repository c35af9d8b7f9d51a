// SPDX-License-Identifier: Apache-2.0
/// Accuracy of a benchmark network, by the metric that its benchmark prescribes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/npy.hpp"
#include "driver/session.hpp"
#include "tool/bench.hpp"

namespace keyway::tool {

/// Labels for `inputs` inputs: one each, or for kAuc one (0 or 1) for each clip of equally many
/// inputs. Throws Error(kFile), or kUsage where the network's output has no classes.
std::vector<int64_t> read_metric_labels(const BenchNetwork& network,
                                        const program::Program& program, size_t inputs);

/// Between 0 and 1. `inputs` and `outputs` are whole arrays, N first.
double judge(Metric metric, const program::Program& program, const std::vector<float>& inputs,
             const std::vector<float>& outputs, const std::vector<int64_t>& labels);

/// What the program simulator computes of `inputs`.
driver::Outputs simulate(const driver::Package& package, const driver::Licence& licence,
                         const std::string& device_file, const std::vector<float>& inputs,
                         const driver::RunOptions& options = {});

struct Accuracy {
  double value;
  size_t labels;  ///< that it is over
};

/// The program simulator's, of a plain package of the network, over all of its inputs, with
/// progress.
Accuracy measure_accuracy(const BenchNetwork& network, const driver::Package& package,
                          const common::NpyArray<float>& inputs);

}  // namespace keyway::tool
