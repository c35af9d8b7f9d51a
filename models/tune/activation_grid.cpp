// SPDX-License-Identifier: Apache-2.0
#include "tune/activation_grid.hpp"

#include "quantise/calibrate.hpp"
#include "quantise/lower.hpp"

namespace keyway::tune {

std::vector<ActivationGrid> activation_grids(const graph::Graph& graph, const float* inputs,
                                             int64_t images, int threads) {
  const auto statistics = quantise::calibrate(graph, inputs, images, threads);
  const auto bounds = quantise::value_bounds(graph);
  const quantise::FloatNetwork lowered = quantise::lower(graph);
  std::vector<ActivationGrid> grids(graph.tensors.size());
  const auto choose = [&](int tensor, bool is_input) {
    const auto t = static_cast<size_t>(tensor);
    quantise::ScaleContext context;
    context.bound = bounds[t];
    context.is_input = is_input;
    const quantise::Tensor chosen =
        quantise::choose_scales(graph.tensors[t], statistics[t], context, {});
    grids[t] = {chosen.scale, true, chosen.is_signed ? -128.0 : 0.0,
                chosen.is_signed ? 127.0 : 255.0};
  };
  ActivationGrid& input = grids[static_cast<size_t>(graph.input)];
  if (graph.input_clamp.empty()) {
    choose(graph.input, true);
  } else {
    for (const graph::Clamp& clamp : graph.input_clamp) input.scale.push_back(clamp.step);
  }
  grids[static_cast<size_t>(lowered.input)] = input;
  for (const quantise::FloatLayer& layer : lowered.layers) {
    ActivationGrid& out = grids[static_cast<size_t>(layer.output)];
    if (layer.keeps_values) {
      out = grids[static_cast<size_t>(layer.input)];
      out.rounds = false;
    } else if (layer.clamp.step > 0) {
      const Shape& shape = graph.tensors[static_cast<size_t>(layer.output)].shape;
      out.scale.assign(static_cast<size_t>(shape.channels), layer.clamp.step);
    } else {
      choose(layer.output, false);
    }
  }
  if (lowered.input != graph.input) grids[static_cast<size_t>(lowered.input)].rounds = false;
  grids[static_cast<size_t>(graph.output)].rounds = false;
  return grids;
}

}  // namespace keyway::tune
