// SPDX-License-Identifier: Apache-2.0
#include "compile/orientation.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

#include "common/error.hpp"
#include "compile/input_layout.hpp"
#include "compile/plan.hpp"
#include "compile/transpose.hpp"

namespace keyway::compile {
namespace {

using quantise::Network;

/// What the network needs with the fastest input layout that fits, or else with the smallest;
/// nothing if it cannot be planned at all.
std::optional<Needs> needs_of(const Network& network, const program::CoreConfig& core) {
  std::optional<Needs> least;
  for (const InputLayout& layout : input_layouts(network, core)) {
    try {
      const Needs needs = needs_of(network, layout, core);
      if (needs.activation_bytes <= core.activation_bytes) return needs;
      if (!least || needs.activation_bytes < least->activation_bytes) least = needs;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kFit) throw;
    }
  }
  return least;
}

bool is_better(const std::optional<Needs>& turned, const std::optional<Needs>& as_is,
               const program::CoreConfig& core) {
  if (!turned || !as_is) return turned.has_value();
  const uint64_t there = core.activation_bytes;
  const bool fits = turned->activation_bytes <= there;
  if (fits != (as_is->activation_bytes <= there)) return fits;
  if (!fits) return turned->activation_bytes < as_is->activation_bytes;
  return (4 * turned->activation_bytes <= 3 * as_is->activation_bytes &&
          4 * turned->cycles <= 5 * as_is->cycles) ||
         (turned->activation_bytes <= as_is->activation_bytes &&
          4 * turned->cycles <= 3 * as_is->cycles);
}

/// Without what no decision needs.
Network shapes_of(const Network& network) {
  Network shapes = network;
  for (quantise::Layer& layer : shapes.layers) layer.codes.clear();
  return shapes;
}

}  // namespace

Network oriented(Network network, const program::CoreConfig& core) {
  const bool has_images = std::any_of(network.tensors.begin(), network.tensors.end(),
                                      [](const auto& tensor) { return tensor.shape.pixels() > 1; });
  if (!has_images) return network;
  const Network shapes = shapes_of(network);
  const auto as_is = needs_of(readable(shapes), core);
  const auto turned = needs_of(readable(transposed(shapes)), core);
  return is_better(turned, as_is, core) ? transposed(std::move(network)) : network;
}

}  // namespace keyway::compile
