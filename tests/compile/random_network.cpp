// SPDX-License-Identifier: Apache-2.0
#include "random_network.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "systems_on.hpp"

namespace keyway::test {
namespace {

using quantise::Layer;
using quantise::LayerKind;
using quantise::Network;
using quantise::Residual;

class Generator {
 public:
  Generator(uint64_t seed, const RandomNetworkOptions& options)
      : random_(seed), options_(options) {}

  Network run() {
    network_.name = "random";
    network_.array_kind = options_.array_kind;
    const auto systems = systems_on(options_.array_kind);
    network_.number_system =
        systems[static_cast<size_t>(pick(0, static_cast<int64_t>(systems.size()) - 1))].system;
    const bool vector = chance(10);
    Shape shape{pick(1, options_.most_channels), vector ? 1 : pick(1, options_.most_side),
                vector ? 1 : pick(1, options_.most_side)};
    if (chance(50)) shape.channels = pick(1, 4);
    if (options_.most_length > 0) {
      shape.height = pick(1, options_.most_length);
      shape.width = chance(70) ? 1 : pick(1, 3);
      if (chance(50)) std::swap(shape.height, shape.width);
    }
    network_.input = add_tensor(shape, chance(50));
    const int64_t layers = pick(1, options_.most_layers);
    int last = network_.input;
    for (int64_t i = 0; i < layers; ++i) {
      // Mostly a chain; sometimes a branch that a later residual may join.
      last = add_layer(chance(85) ? last : static_cast<int>(pick(0, tensors() - 1)));
    }
    network_.output = last;
    for (const Layer& layer : network_.layers) network_.macs += layer.macs;
    const Shape& in = shape_of(network_.input);
    const Shape& out = shape_of(network_.output);
    network_.input_layout = layout(in);
    network_.output_layout = layout(out);
    network_.input_scale.assign(static_cast<size_t>(in.channels), 1.0f);
    network_.input_offset.assign(static_cast<size_t>(in.channels), 0.0f);
    return std::move(network_);
  }

 private:
  int64_t pick(int64_t lo, int64_t hi) {
    return lo + static_cast<int64_t>(random_() % static_cast<uint64_t>(hi - lo + 1));
  }
  bool chance(int64_t percent) { return pick(1, 100) <= percent; }
  int64_t tensors() const { return static_cast<int64_t>(network_.tensors.size()); }
  const Shape& shape_of(int t) const { return network_.tensors[static_cast<size_t>(t)].shape; }

  static Layout layout(const Shape& s) {
    return {{s.channels, s.height, s.width}, s.height * s.width, s.width, 1};
  }

  int add_tensor(const Shape& shape, bool is_signed) {
    quantise::Tensor tensor;
    tensor.name = "t" + std::to_string(tensors());
    tensor.shape = shape;
    tensor.is_signed = is_signed;
    tensor.scale.assign(static_cast<size_t>(shape.channels), 1.0f);
    network_.tensors.push_back(tensor);
    return static_cast<int>(tensors() - 1);
  }

  /// One axis: kernel, stride, padding and the output's size.
  int64_t axis(int64_t size, int64_t& kernel, int64_t& stride, int64_t& before, int64_t& after) {
    kernel = chance(10) ? pick(1, 9) : pick(1, 3);
    stride = chance(70) ? 1 : pick(1, 4);
    before = pick(0, kernel - 1);
    after = pick(0, kernel - 1);
    if (chance(5) && size > 3) before = -pick(1, 2);
    if (options_.most_length > 0) lengthen(size, kernel, stride, before, after);
    if (size + before + after < kernel) {
      kernel = 1;
      before = after = 0;
    }
    return (size + before + after - kernel) / stride + 1;
  }

  /// Some windows that overlap by whole words, of audio above all; some strides beyond their field;
  /// some kernels as well, with few windows.
  void lengthen(int64_t size, int64_t& kernel, int64_t& stride, int64_t& before, int64_t& after) {
    if (size > 60 && network_.layers.empty() && chance(50)) {
      kernel = 16 * pick(1, 5);
      stride = int64_t{1} << pick(0, 3);
      before = pick(0, kernel - 1);
      after = pick(0, kernel - 1);
      return;
    }
    if (size > 60 && chance(8)) stride = pick(14, 20);
    if (size < 250 || !chance(12)) return;
    kernel = pick(250, size);
    stride = pick(size / 4, size);
    before = chance(50) ? 0 : pick(0, 9);
    after = chance(50) ? 0 : pick(0, 9);
  }

  int add_layer(int input) {
    const Shape in = shape_of(input);
    Layer layer;
    layer.name = "layer" + std::to_string(network_.layers.size());
    layer.input = input;
    const int64_t kind = pick(0, 9);
    layer.kind = kind < 5   ? LayerKind::kDense
                 : kind < 7 ? LayerKind::kDepthwise
                 : kind < 9 ? LayerKind::kSum
                            : LayerKind::kMax;
    graph::Window& w = layer.window;
    Shape out = in;
    const int64_t most_window = std::max<int64_t>(12, options_.most_length);
    if (in.pixels() > 1 && in.height <= most_window && in.width <= most_window &&
        chance(10)) {  // to one pixel
      w.kernel_h = in.height;
      w.kernel_w = in.width;
      out.height = out.width = 1;
    } else {
      out.height = axis(in.height, w.kernel_h, w.stride_h, w.pad_top, w.pad_bottom);
      out.width = axis(in.width, w.kernel_w, w.stride_w, w.pad_left, w.pad_right);
    }
    // So many products of random operands could exceed an accumulator.
    const int64_t products =
        w.kernel_h * w.kernel_w * (layer.kind == LayerKind::kDense ? in.channels : 1);
    if (options_.most_length > 0 && products > 4000) layer.kind = LayerKind::kSum;
    if (layer.kind == LayerKind::kDense) out.channels = pick(1, options_.most_channels);
    maybe_residual(layer, out);
    add_codes(layer, in, out);
    const bool is_signed = chance(50);
    add_regions(layer, out, is_signed);
    layer.output = add_tensor(out, is_signed);
    network_.layers.push_back(layer);
    return layer.output;
  }

  void maybe_residual(Layer& layer, const Shape& out) {
    if (!chance(40)) return;
    for (int attempt = 0; attempt < 6; ++attempt) {
      const auto source = static_cast<int>(pick(0, tensors() - 1));
      const Shape& from = shape_of(source);
      Residual residual;
      residual.tensor = source;
      residual.stride_h = chance(60) ? 1 : pick(1, 3);
      residual.stride_w = chance(60) ? 1 : pick(1, 3);
      if ((out.height - 1) * residual.stride_h >= from.height ||
          (out.width - 1) * residual.stride_w >= from.width) {
        continue;
      }
      residual.channel.assign(static_cast<size_t>(out.channels), -1);
      const int64_t form = pick(0, 9);
      if (form < 4 && from.channels == out.channels) {
        std::iota(residual.channel.begin(), residual.channel.end(), 0);
      } else if (form < 8) {  // shifted, padded with zeros or cut
        const int64_t shift = pick(-from.channels / 2, std::max<int64_t>(0, out.channels - 1));
        for (int64_t c = 0; c < out.channels; ++c) {
          const int64_t s = c - shift;
          if (s >= 0 && s < from.channels) residual.channel[static_cast<size_t>(c)] = s;
        }
      } else {
        for (int64_t& s : residual.channel) s = pick(-1, from.channels - 1);
      }
      layer.has_residual = true;
      layer.residual = residual;
      return;
    }
  }

  void add_codes(Layer& layer, const Shape& in, const Shape& out) {
    layer.number_system = network_.number_system;
    const auto& info = arith::info(layer.number_system);
    if (info.has_corrections) {
      for (int16_t& entry : layer.table) entry = static_cast<int16_t>(pick(0, 15));
    }
    if (info.tabulate != nullptr) {
      arith::Operands operands{};
      for (int32_t& operand : operands) {
        operand = static_cast<int32_t>(pick(arith::kOperandMin, arith::kOperandMax));
      }
      layer.table = info.tabulate(operands);
    }
    int64_t count = 0;
    const int64_t taps = layer.window.kernel_h * layer.window.kernel_w;
    if (layer.kind == LayerKind::kDense) count = out.channels * in.channels * taps;
    if (layer.kind == LayerKind::kDepthwise) count = out.channels * taps;
    layer.codes = random_bytes(random_, static_cast<size_t>(count));
    for (uint8_t& code : layer.codes) code = static_cast<uint8_t>(code % info.codes());
    // No sum of an output may leave the accumulator: of large operands some become the smallest.
    const arith::Operands operands = operands_of(network_, layer);
    const int64_t most = (int64_t{1} << 30) / 256 * out.channels / std::max<int64_t>(count, 1);
    const std::optional<arith::Products> products = products_of(layer);
    const auto size = [&](uint8_t code) {
      return products ? products->largest(code, 255) / 255 : std::abs(int64_t{operands[code]});
    };
    uint8_t least = 0;
    for (size_t code = 0; code < info.codes(); ++code) {
      if (size(static_cast<uint8_t>(code)) < size(least)) least = static_cast<uint8_t>(code);
    }
    for (uint8_t& code : layer.codes) {
      if (size(code) > most) code = least;
    }
    if (info.has_digits) {
      // Weights of an output in a row have the same number of digits, a tile's nearly so.
      uint32_t digits = 1;
      for (size_t i = 0; i < layer.codes.size(); ++i) {
        if (i % 24 == 0) digits = static_cast<uint32_t>(pick(1, contract::kMostDigits));
        layer.codes[i] = arith::upper_digits(layer.codes[i], digits);
      }
    }
    layer.macs = static_cast<uint64_t>(
        layer.kind == LayerKind::kDense || layer.kind == LayerKind::kDepthwise
            ? out.elements() * taps * (layer.kind == LayerKind::kDense ? in.channels : 1)
            : 0);
  }

  quantise::ChannelPost post(const Layer& layer, bool is_signed) {
    const double taps = static_cast<double>(layer.window.kernel_h * layer.window.kernel_w);
    double reach = 100;
    if (layer.kind == LayerKind::kSum) reach *= taps;
    if (layer.kind == LayerKind::kDense || layer.kind == LayerKind::kDepthwise) {
      double square = 0;  // of the operands, on average
      for (const int32_t operand : operands_of(network_, layer)) {
        square += static_cast<double>(operand) * operand / 256;
      }
      double terms = taps;
      if (layer.kind == LayerKind::kDense)
        terms *= static_cast<double>(shape_of(layer.input).channels);
      reach *= std::sqrt(terms * square);
    }
    quantise::ChannelPost p;
    p.m = static_cast<int32_t>(pick(1, (1 << 17) - 1)) * (chance(30) ? -1 : 1);
    const double shift = std::log2(reach * std::abs(p.m) / 100.0);
    p.shift = static_cast<int32_t>(std::clamp(std::lround(shift) + pick(-1, 1), 1L, 47L));
    p.bias = static_cast<int32_t>(pick(-static_cast<int64_t>(reach), static_cast<int64_t>(reach)));
    if (layer.has_residual) {
      const double unit = std::ldexp(1.0, p.shift);
      p.mr = static_cast<int32_t>(std::clamp(unit * 0.5, 1.0, 131071.0)) * (chance(30) ? -1 : 1);
    }
    p.lo = is_signed ? -128 : 0;
    p.hi = is_signed ? 127 : 255;
    if (chance(20)) p.lo = static_cast<int32_t>(pick(p.lo, 0));
    if (chance(20)) p.hi = static_cast<int32_t>(pick(0, p.hi));
    return p;
  }

  void add_regions(Layer& layer, const Shape& out, bool is_signed) {
    const int64_t cut_y = chance(15) ? pick(1, out.height) : out.height;
    const int64_t cut_x = chance(15) ? pick(1, out.width) : out.width;
    for (const auto& [y, height] :
         {std::pair{int64_t{0}, cut_y}, std::pair{cut_y, out.height - cut_y}}) {
      for (const auto& [x, width] :
           {std::pair{int64_t{0}, cut_x}, std::pair{cut_x, out.width - cut_x}}) {
        if (height == 0 || width == 0) continue;
        quantise::Region region;
        region.y = y;
        region.x = x;
        region.height = height;
        region.width = width;
        for (int64_t c = 0; c < out.channels; ++c) region.post.push_back(post(layer, is_signed));
        layer.regions.push_back(std::move(region));
      }
    }
  }

  std::mt19937_64 random_;
  RandomNetworkOptions options_;
  Network network_;
};

}  // namespace

Network random_network(uint64_t seed, const RandomNetworkOptions& options) {
  return Generator(seed, options).run();
}

std::vector<uint8_t> random_bytes(std::mt19937_64& random, size_t size) {
  std::vector<uint8_t> bytes(size);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random() & 0xff);
  return bytes;
}

}  // namespace keyway::test
