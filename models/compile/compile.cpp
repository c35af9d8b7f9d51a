// SPDX-License-Identifier: Apache-2.0
#include "compile/compile.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <random>
#include <utility>

#include "common/error.hpp"
#include "compile/assemble.hpp"
#include "compile/bounds.hpp"
#include "compile/check.hpp"
#include "compile/input_layout.hpp"
#include "compile/layers.hpp"
#include "compile/orientation.hpp"
#include "compile/plan.hpp"
#include "quantise/network_boundary.hpp"

namespace keyway::compile {
namespace {

using quantise::Network;

constexpr uint64_t kPadSeed = 0x6b657977;

RandomBytes repeatable_bytes() {
  auto generator = std::make_shared<std::mt19937_64>(kPadSeed);
  return [generator](uint8_t* data, size_t size) {
    for (size_t i = 0; i < size; i += 8) {
      uint64_t word = (*generator)();
      for (size_t k = i; k < std::min(size, i + 8); ++k, word >>= 8) {
        data[k] = static_cast<uint8_t>(word & 0xff);
      }
    }
  };
}

program::Program compile_with(const InputLayout& layout, const Network& original,
                              const program::CoreConfig& core, const RandomBytes& padding) {
  const Plan plan = make_plan(original, layout, core);
  const Constants constants = constants_of(plan.network);
  Draft made = draft(plan, constants, core);
  program::Program program;
  program.core = core;
  program.name = original.name;
  program.number_system = original.number_system;
  program.program_image = program_image(plan, constants, made, core);
  program.instructions = static_cast<uint32_t>(made.emission.instructions.size());
  program.weight_image = weight_image(plan, made.weights, core, padding);
  program.resident = made.weights.resident;
  program.layers = std::move(made.emission.layers);
  program.products = std::move(made.emission.products);
  program.weight_peak_bytes = made.weights.peak_bytes;
  program.input = quantise::input_boundary(original);
  program.output = quantise::output_boundary(original);
  program.input_image = plan.input_image;
  const Mapping& output = plan.mappings[static_cast<size_t>(plan.network.output)];
  const Shape& shape = tensor(original, original.output).shape;
  program.output_image.height = static_cast<uint32_t>(shape.height);
  program.output_image.width = static_cast<uint32_t>(shape.width);
  program.output_image.blocks = output.words;
  program.output_image.word_channels = core.word_channels();
  program.output_image.channels = output.channel_at(core);
  program.output_image.channels.resize(size_t{output.words} * core.word_channels());
  program.macs = original.macs;
  program.activation_peak_bytes = plan.activations.peak_bytes;
  return program;
}

/// Throws kFit if no values could make this fit.
void check_fit_with(const InputLayout& layout, const Network& structure,
                    const program::CoreConfig& core) {
  const Plan plan = make_plan(structure, layout, core);
  const Constants likely = constants_of(plan.network);
  Draft made;
  try {
    made = draft(plan, likely, core);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kFit) throw;
    if (could_hold_weights(plan, least(likely), core)) return;  // calibration will tell
    throw;
  }
  encode_all(made.emission);
}

/// What `make` gives of the first layout that fits; if none does, the error of the smallest image.
template <typename Make>
auto first_fit(const Network& network, const program::CoreConfig& core, Make make) {
  std::optional<Error> failure;
  uint64_t smallest = 0;
  for (const InputLayout& layout : input_layouts(network, core)) {
    try {
      return make(layout);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kFit) throw;
      if (!failure || layout.bytes < smallest) {
        failure.emplace(error);
        smallest = layout.bytes;
      }
    }
  }
  throw Error(*failure);
}

}  // namespace

program::Program compile(const Network& original, const program::CoreConfig& core,
                         const Options& options) {
  check_core(core);
  check_structure(original);
  check_codes(original);
  check_number_systems(original, core);
  const Network network = readable(oriented(without_idle_strides(original), core));
  prove_accumulators(network);
  const RandomBytes padding = options.padding ? options.padding : repeatable_bytes();
  return first_fit(network, core, [&](const InputLayout& layout) {
    return compile_with(layout, network, core, padding);
  });
}

void check_fit(const Network& structure, const program::CoreConfig& core) {
  check_core(core);
  check_structure(structure);
  check_number_systems(structure, core);
  const Network network = readable(oriented(without_idle_strides(structure), core));
  first_fit(network, core,
            [&](const InputLayout& layout) { check_fit_with(layout, network, core); });
}

}  // namespace keyway::compile
