// SPDX-License-Identifier: Apache-2.0
#include "quantise/quantisation.hpp"

#include <cmath>
#include <utility>

#include "quantise/structure.hpp"

namespace keyway::quantise {
namespace {

/// Statistics of no values at all.
std::vector<TensorStatistics> nothing_seen(const graph::Graph& graph) {
  std::vector<TensorStatistics> all(graph.tensors.size());
  for (size_t t = 0; t < all.size(); ++t) {
    all[t].channels.resize(static_cast<size_t>(graph.tensors[t].shape.channels));
  }
  return all;
}

}  // namespace

/// Tells of `images` inputs on their way through the float network.
std::function<void(int64_t)> inputs_done(const Options& options, int64_t images) {
  if (!options.progress) return {};
  return [&options, images](int64_t done) {
    options.progress("calibration inputs", static_cast<size_t>(done), static_cast<size_t>(images));
  };
}

bool has_one_step(const graph::Clamp& clamp) {
  const auto step = static_cast<double>(clamp.step);
  const double range = static_cast<double>(clamp.hi) - static_cast<double>(clamp.lo);
  return step > 0 && std::abs(range - step) <= 1e-3 * step;
}

Quantisation::Quantisation(const Centred& centred_graph, const float* inputs, int64_t images,
                           arith::NumberSystem number_system, const Evidence& worth,
                           const Options& settings)
    : centred(centred_graph),
      evidence(worth),
      graph(centred.graph),
      system(number_system),
      options(settings),
      lowered(lower(graph)),
      wanted(graph, lowered, images,
             [this](const FloatLayer& layer) { return compensates(layer); }),
      seen(images > 0
               ? calibrate(graph, inputs, images, options.threads, inputs_done(options, images),
                           [this](int tensor, const float* data, int64_t first, int64_t count) {
                             wanted.see(tensor, data, first, count);
                           })
               : nothing_seen(graph)) {
  for (TensorStatistics& s : seen) s.trust = evidence.trust();
  Structure structure = structure_of(graph, lowered, system, options.array_kind);
  network = std::move(structure.network);
  indices = std::move(structure.index);
  network.output_offset = centred.output_offset;
}

std::vector<double> Quantisation::importance(int graph_tensor, int64_t taps) const {
  const Tensor& in = tensor(graph_tensor);
  const double largest = in.is_signed ? 127 : 255;
  std::vector<double> result;
  for (size_t c = 0; c < in.scale.size(); ++c) {
    const ChannelStatistics& values = statistics(graph_tensor).channels[c];
    const auto scale = static_cast<double>(in.scale[c]);
    const double count = evidence.trust() * static_cast<double>(values.count);
    const double square =
        count > 0 ? (values.square / (scale * scale) * count + largest * largest) / (count + 1)
                  : kUsualByte * kUsualByte;
    result.insert(result.end(), static_cast<size_t>(taps), square);
  }
  return result;
}

double Quantisation::residual_factor(const FloatLayer& from, size_t c) const {
  if (!from.has_residual || from.residual.channel[c] < 0) return 0;
  const auto source = static_cast<size_t>(from.residual.channel[c]);
  return static_cast<double>(tensor(from.residual.tensor).scale[source]) /
         static_cast<double>(tensor(from.output).scale[c]);
}

}  // namespace keyway::quantise
