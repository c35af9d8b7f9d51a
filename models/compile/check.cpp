// SPDX-License-Identifier: Apache-2.0
#include "compile/check.hpp"

#include <algorithm>
#include <cstdint>
#include <string>

#include "common/error.hpp"
#include "common/printable.hpp"
#include "compile/layers.hpp"

namespace keyway::compile {
namespace {

using quantise::Layer;
using quantise::LayerKind;
using quantise::Network;

/// True if the output range [0, count) has a pixel whose window lies outside [0, size).
bool has_empty_window(int64_t count, int64_t stride, int64_t pad, int64_t kernel, int64_t size) {
  for (int64_t i = 0; i < count; ++i) {
    const int64_t first = i * stride - pad;
    if (first >= size || first + kernel <= 0) return true;
  }
  return false;
}

[[noreturn]] void misfit(const Layer& layer, const std::string& what) {
  throw Error(ErrorKind::kUsage, "layer " + common::quoted(layer.name) + ": " + what);
}

}  // namespace

void check_core(const program::CoreConfig& core) {
  if (core.depth < 6 || core.depth % 4 != 0 || core.lanes % core.word_channels() != 0 ||
      core.depth % core.word_channels() != 0 || core.lane_words() != core.block_banks()) {
    throw Error(ErrorKind::kFit, "no program can be made for a core of " + core.name() +
                                     ": lanes must be a multiple of a word's channels and as many "
                                     "words as the depth");
  }
}

void check_number_systems(const Network& network, const program::CoreConfig& core) {
  for (const Layer& layer : network.layers) {
    const arith::NumberSystemInfo& system = arith::info(layer.number_system);
    if (!has_weights(layer) || system.runs_on(core.array_kind)) continue;
    std::string others;
    for (const arith::NumberSystemInfo& other : arith::number_systems()) {
      if (!other.runs_on(core.array_kind)) continue;
      others += (others.empty() ? "" : ", ") + std::string(other.name);
    }
    throw Error(ErrorKind::kFit, "layer " + common::quoted(layer.name) + ": weights in " +
                                     system.name + " do not run on a core " + core.array_name() +
                                     ", which runs " + (others.empty() ? "none" : others));
  }
  if (network.array_kind != core.array_kind) {
    throw Error(ErrorKind::kFit, "network " + common::quoted(network.name) +
                                     ": quantised for another kind of array than that of core " +
                                     core.array_name());
  }
}

void check_structure(const Network& network) {
  const auto tensors = static_cast<int>(network.tensors.size());
  const auto known = [tensors](int t) { return t >= 0 && t < tensors; };
  if (!known(network.input) || !known(network.output) || network.layers.empty() ||
      network.input == network.output) {
    throw Error(ErrorKind::kUsage, "network " + common::quoted(network.name) + " computes nothing");
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
      throw Error(ErrorKind::kUnsupported, "layer " + common::quoted(layer.name) +
                                               ": a maximum over padding alone has no value");
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
    const uint32_t most = arith::info(layer.number_system).codes() - 1;
    const auto there_is = [most](uint8_t code) { return code <= most; };
    if (!std::all_of(layer.codes.begin(), layer.codes.end(), there_is)) {
      misfit(layer, "a code that its number system does not have");
    }
  }
}

Network without_idle_strides(Network network) {
  for (Layer& layer : network.layers) {
    const Shape& out = tensor(network, layer.output).shape;
    if (out.height == 1) layer.window.stride_h = layer.residual.stride_h = 1;
    if (out.width == 1) layer.window.stride_w = layer.residual.stride_w = 1;
  }
  return network;
}

}  // namespace keyway::compile
