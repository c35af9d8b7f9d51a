// SPDX-License-Identifier: Apache-2.0
#include "compile/assemble.hpp"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

#include "common/error.hpp"
#include "common/integers.hpp"
#include "compile/layers.hpp"
#include "compile/tiles.hpp"
#include "program/contract.hpp"

namespace keyway::compile {
namespace {

using quantise::Layer;
using quantise::Network;

bool same_records(const quantise::Region& a, const quantise::Region& b) {
  const auto values = [](const quantise::ChannelPost& p) {
    return std::tie(p.bias, p.m, p.mr, p.shift, p.lo, p.hi);
  };
  return std::equal(a.post.begin(), a.post.end(), b.post.begin(), b.post.end(),
                    [&](const auto& p, const auto& q) { return values(p) == values(q); });
}

/// The first region whose records region `r` can use. Only regions with a shift are looked
/// through, which are many.
size_t records_of(const Layer& layer, size_t r) {
  const quantise::Region& region = layer.regions[r];
  if (region.shift_y == 0 && region.shift_x == 0) return r;
  const auto same = std::find_if(layer.regions.begin(), layer.regions.end(),
                                 [&](const auto& other) { return same_records(other, region); });
  return static_cast<size_t>(same - layer.regions.begin());
}

ImageLayout lay_out(const Plan& plan, const Constants& constants, size_t instructions,
                    const program::CoreConfig& core) {
  const uint64_t word = core.weight_word_bytes();
  const auto aligned = [word](uint64_t at) { return common::round_up(at, word); };
  ImageLayout layout;
  layout.table_of_layer = constants.table_of_layer;
  uint64_t at = aligned(instructions * contract::kInstructionBytes);
  const auto place = [&](uint64_t bytes) { return std::exchange(at, aligned(at + bytes)); };
  for (const ConstantTable& table : constants.tables) {
    layout.tables.push_back(place(program::table_bytes(table.is_short)));
  }
  for (size_t l = 0; l < plan.network.layers.size(); ++l) {
    const Layer& layer = plan.network.layers[l];
    const uint32_t blocks = plan.mappings[static_cast<size_t>(layer.output)].blocks(core);
    auto& of_layer = layout.parameters.emplace_back();
    for (size_t r = 0; r < layer.regions.size(); ++r) {
      if (const size_t same = records_of(layer, r); same < r) {
        of_layer.push_back(std::vector<uint64_t>(of_layer[same]));
        continue;
      }
      auto& of_region = of_layer.emplace_back();
      for (uint32_t b = 0; b < blocks; ++b) {
        of_region.push_back(place(constants.records[l].words() * word));
      }
    }
  }
  layout.bytes = at;
  return layout;
}

WeightPlan weights_behind(const Plan& plan, uint64_t image_bytes, const program::CoreConfig& core) {
  std::vector<LayerTiles> layers;
  for (size_t l = 0; l < plan.network.layers.size(); ++l) {
    const Layer& layer = plan.network.layers[l];
    const Shape &in = tensor(plan.network, layer.input).shape,
                &out = tensor(plan.network, layer.output).shape;
    const uint32_t blocks = plan.mappings[static_cast<size_t>(layer.output)].blocks(core);
    LayerTiles& tiles = layers.emplace_back();
    tiles.name = layer.name;
    tiles.block_bytes.assign(blocks, plan.work[l].passes * tile_bytes(core, layer));
    const int64_t inputs = layer.kind == quantise::LayerKind::kDense ? in.channels : 1;
    const int64_t codes = std::min<int64_t>(out.channels, core.lanes) * inputs *
                          layer.window.kernel_h * layer.window.kernel_w;
    if (has_weights(layer)) {
      tiles.code_bytes = common::ceil_div(static_cast<uint64_t>(codes) * code_bits(layer), 8U);
    }
  }
  return plan_weights(core, layers, image_bytes);
}

}  // namespace

Constants constants_of(const Network& network) {
  Constants constants;
  for (const Layer& layer : network.layers) {
    int table = -1;
    const arith::NumberSystemInfo& system = arith::info(layer.number_system);
    if (has_weights(layer) && system.has_table) {
      const bool is_short = system.codes() == contract::kShortTableEntries;
      auto& all = constants.tables;
      const auto same = std::find_if(all.begin(), all.end(), [&](const ConstantTable& other) {
        return !layer.codes.empty() && other.is_short == is_short && *other.table == layer.table;
      });
      table = static_cast<int>(same - all.begin());
      if (same == all.end()) all.push_back({&layer.table, is_short});
    }
    constants.table_of_layer.push_back(table);
    constants.records.push_back(parameter_form(layer, tensor(network, layer.output).is_signed));
  }
  return constants;
}

Constants least(Constants constants) {
  constants.tables.resize(std::min<size_t>(constants.tables.size(), 1));
  for (int& table : constants.table_of_layer) table = std::min(table, 0);
  for (program::ParameterForm& form : constants.records) form.is_short = true;
  return constants;
}

Draft draft(const Plan& plan, const Constants& constants, const program::CoreConfig& core) {
  // The number of instructions decides where weights begin, and with that how many loads there are.
  for (size_t reserved = 0;;) {
    Draft draft;
    draft.layout = lay_out(plan, constants, reserved, core);
    draft.weights = weights_behind(plan, draft.layout.bytes, core);
    draft.emission = emit({core, plan, draft.weights, draft.layout});
    if (draft.emission.instructions.size() <= reserved) return draft;
    reserved = draft.emission.instructions.size();
  }
}

bool could_hold_weights(const Plan& plan, const Constants& constants,
                        const program::CoreConfig& core) {
  try {
    weights_behind(plan, lay_out(plan, constants, 0, core).bytes, core);
    return true;
  } catch (const Error&) {
    return false;
  }
}

std::vector<program::InstructionBytes> encode_all(const Emission& emission) {
  std::vector<program::InstructionBytes> bytes;
  for (size_t i = 0; i < emission.instructions.size(); ++i) {
    bytes.push_back(encode(emission.instructions[i], emission.where[i]));
  }
  return bytes;
}

std::vector<uint8_t> program_image(const Plan& plan, const Constants& constants, const Draft& draft,
                                   const program::CoreConfig& core) {
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
    const ConstantTable& table = constants.tables[t];
    put(draft.layout.tables[t], program::encode_table(*table.table, table.is_short));
  }
  for (size_t l = 0; l < plan.network.layers.size(); ++l) {
    const Layer& layer = plan.network.layers[l];
    const Mapping& output = plan.mappings[static_cast<size_t>(layer.output)];
    for (size_t r = 0; r < layer.regions.size(); ++r) {
      for (uint32_t b = 0; b < output.blocks(core); ++b) {
        put(draft.layout.parameters[l][r][b],
            make_parameters(core, layer, layer.regions[r], output, b, constants.records[l]));
      }
    }
  }
  return image;
}

std::vector<uint8_t> weight_image(const Plan& plan, const WeightPlan& weights,
                                  const program::CoreConfig& core, const RandomBytes& padding) {
  std::vector<uint8_t> image(weights.frames * contract::kPayloadBytes);
  padding(image.data(), image.size());
  for (size_t l = 0; l < plan.network.layers.size(); ++l) {
    const Layer& layer = plan.network.layers[l];
    for (size_t b = 0; b < weights.tiles[l].size(); ++b) {
      const std::vector<uint8_t> tiles =
          make_tiles(core, layer, plan.work[l], plan.mappings[static_cast<size_t>(layer.input)],
                     plan.mappings[static_cast<size_t>(layer.output)], static_cast<uint32_t>(b),
                     plan.digits[l][b], padding);
      std::copy(tiles.begin(), tiles.end(),
                image.begin() + static_cast<std::ptrdiff_t>(weights.tiles[l][b].stream_offset));
    }
  }
  return image;
}

}  // namespace keyway::compile
