// SPDX-License-Identifier: Apache-2.0
/// What the steps of quantisation share: the float network in layers, what was seen of its values,
/// and the network of integers as far as it is done.
///
/// Test: tests/quantise/test_quantise.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "arith/number_system.hpp"
#include "quantise/calibrate.hpp"
#include "quantise/centre.hpp"
#include "quantise/compensate.hpp"
#include "quantise/evidence.hpp"
#include "quantise/lower.hpp"
#include "quantise/network.hpp"
#include "quantise/quantise.hpp"

namespace keyway::quantise {

/// Root mean square of a byte where nothing was seen.
inline constexpr double kUsualByte = 20;

/// Tells of `images` inputs on their way through the float network.
std::function<void(int64_t)> inputs_done(const Options& options, int64_t images);

/// Of a quantiser's clamp: it asks but on which side of its middle a value is.
bool has_one_step(const graph::Clamp& clamp);

struct Quantisation {
  /// Runs the float network over all inputs. Arguments must outlive this.
  Quantisation(const Centred& centred_graph, const float* inputs, int64_t images,
               arith::NumberSystem number_system, const Evidence& worth, const Options& settings);
  Quantisation(const Quantisation&) = delete;
  Quantisation& operator=(const Quantisation&) = delete;

  // Tensors have the graph's numbers here.
  const TensorStatistics& statistics(int graph_tensor) const {
    return seen[static_cast<size_t>(graph_tensor)];
  }
  int index(int graph_tensor) const { return indices[static_cast<size_t>(graph_tensor)]; }
  const Tensor& tensor(int graph_tensor) const {
    return network.tensors[static_cast<size_t>(index(graph_tensor))];
  }

  /// Mean square of the bytes that meet each tap, as though one more value had been seen, the
  /// largest possible: a channel that was always zero may still wake, and then its weights must not
  /// be rubbish.
  std::vector<double> importance(int graph_tensor, int64_t taps) const;

  /// Scale of the residual that channel c of a layer's output adds, over the output's own scale.
  double residual_factor(const FloatLayer& from, size_t c) const;

  bool has_few_digits() const { return arith::info(system).has_digits && options.digits_for; }
  /// Codes are so few that a layer should make up for the layers before it.
  bool is_coarse() const { return arith::info(system).code_bits < 8 || has_few_digits(); }
  bool compensates(const FloatLayer& layer) const {
    return is_coarse() && !layer.selects && !has_one_step(layer.clamp);
  }

  const Centred& centred;
  const Evidence& evidence;
  const graph::Graph& graph;
  arith::NumberSystem system;
  const Options& options;
  FloatNetwork lowered;
  WantedSums wanted;
  std::vector<TensorStatistics> seen;        ///< of every tensor of the graph
  std::vector<int> indices;                  ///< of a graph's tensor in the network, or -1
  std::vector<std::vector<uint8_t>> digits;  ///< of every layer's weights; empty: all that are
  Network network;
};

}  // namespace keyway::quantise
