// SPDX-License-Identifier: Apache-2.0
#include "compile/compile.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <random>
#include <utility>

#include "common/error.hpp"
#include "compile/activations.hpp"
#include "compile/bounds.hpp"
#include "compile/channels.hpp"
#include "compile/emit.hpp"
#include "compile/input_layout.hpp"
#include "compile/plan.hpp"
#include "compile/tiles.hpp"
#include "compile/weights.hpp"
#include "program/contract.hpp"
#include "program/instructions.hpp"
#include "quantise/network_boundary.hpp"

namespace keyway::compile {
namespace {

using quantise::Layer;
using quantise::LayerKind;
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

void check_core(const program::CoreConfig& core) {
  if (core.depth < 6 || core.depth % 4 != 0 || core.lanes % core.word_channels() != 0 ||
      core.depth % core.word_channels() != 0 || core.lane_words() != core.block_banks()) {
    throw Error(ErrorKind::kFit, "no program can be made for a core of " + core.name() +
                                     ": lanes must be a multiple of a word's channels and as many "
                                     "words as the depth");
  }
}

/// What multiplies in the array must know how the weights are stored.
void check_number_systems(const Network& network, const program::CoreConfig& core) {
  for (const Layer& layer : network.layers) {
    const arith::NumberSystemInfo& system = arith::info(layer.number_system);
    if (!has_weights(layer) || system.runs_on(core.array_kind)) continue;
    throw Error(ErrorKind::kFit, "layer '" + layer.name + "': weights in " + system.name +
                                     " do not run on a core " + core.array_name());
  }
}

/// True if the output range [0, count) has a pixel whose window lies outside [0, size).
bool has_empty_window(int64_t count, int64_t stride, int64_t pad, int64_t kernel, int64_t size) {
  for (int64_t i = 0; i < count; ++i) {
    const int64_t first = i * stride - pad;
    if (first >= size || first + kernel <= 0) return true;
  }
  return false;
}

[[noreturn]] void misfit(const Layer& layer, const std::string& what) {
  throw Error(ErrorKind::kUsage, "layer '" + layer.name + "': " + what);
}

/// What every pass takes for granted of shapes and wiring.
void check_structure(const Network& network) {
  const auto tensors = static_cast<int>(network.tensors.size());
  const auto known = [tensors](int t) { return t >= 0 && t < tensors; };
  if (!known(network.input) || !known(network.output) || network.layers.empty() ||
      network.input == network.output) {
    throw Error(ErrorKind::kUsage, "network '" + network.name + "' computes nothing");
  }
  for (const Layer& layer : network.layers) {
    if (!known(layer.input) || !known(layer.output)) misfit(layer, "it has no input or output");
    const Shape &in = tensor(network, layer.input).shape,
                &out = tensor(network, layer.output).shape;
    const graph::Window& w = layer.window;
    if (layer.kind != LayerKind::kDense && in.channels != out.channels) {
      misfit(layer, "input and output channels differ");
    }
    int64_t pixels = 0;
    for (const quantise::Region& region : layer.regions) {
      pixels += region.height * region.width;
      if (static_cast<int64_t>(region.post.size()) != out.channels)
        misfit(layer, "post-processing");
    }
    if (pixels != out.pixels()) misfit(layer, "its regions do not tile its output");
    if (layer.kind == LayerKind::kMax &&
        (has_empty_window(out.height, w.stride_h, w.pad_top, w.kernel_h, in.height) ||
         has_empty_window(out.width, w.stride_w, w.pad_left, w.kernel_w, in.width))) {
      throw Error(ErrorKind::kUnsupported,
                  "layer '" + layer.name + "': a maximum over padding alone has no value");
    }
    if (!layer.has_residual) continue;
    if (!known(layer.residual.tensor) ||
        static_cast<int64_t>(layer.residual.channel.size()) != out.channels) {
      misfit(layer, "residual");
    }
    const Shape& from = tensor(network, layer.residual.tensor).shape;
    if ((out.height - 1) * layer.residual.stride_h >= from.height ||
        (out.width - 1) * layer.residual.stride_w >= from.width) {
      misfit(layer, "the residual is smaller than the output");
    }
  }
}

void check_codes(const Network& network) {
  for (const Layer& layer : network.layers) {
    const Shape &in = tensor(network, layer.input).shape,
                &out = tensor(network, layer.output).shape;
    const int64_t taps = layer.window.kernel_h * layer.window.kernel_w *
                         (layer.kind == LayerKind::kDense ? in.channels : 1);
    const int64_t codes = has_weights(layer) ? out.channels * taps : 0;
    if (static_cast<int64_t>(layer.codes.size()) != codes) misfit(layer, "number of codes");
  }
}

/// A stride between the pixels of a single row or column means nothing, and may exceed its field.
Network without_idle_strides(Network network) {
  for (Layer& layer : network.layers) {
    const Shape& out = tensor(network, layer.output).shape;
    if (out.height == 1) layer.window.stride_h = layer.residual.stride_h = 1;
    if (out.width == 1) layer.window.stride_w = layer.residual.stride_w = 1;
  }
  return network;
}

bool read_by_lanes(const Network& network, int t) {
  return std::any_of(network.layers.begin(), network.layers.end(), [t](const Layer& layer) {
    return (layer.input == t && layer.kind != LayerKind::kDense) ||
           (layer.has_residual && layer.residual.tensor == t);
  });
}

/// What does not depend on where the program image ends.
struct Parts {
  Network network;
  program::InputImage input_image;
  std::vector<Mapping> mappings;
  std::vector<Work> work;
  std::vector<std::vector<Group>> groups;
  size_t leading_layers = 1;
  ActivationPlan activations;
};

Parts plan(const Network& original, const InputLayout& layout, const program::CoreConfig& core) {
  Parts parts;
  parts.network = original;
  parts.input_image = apply(layout, parts.network, core);
  Network& network = parts.network;
  parts.mappings = assign_channels(network, core);
  uint32_t input_words = parts.mappings[static_cast<size_t>(network.input)].words;
  if (read_by_lanes(network, network.input)) {
    input_words =
        parts.mappings[static_cast<size_t>(network.input)].blocks(core) * core.lane_words();
  }
  place_input_channels(parts.input_image, parts.mappings[static_cast<size_t>(network.input)],
                       input_words, core);
  parts.leading_layers = leading_layers(core, network, parts.input_image, parts.mappings);
  const size_t most_leading = parts.leading_layers;
  // What costs memory, the dearest first.
  for (const auto& [leading, overlap] :
       {std::pair{most_leading, true}, {most_leading, false}, {size_t{1}, false}}) {
    try {
      parts.leading_layers = leading;
      parts.activations =
          plan_activations(network, parts.mappings, input_words, leading, overlap, core);
      break;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kFit || (leading == 1 && !overlap)) throw;
    }
  }
  for (size_t l = 0; l < network.layers.size(); ++l) {
    const Layer& layer = network.layers[l];
    parts.work.push_back(
        work_of(core, layer, parts.mappings[static_cast<size_t>(layer.input)].words));
    const int64_t pixels = layer.input == network.input ? kFirstGroupPixels
                           : l < parts.leading_layers   ? kSecondGroupPixels
                                                        : 0;
    parts.groups.push_back(make_groups(core, layer, pixels));
  }
  return parts;
}

/// What stands behind the instructions in the program image, in sizes.
struct Constants {
  std::vector<int> table_of_layer;              ///< -1: none
  std::vector<const arith::Table*> tables;      ///< all different
  std::vector<program::ParameterForm> records;  ///< per layer
};

Constants constants_of(const Network& network) {
  Constants constants;
  for (const Layer& layer : network.layers) {
    int table = -1;
    if (has_weights(layer) && arith::info(layer.number_system).has_table) {
      auto& all = constants.tables;
      const auto same = std::find_if(all.begin(), all.end(), [&](const arith::Table* other) {
        return !layer.codes.empty() && *other == layer.table;
      });
      table = static_cast<int>(same - all.begin());
      if (same == all.end()) all.push_back(&layer.table);
    }
    constants.table_of_layer.push_back(table);
    constants.records.push_back(parameter_form(layer, tensor(network, layer.output).is_signed));
  }
  return constants;
}

/// The fewest bytes that any values could make of them.
Constants least(Constants constants) {
  constants.tables.resize(std::min<size_t>(constants.tables.size(), 1));
  for (int& table : constants.table_of_layer) table = std::min(table, 0);
  for (program::ParameterForm& form : constants.records) form.is_short = true;
  return constants;
}

ImageLayout lay_out(const Parts& parts, const Constants& constants, size_t instructions,
                    const program::CoreConfig& core) {
  const uint64_t word = core.weight_word_bytes();
  const auto aligned = [word](uint64_t at) { return (at + word - 1) / word * word; };
  ImageLayout layout;
  layout.table_of_layer = constants.table_of_layer;
  uint64_t at = aligned(instructions * contract::kInstructionBytes);
  const auto place = [&](uint64_t bytes) { return std::exchange(at, aligned(at + bytes)); };
  for (size_t t = 0; t < constants.tables.size(); ++t)
    layout.tables.push_back(place(contract::kTableBytes));
  for (size_t l = 0; l < parts.network.layers.size(); ++l) {
    const Layer& layer = parts.network.layers[l];
    const uint32_t blocks = parts.mappings[static_cast<size_t>(layer.output)].blocks(core);
    auto& of_layer = layout.parameters.emplace_back();
    for (size_t r = 0; r < layer.regions.size(); ++r) {
      auto& of_region = of_layer.emplace_back();
      for (uint32_t b = 0; b < blocks; ++b) {
        of_region.push_back(place(constants.records[l].words() * word));
      }
    }
  }
  layout.bytes = at;
  return layout;
}

WeightPlan weights_behind(const Parts& parts, uint64_t image_bytes,
                          const program::CoreConfig& core) {
  std::vector<std::string> names;
  std::vector<std::vector<uint64_t>> tile_bytes;
  for (size_t l = 0; l < parts.network.layers.size(); ++l) {
    const Layer& layer = parts.network.layers[l];
    const uint32_t blocks = parts.mappings[static_cast<size_t>(layer.output)].blocks(core);
    names.push_back(layer.name);
    tile_bytes.emplace_back(blocks,
                            has_weights(layer) ? parts.work[l].passes * core.tile_bytes() : 0);
  }
  return plan_weights(core, names, tile_bytes, image_bytes);
}

/// False if the weight memory is too small, whatever the number of instructions.
bool could_hold_weights(const Parts& parts, const Constants& constants,
                        const program::CoreConfig& core) {
  try {
    weights_behind(parts, lay_out(parts, constants, 0, core).bytes, core);
    return true;
  } catch (const Error&) {
    return false;
  }
}

/// A program but for the bytes.
struct Draft {
  ImageLayout layout;
  WeightPlan weights;
  Emission emission;
};

Draft draft(const Parts& parts, const Constants& constants, const program::CoreConfig& core) {
  // The number of instructions decides where weights begin, and with that how many loads there are.
  for (size_t reserved = 0;;) {
    Draft draft;
    draft.layout = lay_out(parts, constants, reserved, core);
    draft.weights = weights_behind(parts, draft.layout.bytes, core);
    draft.emission =
        emit({core, parts.network, parts.mappings, parts.work, parts.groups, parts.leading_layers,
              parts.activations, draft.weights, draft.layout, parts.input_image});
    if (draft.emission.instructions.size() <= reserved) return draft;
    reserved = draft.emission.instructions.size();
  }
}

std::vector<program::InstructionBytes> encode_all(const Emission& emission) {
  std::vector<program::InstructionBytes> bytes;
  for (size_t i = 0; i < emission.instructions.size(); ++i) {
    bytes.push_back(encode(emission.instructions[i], emission.where[i]));
  }
  return bytes;
}

std::vector<uint8_t> program_image(const Parts& parts, const Constants& constants,
                                   const Draft& draft, const program::CoreConfig& core) {
  std::vector<uint8_t> image(draft.layout.bytes, 0);
  const auto put = [&](uint64_t at, const auto& bytes) {
    std::copy(bytes.begin(), bytes.end(), image.begin() + static_cast<std::ptrdiff_t>(at));
  };
  uint64_t at = 0;
  for (const program::InstructionBytes& instruction : encode_all(draft.emission)) {
    put(at, instruction);
    at += instruction.size();
  }
  for (size_t t = 0; t < constants.tables.size(); ++t) {
    put(draft.layout.tables[t], program::encode_table(*constants.tables[t]));
  }
  for (size_t l = 0; l < parts.network.layers.size(); ++l) {
    const Layer& layer = parts.network.layers[l];
    const Mapping& output = parts.mappings[static_cast<size_t>(layer.output)];
    for (size_t r = 0; r < layer.regions.size(); ++r) {
      for (uint32_t b = 0; b < output.blocks(core); ++b) {
        put(draft.layout.parameters[l][r][b],
            make_parameters(core, layer, layer.regions[r], output, b, constants.records[l]));
      }
    }
  }
  return image;
}

std::vector<uint8_t> weight_image(const Parts& parts, const WeightPlan& weights,
                                  const program::CoreConfig& core, const RandomBytes& padding) {
  std::vector<uint8_t> image(weights.frames * contract::kPayloadBytes);
  padding(image.data(), image.size());
  for (size_t l = 0; l < parts.network.layers.size(); ++l) {
    const Layer& layer = parts.network.layers[l];
    for (size_t b = 0; b < weights.tiles[l].size(); ++b) {
      const std::vector<uint8_t> tiles = make_tiles(
          core, layer, parts.work[l], parts.mappings[static_cast<size_t>(layer.input)],
          parts.mappings[static_cast<size_t>(layer.output)], static_cast<uint32_t>(b), padding);
      std::copy(tiles.begin(), tiles.end(),
                image.begin() + static_cast<std::ptrdiff_t>(weights.tiles[l][b].stream_offset));
    }
  }
  return image;
}

program::Program compile_with(const InputLayout& layout, const Network& original,
                              const program::CoreConfig& core, const RandomBytes& padding) {
  const Parts parts = plan(original, layout, core);
  const Constants constants = constants_of(parts.network);
  Draft made = draft(parts, constants, core);
  program::Program program;
  program.core = core;
  program.name = original.name;
  program.number_system = original.number_system;
  program.program_image = program_image(parts, constants, made, core);
  program.instructions = static_cast<uint32_t>(made.emission.instructions.size());
  program.weight_image = weight_image(parts, made.weights, core, padding);
  program.resident = made.weights.resident;
  program.layers = std::move(made.emission.layers);
  program.products = std::move(made.emission.products);
  program.weight_peak_bytes = made.weights.peak_bytes;
  program.input = quantise::input_boundary(original);
  program.output = quantise::output_boundary(original);
  program.input_image = parts.input_image;
  const Mapping& output = parts.mappings[static_cast<size_t>(parts.network.output)];
  const Shape& shape = tensor(original, original.output).shape;
  program.output_image.height = static_cast<uint32_t>(shape.height);
  program.output_image.width = static_cast<uint32_t>(shape.width);
  program.output_image.blocks = output.words;
  program.output_image.word_channels = core.word_channels();
  program.output_image.channels = output.channel_at(core);
  program.output_image.channels.resize(size_t{output.words} * core.word_channels());
  program.macs = original.macs;
  program.activation_peak_bytes = parts.activations.peak_bytes;
  return program;
}

/// Throws kFit if no values could make this fit.
void check_fit_with(const InputLayout& layout, const Network& structure,
                    const program::CoreConfig& core) {
  const Parts parts = plan(structure, layout, core);
  const Constants likely = constants_of(parts.network);
  Draft made;
  try {
    made = draft(parts, likely, core);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kFit) throw;
    if (could_hold_weights(parts, least(likely), core)) return;  // calibration will tell
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
  const Network network = without_idle_strides(original);
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
  const Network network = without_idle_strides(structure);
  first_fit(network, core,
            [&](const InputLayout& layout) { check_fit_with(layout, network, core); });
}

}  // namespace keyway::compile
