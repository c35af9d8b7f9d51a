// SPDX-License-Identifier: Apache-2.0
#include "compile/plan.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "common/error.hpp"
#include "common/printable.hpp"
#include "compile/channels.hpp"
#include "compile/fold.hpp"
#include "compile/layers.hpp"
#include "compile/tiles.hpp"
#include "program/contract.hpp"

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

/// What no field counts, in the network's own words.
void check_extents(const Plan& plan, const program::CoreConfig& core) {
  constexpr int64_t kMostColumns = largest(contract::layer::kInputWidth);
  constexpr int64_t kMostWords = largest(contract::layer::kBlocks);
  const auto refuse = [](const quantise::Tensor& t, int64_t count, const char* what, int64_t most) {
    throw Error(ErrorKind::kFit, "tensor " + common::quoted(t.name) + " has " +
                                     std::to_string(count) + what + "; the core counts " +
                                     std::to_string(most));
  };
  for (const quantise::Tensor& t : plan.network.tensors) {
    if (t.shape.width > kMostColumns) refuse(t, t.shape.width, " columns", kMostColumns);
  }
  for (const Layer& layer : plan.network.layers) {
    const quantise::Tensor& t = tensor(plan.network, layer.input);
    if (layer.kind == LayerKind::kDense &&
        plan.mappings[static_cast<size_t>(layer.input)].words > kMostWords) {
      refuse(t, t.shape.channels, " channels", kMostWords * core.word_channels());
    }
  }
}

/// A plan up to the places of its tensors.
Plan begin_plan(const Network& original, const InputLayout& layout,
                const program::CoreConfig& core) {
  Plan plan;
  plan.network = original;
  Network& network = plan.network;
  plan.input_image = apply(layout, network, core);
  plan.mappings = assign_channels(network, core);
  fold_windows(network, plan.mappings, core);
  Mapping& input = plan.mappings[static_cast<size_t>(network.input)];
  if (layout.shared) {
    input = shared_mapping(*layout.shared, tensor(network, network.input).shape.channels, core);
  }
  const uint32_t words =
      read_by_lanes(network, network.input) ? input.blocks(core) * core.lane_words() : input.words;
  plan.input = place_input(plan.input_image, layout, input, words, core);
  for (const Layer& layer : network.layers) {
    plan.work.push_back(
        work_of(core, layer, plan.mappings[static_cast<size_t>(layer.input)].words));
  }
  check_extents(plan, core);
  return plan;
}

std::vector<program::DigitSchedule> digits_of(const Plan& plan, size_t index,
                                              const program::CoreConfig& core) {
  const Layer& layer = plan.network.layers[index];
  const Mapping& output = plan.mappings[static_cast<size_t>(layer.output)];
  std::vector<program::DigitSchedule> digits;
  for (uint32_t block = 0; block < output.blocks(core); ++block) {
    digits.push_back(make_schedule(core, layer, plan.work[index],
                                   plan.mappings[static_cast<size_t>(layer.input)], output, block));
  }
  return digits;
}

std::vector<Group> groups_of(const Plan& plan, size_t index, const program::CoreConfig& core) {
  const Layer& layer = plan.network.layers[index];
  const int64_t pixels = layer.input == plan.network.input ? kFirstGroupPixels
                         : index < plan.leading_layers     ? kSecondGroupPixels
                                                           : 0;
  return make_groups(core, layer, tensor(plan.network, layer.input).shape, pixels);
}

}  // namespace

Plan make_plan(const Network& original, const InputLayout& layout,
               const program::CoreConfig& core) {
  Plan plan = begin_plan(original, layout, core);
  const Network& network = plan.network;
  plan.leading_layers = leading_layers(core, network, plan.input_image, plan.mappings);
  const size_t most_leading = plan.leading_layers;
  // What costs memory, the dearest first.
  for (const auto& [leading, overlap] :
       {std::pair{most_leading, true}, {most_leading, false}, {size_t{1}, false}}) {
    try {
      plan.leading_layers = leading;
      plan.activations =
          plan_activations(network, plan.mappings, plan.input, leading, overlap, core);
      break;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kFit || (leading == 1 && !overlap)) throw;
    }
  }
  for (size_t l = 0; l < network.layers.size(); ++l) {
    plan.groups.push_back(groups_of(plan, l, core));
    plan.digits.push_back(digits_of(plan, l, core));
  }
  return plan;
}

Needs needs_of(const Network& network, const InputLayout& layout, const program::CoreConfig& core) {
  const Plan plan = begin_plan(network, layout, core);
  Needs needs;
  needs.activation_bytes = least_activation_bytes(plan.network, plan.mappings, plan.input, core);
  needs.cycles = plan.input_image.bytes() / kBusBytes;
  for (size_t l = 0; l < plan.network.layers.size(); ++l) {
    const Layer& layer = plan.network.layers[l];
    const uint64_t blocks = plan.mappings[static_cast<size_t>(layer.output)].blocks(core);
    for (const Group& group : groups_of(plan, l, core)) {
      needs.cycles += blocks * group_cycles(core, layer, plan.work[l], group.height, group.width);
    }
  }
  return needs;
}

}  // namespace keyway::compile
