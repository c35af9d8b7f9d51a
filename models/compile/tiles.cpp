// SPDX-License-Identifier: Apache-2.0
#include "compile/tiles.hpp"

#include <algorithm>

#include "common/printable.hpp"
#include "compile/layers.hpp"
#include "program/contract.hpp"
#include "program/instructions.hpp"
#include "program/tile_layout.hpp"

namespace keyway::compile {
namespace {

using quantise::Layer;
using quantise::LayerKind;

/// One pass of a dense layer: words of steps (ky, kx, word) and the next, in words or in rows.
struct DensePass {
  int64_t ky = 0, kx = 0, word = 0;
};

std::vector<DensePass> dense_passes(const program::CoreConfig& core, const Layer& layer,
                                    const Work& work, int64_t words) {
  const int64_t rows = work.pair_rows ? core.read_words() : 1;
  const int64_t step = work.pair_rows ? 1 : core.read_words();
  std::vector<DensePass> passes;
  for (int64_t ky = 0; ky < layer.window.kernel_h; ky += rows) {
    for (int64_t kx = 0; kx < layer.window.kernel_w; ++kx) {
      for (int64_t word = 0; word < words; word += step) passes.push_back({ky, kx, word});
    }
  }
  return passes;
}

/// Calls visit(tile, lane, depth, code) for every code of an output block.
template <typename Visit>
void for_dense_codes(const program::CoreConfig& core, const Layer& layer, const Work& work,
                     const Mapping& input, const std::vector<int32_t>& outputs, Visit visit) {
  const std::vector<int32_t> inputs = input.channel_at(core);
  const int64_t kh = layer.window.kernel_h, kw = layer.window.kernel_w;
  const auto channels = static_cast<int64_t>(input.position.size());
  const uint32_t wc = core.word_channels();
  size_t tile = 0;
  for (const DensePass& pass : dense_passes(core, layer, work, input.words)) {
    for (uint32_t d = 0; d < core.depth; ++d) {
      const int64_t ky = pass.ky + (work.pair_rows ? d / wc : 0);
      const int64_t word = pass.word + (work.pair_rows ? 0 : d / wc);
      const int64_t position = word * wc + d % wc;
      if (ky >= kh || word >= input.words) continue;
      const int32_t channel = inputs[static_cast<size_t>(position)];
      if (channel < 0) continue;
      for (uint32_t l = 0; l < core.lanes; ++l) {
        if (outputs[l] < 0) continue;
        visit(tile, l, d,
              layer.codes[static_cast<size_t>(((outputs[l] * channels + channel) * kh + ky) * kw +
                                              pass.kx)]);
      }
    }
    ++tile;
  }
}

template <typename Visit>
void for_depthwise_codes(const program::CoreConfig& core, const Layer& layer,
                         const std::vector<int32_t>& outputs, Visit visit) {
  const int64_t kh = layer.window.kernel_h, kw = layer.window.kernel_w;
  const int64_t most = core.max_columns();
  size_t tile = 0;
  for (int64_t ky0 = 0; ky0 < kh; ky0 += contract::kWindowRows) {
    const int64_t rows = std::min<int64_t>(contract::kWindowRows, kh - ky0);
    for (int64_t kx0 = 0; kx0 < kw; kx0 += most) {
      const int64_t columns = std::min(most, kw - kx0);
      for (int64_t r = 0; r < rows; ++r) {
        for (int64_t c = 0; c < columns; ++c) {
          const auto depth = static_cast<uint32_t>(r * most + most - columns + c);
          for (uint32_t l = 0; l < core.lanes; ++l) {
            if (outputs[l] < 0) continue;
            visit(tile, l, depth,
                  layer.codes[static_cast<size_t>((outputs[l] * kh + ky0 + r) * kw + kx0 + c)]);
          }
        }
      }
      ++tile;
    }
  }
}

std::vector<int32_t> lanes_of(const program::CoreConfig& core, const Mapping& mapping,
                              uint32_t block) {
  const std::vector<int32_t> channels = mapping.channel_at(core);
  const auto first = channels.begin() + static_cast<std::ptrdiff_t>(block * core.lanes);
  return {first, first + static_cast<std::ptrdiff_t>(core.lanes)};
}

template <typename Visit>
void for_codes(const program::CoreConfig& core, const Layer& layer, const Work& work,
               const Mapping& input, const Mapping& output, uint32_t block, Visit visit) {
  const std::vector<int32_t> outputs = lanes_of(core, output, block);
  if (layer.kind == LayerKind::kDense) {
    for_dense_codes(core, layer, work, input, outputs, visit);
  } else {
    for_depthwise_codes(core, layer, outputs, visit);
  }
}

bool has_digits(const Layer& layer) {
  return has_weights(layer) && arith::info(layer.number_system).has_digits;
}

program::Parameter parameter_of(const Layer& layer, const quantise::Region& region,
                                size_t channel) {
  const quantise::ChannelPost& post = region.post[channel];
  const bool adds = layer.has_residual && layer.residual.channel[channel] >= 0;
  program::Parameter parameter;
  parameter.bias = post.bias;
  parameter.m = post.m;
  parameter.mr = adds ? post.mr : 0;
  parameter.shift = post.shift;
  parameter.lo = post.lo;
  parameter.hi = post.hi;
  return parameter;
}

}  // namespace

program::ParameterForm parameter_form(const Layer& layer, bool output_signed) {
  program::ParameterForm form{true, output_signed};
  for (const quantise::Region& region : layer.regions) {
    for (size_t c = 0; c < region.post.size(); ++c) {
      form.is_short = form.is_short && form.fits_short(parameter_of(layer, region, c));
    }
  }
  return form;
}

program::DigitSchedule make_schedule(const program::CoreConfig& core, const Layer& layer,
                                     const Work& work, const Mapping& input, const Mapping& output,
                                     uint32_t block) {
  if (!has_digits(layer)) return {};
  std::vector<uint32_t> digits(work.passes, layer.codes.empty() ? contract::kMostDigits : 1);
  if (!layer.codes.empty()) {
    for_codes(core, layer, work, input, output, block,
              [&](size_t tile, uint32_t, uint32_t, uint8_t code) {
                digits[tile] = std::max(digits[tile], arith::digits_of(code));
              });
  }
  // A window's passes are of different lengths where they differ in columns: then cycles would tell
  // how digits are shared out.
  if (layer.kind == LayerKind::kDepthwise && layer.window.kernel_w > core.max_columns()) {
    std::fill(digits.begin(), digits.end(), *std::max_element(digits.begin(), digits.end()));
  }
  return program::DigitSchedule(digits);
}

std::vector<uint8_t> make_tiles(const program::CoreConfig& core, const Layer& layer,
                                const Work& work, const Mapping& input, const Mapping& output,
                                uint32_t block, const program::DigitSchedule& schedule,
                                const RandomBytes& padding) {
  if (!has_weights(layer)) return {};
  const uint32_t bits = code_bits(layer), tile_bytes = core.tile_bytes(bits);
  std::vector<uint8_t> tiles(static_cast<size_t>(work.passes) * tile_bytes);
  padding(tiles.data(), tiles.size());
  for_codes(core, layer, work, input, output, block,
            [&](size_t tile, uint32_t lane, uint32_t depth, uint8_t code) {
              const program::CodePlace place = program::code_place(core, bits, lane, depth);
              uint8_t& byte = tiles[tile * tile_bytes + place.byte];
              const uint32_t whole = (1U << bits) - 1;
              const uint32_t counts =
                  has_digits(layer) ? arith::upper_digits(0xff, schedule.digits(tile)) : whole;
              byte = static_cast<uint8_t>((byte & ~(counts << place.shift)) | (code & counts)
                                                                                  << place.shift);
            });
  return tiles;
}

std::vector<uint8_t> make_parameters(const program::CoreConfig& core, const Layer& layer,
                                     const quantise::Region& region, const Mapping& output,
                                     uint32_t block, program::ParameterForm form) {
  std::vector<program::Parameter> lanes;
  for (const int32_t channel : lanes_of(core, output, block)) {
    program::Parameter parameter;
    if (form.is_short) parameter.lo = form.least();
    if (channel >= 0) {
      parameter = parameter_of(layer, region, static_cast<size_t>(channel));
    }
    lanes.push_back(parameter);
  }
  return program::encode_parameters(lanes, form, "layer " + common::quoted(layer.name));
}

}  // namespace keyway::compile
