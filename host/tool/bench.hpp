// SPDX-License-Identifier: Apache-2.0
/// What `keyway bench` measures of one network, on the simulated core (`--target sim`).
///
/// The network is quantised once and compiled twice: plain, and sealed for a device made for the
/// purpose. Each package is opened and then runs the same input twice: the first inference is cold
/// (all weights loaded and, in the sealed package, unsealed), the second warm. Cycles do not depend
/// on the values of inputs or weights. Before a figure is given away, the core's output bytes are
/// compared with the program simulator's; accuracy is the program simulator's over all inputs.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "driver/accelerator.hpp"
#include "platform/cycle_account.hpp"
#include "program/program.hpp"
#include "tool/core_area.hpp"
#include "tool/model_to_network.hpp"

namespace keyway::tool {

/// How outputs are judged.
enum class Metric {
  kTopOne,  ///< share of inputs whose largest output stands at the label
  kAuc      ///< area under the ROC curve of the mean squared reconstruction error; one label a clip
};

struct BenchNetwork {
  std::string name;
  std::string model, calibration;  ///< files
  std::string input, labels;       ///< files; empty: calibration inputs, no accuracy
  Metric metric = Metric::kTopOne;
  std::string published;  ///< the best of others, for the table; empty: nothing to compare with
};

struct BenchOptions {
  std::string format = default_format(true), core = "16x16";
  std::string memory;  ///< as `keyway run --memory`
  bool accuracy = true;
};

/// Cycles of one layer, or of what no layer is to blame for (`kind` is empty then).
struct LayerCycles {
  std::string name, kind;
  uint64_t macs = 0;
  uint64_t cycles = 0;
  platform::CycleAccount::Causes causes{};  ///< busy, then stalls; the rest of `cycles`: no program

  /// Useful multiply-accumulates over multipliers: what no core of this size can beat.
  double ideal(const program::CoreConfig& core) const {
    return static_cast<double>(macs) / (static_cast<double>(core.lanes) * core.depth);
  }
};

struct Inference {
  driver::Counters counters{};
  std::vector<LayerCycles> layers;  ///< their cycles add up to counter `total`

  uint64_t counter(contract::Counter which) const { return counters[static_cast<size_t>(which)]; }
  uint64_t cycles() const { return counter(contract::Counter::kTotal); }
};

struct PackageCycles {
  uint64_t open = 0;  ///< cycles to open package and licence, once
  Inference cold, warm;
  std::optional<double> batch;  ///< cycles an input in starts of kBenchBatch; resident weights only
};

inline constexpr size_t kBenchBatch = 8;

struct BenchResult {
  BenchNetwork network;
  program::CoreConfig core;
  std::string format;
  std::optional<CoreArea> area;
  uint64_t macs = 0;
  PackageCycles plain, sealed;
  std::optional<double> accuracy;
  size_t accuracy_labels = 0;  ///< that the accuracy is over

  double utilisation() const;
  double overhead_warm() const;  ///< sealed against plain, as a share of plain
  double overhead_cold() const;
};

/// Throws what import, compiler and target throw; Error(kDevice) when the core computes other bytes
/// than the program simulator, or its cycles are not all accounted for.
BenchResult measure(const BenchNetwork& network, const BenchOptions& options);

/// Attributes the cycles of one inference to layers. Throws Error(kDevice) when events and counters
/// differ.
std::vector<LayerCycles> layer_cycles(const program::Program& program,
                                      const platform::CycleAccount& account,
                                      const driver::Counters& counters);

}  // namespace keyway::tool
