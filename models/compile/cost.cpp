// SPDX-License-Identifier: Apache-2.0
#include "compile/cost.hpp"

#include <algorithm>

#include "common/integers.hpp"
#include "compile/layers.hpp"
#include "program/contract.hpp"

namespace keyway::compile {

using common::ceil_div;

uint64_t tile_bytes(const program::CoreConfig& core, const quantise::Layer& layer) {
  return has_weights(layer) ? core.tile_bytes(code_bits(layer)) : 0;
}

uint64_t tile_cycles(const program::CoreConfig& core, const quantise::Layer& layer) {
  return tile_bytes(core, layer) / core.weight_word_bytes();
}

Work work_of(const program::CoreConfig& core, const quantise::Layer& layer, uint32_t input_words) {
  const int64_t kh = layer.window.kernel_h, kw = layer.window.kernel_w;
  Work work;
  if (layer.kind == quantise::LayerKind::kDense) {
    const int64_t words = input_words, rw = core.read_words();
    const int64_t blocks_paired = kh * kw * ceil_div(words, rw);
    const int64_t rows_paired = ceil_div(kh, rw) * kw * words;
    work.pair_rows = rows_paired < blocks_paired;
    work.passes = static_cast<uint64_t>(std::min(blocks_paired, rows_paired));
  } else {
    work.passes = static_cast<uint64_t>(ceil_div(kh, contract::kWindowRows) *
                                        ceil_div(kw, core.max_columns()));
  }
  work.tile_cycles = tile_cycles(core, layer);
  return work;
}

uint64_t group_cycles(const program::CoreConfig& core, const quantise::Layer& layer,
                      const Work& work, int64_t height, int64_t width,
                      const program::DigitSchedule& digits) {
  const auto passes_of = [&](uint64_t tile) -> uint64_t {
    return core.digit_passes() ? digits.digits(tile) : 1;
  };
  const auto pass_cycles = [&](int64_t steps) {
    return std::max(static_cast<uint64_t>(steps) * core.step_cycles(), work.tile_cycles);
  };
  uint64_t cycles = 0, tile = 0;
  if (layer.kind == quantise::LayerKind::kDense) {
    const uint64_t passes = core.digit_passes() ? digits.sum(work.passes) : work.passes;
    return passes * pass_cycles(height * width);
  }
  const int64_t kw = layer.window.kernel_w, most = core.max_columns();
  const auto row_passes =
      static_cast<uint64_t>(ceil_div(layer.window.kernel_h, contract::kWindowRows));
  for (uint64_t row = 0; row < row_passes; ++row) {
    for (int64_t kx = 0; kx < kw; kx += most, ++tile) {
      const int64_t columns = (width - 1) * layer.window.stride_w + std::min(most, kw - kx);
      cycles += passes_of(tile) * pass_cycles(height * columns);
    }
  }
  return cycles;
}

size_t leading_layers(const program::CoreConfig& core, const quantise::Network& network,
                      const program::InputImage& image, const std::vector<Mapping>& mappings) {
  if (network.layers.size() < 2) return 1;
  const quantise::Layer &first = network.layers[0], &second = network.layers[1];
  if (first.input != network.input || second.input != first.output) return 1;
  const Shape& out = tensor(network, first.output).shape;
  const Work work = work_of(core, first, mappings[static_cast<size_t>(first.input)].words);
  const uint64_t cycles = mappings[static_cast<size_t>(first.output)].blocks(core) *
                          group_cycles(core, first, work, out.height, out.width);
  return image.bytes() / kBusBytes > cycles ? 2 : 1;
}

}  // namespace keyway::compile
