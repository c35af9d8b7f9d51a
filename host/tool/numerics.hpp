// SPDX-License-Identifier: Apache-2.0
/// What `keyway numerics` measures: how exact the number systems are on the arrays that run them,
/// by themselves and in networks.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "arith/number_system.hpp"
#include "tool/bench.hpp"
#include "tool/bench_accuracy.hpp"
#include "tool/kept_results.hpp"

namespace keyway::tool {

/// A number system on a kind of array that runs it.
struct Arithmetic {
  arith::NumberSystemInfo system;
  contract::ArrayKindInfo kind;
};

/// Every system on every kind that runs it, of these systems (none: of all). Throws Error(kUsage)
/// for a name that no system has.
std::vector<Arithmetic> arithmetics(const std::vector<std::string>& systems);

/// Of products of normally distributed weights (normal_weights.hpp) as the array makes them. Their
/// errors are relative to weight times activation, before any coding.
struct ProductFigures {
  size_t values = 0;        ///< different ones that a weight may have in the array
  double octaves = 0;       ///< from the smallest magnitude but zero to the largest
  double worst = 0;         ///< of a weight of kSmall to kLarge that has the nearest value
  double mean = 0;          ///< of the weights as they are coded; 1 for one that becomes zero
  double code_entropy = 0;  ///< of the codes, in bits; those of all bits of a code tell nothing
};
inline constexpr double kSmall = 0.125, kLarge = 2;  ///< standard deviations; 86 % are between
ProductFigures measure_products(const Arithmetic& arithmetic);

struct NetworkFigures {
  double accuracy = 0;
  std::optional<double> tuned;  ///< of the model that was tuned for the system, where there is one
  double code_entropy = 0;      ///< of the locked network's largest tensor, in bits
};

/// Measures networks that have inputs and labels. What `kept` has is not measured again, unless
/// model, data or this program are others now.
class NetworkMeter {
 public:
  /// `tunes`: into the folder of `kept`, which must keep, by the program of `keyway tune`.
  NetworkMeter(const KeptResults& kept, bool tunes) : kept_(kept), tunes_(tunes) {}

  Accuracy in_float(const BenchNetwork& network) const;

  /// After calibration alone; and of the model STEM.FORMAT.onnx beside STEM.onnx or else, if this
  /// tunes, of one that learns from STEM.train.npy and STEM.train.labels.npy there, or from the
  /// answers to the calibration inputs.
  NetworkFigures measure(const BenchNetwork& network, const Arithmetic& arithmetic) const;

 private:
  std::string tuned(const BenchNetwork& network, const arith::NumberSystemInfo& system) const;

  const KeptResults& kept_;
  bool tunes_;
};

}  // namespace keyway::tool
