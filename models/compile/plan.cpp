// SPDX-License-Identifier: Apache-2.0
#include "compile/plan.hpp"

#include <algorithm>
#include <utility>

#include "common/error.hpp"
#include "compile/channels.hpp"
#include "compile/fold.hpp"
#include "compile/layers.hpp"

namespace keyway::compile {
namespace {

using quantise::Layer;
using quantise::LayerKind;
using quantise::Network;

bool read_by_lanes(const Network& network, int t) {
  return std::any_of(network.layers.begin(), network.layers.end(), [t](const Layer& layer) {
    return (layer.input == t && layer.kind != LayerKind::kDense) ||
           (layer.has_residual && layer.residual.tensor == t);
  });
}

}  // namespace

Plan make_plan(const Network& original, const InputLayout& layout,
               const program::CoreConfig& core) {
  Plan plan;
  plan.network = original;
  plan.input_image = apply(layout, plan.network, core);
  Network& network = plan.network;
  plan.mappings = assign_channels(network, core);
  fold_windows(network, plan.mappings, core);
  uint32_t input_words = plan.mappings[static_cast<size_t>(network.input)].words;
  if (read_by_lanes(network, network.input)) {
    input_words =
        plan.mappings[static_cast<size_t>(network.input)].blocks(core) * core.lane_words();
  }
  place_input_channels(plan.input_image, layout, plan.mappings[static_cast<size_t>(network.input)],
                       input_words, core);
  plan.leading_layers = leading_layers(core, network, plan.input_image, plan.mappings);
  const size_t most_leading = plan.leading_layers;
  // What costs memory, the dearest first.
  for (const auto& [leading, overlap] :
       {std::pair{most_leading, true}, {most_leading, false}, {size_t{1}, false}}) {
    try {
      plan.leading_layers = leading;
      plan.activations =
          plan_activations(network, plan.mappings, input_words, leading, overlap, core);
      break;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kFit || (leading == 1 && !overlap)) throw;
    }
  }
  for (size_t l = 0; l < network.layers.size(); ++l) {
    const Layer& layer = network.layers[l];
    plan.work.push_back(
        work_of(core, layer, plan.mappings[static_cast<size_t>(layer.input)].words));
    const int64_t pixels = layer.input == network.input ? kFirstGroupPixels
                           : l < plan.leading_layers    ? kSecondGroupPixels
                                                        : 0;
    plan.groups.push_back(make_groups(core, layer, tensor(network, layer.input).shape, pixels));
  }
  return plan;
}

}  // namespace keyway::compile
