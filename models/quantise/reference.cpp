// SPDX-License-Identifier: Apache-2.0
#include "quantise/reference.hpp"

#include <algorithm>

#include "common/error.hpp"
#include "common/printable.hpp"
#include "quantise/network_boundary.hpp"
#include "quantise/parallel.hpp"

namespace keyway::quantise {
namespace {

std::vector<int16_t> widen(const std::vector<uint8_t>& bytes, bool is_signed) {
  std::vector<int16_t> values(bytes.size());
  for (size_t i = 0; i < bytes.size(); ++i) {
    values[i] = is_signed ? static_cast<int16_t>(static_cast<int8_t>(bytes[i]))
                          : static_cast<int16_t>(bytes[i]);
  }
  return values;
}

int32_t dot(const int16_t* a, const int16_t* b, size_t count) {
  int32_t sum = 0;
  for (size_t i = 0; i < count; ++i) sum += static_cast<int32_t>(a[i]) * b[i];
  return sum;
}

/// Sums over the taps of a column, for every output channel.
void add_products(const arith::Products& products, const std::vector<uint8_t>& codes_of_tap,
                  const std::vector<int16_t>& column, std::vector<int32_t>& sums) {
  std::fill(sums.begin(), sums.end(), 0);
  const uint8_t* codes = codes_of_tap.data();
  for (const int16_t x : column) {
    const int32_t* of_code = products.of(x);
    for (int32_t& sum : sums) sum += of_code[*codes++];
  }
}

uint8_t requantise(const ChannelPost& p, int32_t acc, int32_t residual) {
  const int64_t scaled = int64_t{p.m} * (int64_t{acc} + p.bias) + int64_t{p.mr} * residual +
                         (int64_t{1} << (p.shift - 1));
  return static_cast<uint8_t>(std::clamp<int64_t>(scaled >> p.shift, p.lo, p.hi));
}

/// Calls visit(y, x, row, column): output pixel (y, x) is computed as pixel (row, column).
template <typename Visit>
void for_each_pixel(const Region& region, const Visit& visit) {
  for (int64_t y = region.y; y < region.y + region.height; ++y) {
    for (int64_t x = region.x; x < region.x + region.width; ++x) {
      visit(y, x, y + region.shift_y, x + region.shift_x);
    }
  }
}

template <typename Visit>
void for_each_pixel(const Layer& layer, const Visit& visit) {
  for (const Region& region : layer.regions) for_each_pixel(region, visit);
}

[[noreturn]] void misfit(const Layer& layer, const char* what) {
  throw Error(ErrorKind::kUsage, "layer " + common::quoted(layer.name) + ": " + what);
}

}  // namespace

LayerReference::LayerReference(const Network& network, const Layer& layer)
    : tensors_(network.tensors), layer_(layer) {
  const Shape &in = tensor(layer.input).shape, &out = tensor(layer.output).shape;
  const int64_t taps = layer.window.kernel_h * layer.window.kernel_w;
  const bool dense = layer.kind == LayerKind::kDense;
  if (!dense && in.channels != out.channels) misfit(layer, "input and output channels differ");
  if (dense || layer.kind == LayerKind::kDepthwise) {
    if (static_cast<int64_t>(layer.codes.size()) !=
        out.channels * taps * (dense ? in.channels : 1)) {
      misfit(layer, "number of codes");
    }
    const arith::Operands operands = operands_of(network, layer);
    operands_.reserve(layer.codes.size());
    for (const uint8_t code : layer.codes) {
      operands_.push_back(static_cast<int16_t>(operands[code]));
    }
    products_ = products_of(layer);
    if (products_ && dense) {
      const size_t channels = static_cast<size_t>(out.channels),
                   length = layer.codes.size() / channels;
      for (size_t t = 0; t < length; ++t) {
        for (size_t c = 0; c < channels; ++c) codes_of_tap_.push_back(layer.codes[c * length + t]);
      }
    }
  }
}

void LayerReference::dense(const std::vector<int16_t>& input, std::vector<int32_t>& sums) const {
  const Shape &in = tensor(layer_.input).shape, &out = tensor(layer_.output).shape;
  const graph::Window& w = layer_.window;
  const auto length = static_cast<size_t>(in.channels * w.kernel_h * w.kernel_w);
  std::vector<int16_t> column(length);
  std::vector<int32_t> of_pixel(static_cast<size_t>(out.channels));
  for_each_pixel(layer_, [&](int64_t y, int64_t x, int64_t grid_y, int64_t grid_x) {
    size_t k = 0;
    for (int64_t c = 0; c < in.channels; ++c) {
      for (int64_t ky = 0; ky < w.kernel_h; ++ky) {
        const int64_t iy = grid_y * w.stride_h - w.pad_top + ky;
        for (int64_t kx = 0; kx < w.kernel_w; ++kx, ++k) {
          const int64_t ix = grid_x * w.stride_w - w.pad_left + kx;
          const bool inside = iy >= 0 && iy < in.height && ix >= 0 && ix < in.width;
          column[k] = inside ? input[static_cast<size_t>((c * in.height + iy) * in.width + ix)]
                             : int16_t{0};
        }
      }
    }
    if (products_) add_products(*products_, codes_of_tap_, column, of_pixel);
    for (int64_t c = 0; c < out.channels; ++c) {
      sums[static_cast<size_t>((c * out.height + y) * out.width + x)] =
          products_
              ? of_pixel[static_cast<size_t>(c)]
              : dot(operands_.data() + static_cast<size_t>(c) * length, column.data(), length);
    }
  });
}

void LayerReference::windowed(const std::vector<int16_t>& input, std::vector<int32_t>& sums) const {
  const Shape &in = tensor(layer_.input).shape, &out = tensor(layer_.output).shape;
  const graph::Window& w = layer_.window;
  const bool is_max = layer_.kind == LayerKind::kMax;
  for (int64_t c = 0; c < out.channels; ++c) {
    const int16_t* image = input.data() + c * in.pixels();
    const int16_t* operands =
        operands_.empty() ? nullptr : operands_.data() + c * w.kernel_h * w.kernel_w;
    const uint8_t* codes =
        operands_.empty() ? nullptr : layer_.codes.data() + c * w.kernel_h * w.kernel_w;
    for_each_pixel(layer_, [&](int64_t y, int64_t x, int64_t grid_y, int64_t grid_x) {
      int32_t acc = 0;
      bool empty = true;
      for (int64_t ky = 0; ky < w.kernel_h; ++ky) {
        const int64_t iy = grid_y * w.stride_h - w.pad_top + ky;
        if (iy < 0 || iy >= in.height) continue;
        for (int64_t kx = 0; kx < w.kernel_w; ++kx) {
          const int64_t ix = grid_x * w.stride_w - w.pad_left + kx;
          if (ix < 0 || ix >= in.width) continue;
          const int32_t value = image[iy * in.width + ix];
          if (is_max) {
            acc = empty ? value : std::max(acc, value);
          } else {
            const int64_t tap = ky * w.kernel_w + kx;
            acc += products_             ? products_->of(value)[codes[tap]]
                   : operands == nullptr ? value
                                         : value * operands[tap];
          }
          empty = false;
        }
      }
      sums[static_cast<size_t>((c * out.height + y) * out.width + x)] = acc;
    });
  }
}

std::vector<int32_t> LayerReference::sums(const std::vector<uint8_t>& input) const {
  const Tensor& in = tensor(layer_.input);
  if (static_cast<int64_t>(input.size()) != in.shape.elements()) misfit(layer_, "input size");
  const std::vector<int16_t> values = widen(input, in.is_signed);
  std::vector<int32_t> all(static_cast<size_t>(tensor(layer_.output).shape.elements()));
  if (layer_.kind == LayerKind::kDense) {
    dense(values, all);
  } else {
    windowed(values, all);
  }
  return all;
}

std::vector<uint8_t> LayerReference::run(const std::vector<uint8_t>& input,
                                         const std::vector<uint8_t>* residual) const {
  const Tensor& out = tensor(layer_.output);
  const std::vector<int32_t> sums = this->sums(input);
  std::vector<int16_t> added;
  Shape from;
  if (layer_.has_residual) {
    if (residual == nullptr) misfit(layer_, "the residual is missing");
    from = tensor(layer_.residual.tensor).shape;
    added = widen(*residual, tensor(layer_.residual.tensor).is_signed);
  }
  std::vector<uint8_t> bytes(sums.size());
  for (const Region& region : layer_.regions) {
    for (int64_t c = 0; c < out.shape.channels; ++c) {
      const ChannelPost& post = region.post[static_cast<size_t>(c)];
      const int64_t source =
          layer_.has_residual ? layer_.residual.channel[static_cast<size_t>(c)] : -1;
      for_each_pixel(region, [&](int64_t y, int64_t x, int64_t grid_y, int64_t grid_x) {
        const auto at = static_cast<size_t>((c * out.shape.height + y) * out.shape.width + x);
        int32_t r = 0;
        if (source >= 0) {
          r = added[static_cast<size_t>((source * from.height + grid_y * layer_.residual.stride_h) *
                                            from.width +
                                        grid_x * layer_.residual.stride_w)];
        }
        bytes[at] = requantise(post, sums[at], r);
      });
    }
  }
  return bytes;
}

Reference::Reference(const Network& network) : network_(network) {
  layers_.reserve(network.layers.size());
  for (const Layer& layer : network.layers) layers_.emplace_back(network, layer);
}

TensorBytes Reference::run(const std::vector<uint8_t>& input) const {
  TensorBytes tensors(network_.tensors.size());
  tensors[static_cast<size_t>(network_.input)] = input;
  for (size_t i = 0; i < layers_.size(); ++i) {
    const Layer& layer = network_.layers[i];
    const std::vector<uint8_t>* residual =
        layer.has_residual ? &tensors[static_cast<size_t>(layer.residual.tensor)] : nullptr;
    tensors[static_cast<size_t>(layer.output)] =
        layers_[i].run(tensors[static_cast<size_t>(layer.input)], residual);
  }
  return tensors;
}

std::vector<float> Reference::infer(const float* inputs, int64_t images, int threads) const {
  const program::InputBoundary in = input_boundary(network_);
  const program::OutputBoundary out = output_boundary(network_);
  const int64_t elements = out.user_shape().elements();
  std::vector<float> results(static_cast<size_t>(images * elements));
  for_each_index(images, threads, [&](int64_t n) {
    std::vector<uint8_t> bytes(static_cast<size_t>(in.shape.elements()));
    program::quantise_input(in, inputs + n * in.user_shape().elements(), bytes.data());
    const TensorBytes tensors = run(bytes);
    program::dequantise_output(out, tensors[static_cast<size_t>(network_.output)].data(),
                               results.data() + n * elements);
  });
  return results;
}

}  // namespace keyway::quantise
