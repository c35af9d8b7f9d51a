// SPDX-License-Identifier: Apache-2.0
#include "quantise/quantise.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <utility>

#include "common/error.hpp"
#include "common/printable.hpp"
#include "graph/zero_channels.hpp"
#include "quantise/calibration_run.hpp"
#include "quantise/centre.hpp"
#include "quantise/evidence.hpp"
#include "quantise/layer_coding.hpp"
#include "quantise/lower.hpp"
#include "quantise/network_boundary.hpp"
#include "quantise/quantisation.hpp"
#include "quantise/scales.hpp"
#include "quantise/structure.hpp"

namespace keyway::quantise {
namespace {

/// Values of all tensors and images up to which more images than asked for are used: a vector's
/// channel gives but one value an image.
constexpr int64_t kCheapValues = int64_t{1} << 24;
constexpr int64_t kMoreImages = 8;
/// Share of a layer's values beyond its range from which a user should hear of it.
constexpr double kMuchSaturation = 0.01;
/// Values of the float outputs that are kept to be compared with.
constexpr int64_t kKeptOutputs = int64_t{1} << 24;

/// A clamp of the network's own (ReLU6) may hold any share of the values at the limit.
void note_saturation(const FloatLayer& from, const Layer& layer, const CalibrationRun& calibration,
                     Findings& findings) {
  if (std::isfinite(from.clamp.hi) || from.keeps_values) return;
  const double share = calibration.share_at_limit(layer.output);
  if (share <= kMuchSaturation) return;
  findings.warnings.push_back(
      fmt::format("layer {}: {:.1f} % of its values on the calibration inputs lie beyond what its "
                  "bytes hold",
                  common::quoted(layer.name), 100 * share));
}

Network complete(Quantisation& q, const float* inputs, int64_t images, Findings& findings) {
  complete_tensors(q);
  CalibrationRun calibration(q.network, q.options.threads, q.evidence.trust());
  if (images > 0) calibration.start(inputs, images);
  if (q.has_few_digits()) q.digits = share_digits_out(q);
  const size_t layers = q.lowered.layers.size();
  for (size_t i = 0; i < layers; ++i) {
    if (q.options.progress) q.options.progress("layers", i, layers);
    code_layer(q, i, images > 0 ? &calibration : nullptr);
    if (images < 1) continue;
    calibration.advance(q.network.layers[i]);
    note_saturation(q.lowered.layers[i], q.network.layers[i], calibration, findings);
  }
  if (q.options.progress) q.options.progress("layers", layers, layers);
  if (images < 1) return std::move(q.network);
  const Shape& shape = q.network.tensors[static_cast<size_t>(q.network.output)].shape;
  const int64_t kept = static_cast<int64_t>(q.centred.outputs.size()) / shape.elements();
  findings.estimate =
      compare(q.centred.outputs,
              calibration.values(q.network.output, kept, q.network.output_offset), shape);
  return std::move(q.network);
}

/// Of all tensors, for one image.
int64_t values_of(const graph::Graph& graph) {
  int64_t sum = 1;
  for (const graph::Tensor& t : graph.tensors) sum += t.shape.elements();
  return sum;
}

/// At most `most` images, evenly spread.
std::vector<float> sample(const float* inputs, int64_t images, int64_t elements, int64_t most) {
  const int64_t count = std::min(images, std::max<int64_t>(1, most));
  std::vector<float> result;
  result.reserve(static_cast<size_t>(count * elements));
  for (int64_t n = 0; n < count; ++n) {
    const float* from = inputs + n * images / count * elements;
    result.insert(result.end(), from, from + elements);
  }
  return result;
}

}  // namespace

Network quantise(const graph::Graph& graph, const float* calibration, int64_t images,
                 arith::NumberSystem system, const Options& options, Findings* findings) {
  if (images < 0 || (images < 1 && calibration != nullptr))
    throw Error(ErrorKind::kFile, "calibration needs at least one input");
  const int64_t elements = graph.tensors.at(static_cast<size_t>(graph.input)).shape.elements();
  const int64_t wanted = std::clamp(kCheapValues / values_of(graph), options.max_images,
                                    kMoreImages * options.max_images);
  std::vector<float> inputs;
  if (images > 0) {
    inputs = without_copies(calibration, images, elements);
    const auto different = static_cast<int64_t>(inputs.size()) / elements;
    if (different > wanted) inputs = sample(inputs.data(), different, elements, wanted);
  }
  const auto count = static_cast<int64_t>(inputs.size()) / elements;
  const Evidence evidence = count > 0 ? weigh(graph, inputs.data(), count) : Evidence{};
  Centred centred = centre_input(graph, inputs.data(), count, evidence.trust());
  graph::clear_zero_channels(centred.graph);
  if (options.check_structure) {
    const graph::Graph& shaped = centred.graph;
    options.check_structure(
        structure_of(shaped, lower(shaped), system, options.array_kind).network);
  }
  const int64_t outputs = graph.tensors.at(static_cast<size_t>(graph.output)).shape.elements();
  centre_output(centred, graph, inputs.data(), count, caution(evidence),
                std::max<int64_t>(1, kKeptOutputs / outputs), options.threads,
                inputs_done(options, count));
  Findings found;
  if (count > 0) found.warnings = remarks(evidence, images);
  Quantisation quantisation(centred, inputs.data(), count, system, evidence, options);
  Network network = complete(quantisation, inputs.data(), count, found);
  const auto add = [&found](const std::vector<std::string>& remarks) {
    found.warnings.insert(found.warnings.end(), remarks.begin(), remarks.end());
  };
  if (count > 0 && !graph.input_clamp.empty()) {
    add(remarks(program::fit(input_boundary(network), inputs.data(), count)));
  }
  if (found.estimate) add(remarks(*found.estimate, evidence.column_ratio));
  if (findings != nullptr) *findings = std::move(found);
  return network;
}

}  // namespace keyway::quantise
