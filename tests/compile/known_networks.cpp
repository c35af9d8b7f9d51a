// SPDX-License-Identifier: Apache-2.0
#include "known_networks.hpp"

#include <cmath>
#include <numeric>
#include <random>

namespace keyway::test {
namespace {

using quantise::Layer;
using quantise::LayerKind;
using quantise::Network;

class Builder {
 public:
  Builder(const std::string& name, const Shape& input) {
    network_.name = name;
    network_.number_system = arith::NumberSystem::kQf8;
    network_.input = add_tensor(input, true);
  }

  int dense(int input, int64_t channels, int64_t kh, int64_t kw, int64_t stride, int64_t pad_h,
            int64_t pad_w) {
    Layer layer = make(LayerKind::kDense, input, kh, kw, stride, stride, pad_h, pad_w);
    return finish(layer, channels);
  }
  int conv(int input, int64_t channels, int64_t kernel, int64_t stride) {
    return dense(input, channels, kernel, kernel, stride, kernel / 2, kernel / 2);
  }
  int linear(int input, int64_t channels) {
    const Shape& s = shape(input);
    return dense(input, channels, s.height, s.width, 1, 0, 0);
  }
  int depthwise(int input, int64_t stride) {
    return finish(make(LayerKind::kDepthwise, input, 3, 3, stride, stride, 1, 1),
                  shape(input).channels);
  }
  int average(int input) {
    const Shape& s = shape(input);
    return finish(make(LayerKind::kSum, input, s.height, s.width, 1, 1, 0, 0), s.channels);
  }
  int maximum(int input, int64_t length) {
    return finish(make(LayerKind::kMax, input, 1, length, 1, length, 0, 0), shape(input).channels);
  }
  /// Convolution whose output adds channels [before, before + n) from `source`.
  int conv_add(int input, int64_t channels, int64_t kernel, int64_t stride, int source,
               int64_t residual_stride, int64_t before) {
    Layer layer =
        make(LayerKind::kDense, input, kernel, kernel, stride, stride, kernel / 2, kernel / 2);
    layer.has_residual = true;
    layer.residual.tensor = source;
    layer.residual.stride_h = layer.residual.stride_w = residual_stride;
    layer.residual.channel.assign(static_cast<size_t>(channels), -1);
    for (int64_t c = 0; c < shape(source).channels; ++c) {
      layer.residual.channel[static_cast<size_t>(before + c)] = c;
    }
    return finish(layer, channels);
  }

  const Shape& shape(int t) const { return network_.tensors[static_cast<size_t>(t)].shape; }
  int input() const { return network_.input; }

  Network done(int output) {
    network_.output = output;
    const Shape &in = shape(network_.input), &out = shape(output);
    network_.input_layout = {{in.channels, in.height, in.width}, in.height * in.width, in.width, 1};
    network_.output_layout = {
        {out.channels, out.height, out.width}, out.height * out.width, out.width, 1};
    network_.input_scale.assign(static_cast<size_t>(in.channels), 1.0f);
    network_.input_offset.assign(static_cast<size_t>(in.channels), 0.0f);
    for (const Layer& layer : network_.layers) network_.macs += layer.macs;
    return std::move(network_);
  }

 private:
  int add_tensor(const Shape& shape, bool is_signed) {
    quantise::Tensor tensor;
    tensor.name = "t" + std::to_string(network_.tensors.size());
    tensor.shape = shape;
    tensor.is_signed = is_signed;
    tensor.scale.assign(static_cast<size_t>(shape.channels), 1.0f);
    network_.tensors.push_back(tensor);
    return static_cast<int>(network_.tensors.size()) - 1;
  }

  Layer make(LayerKind kind, int input, int64_t kh, int64_t kw, int64_t stride_h, int64_t stride_w,
             int64_t pad_h, int64_t pad_w) const {
    Layer layer;
    layer.name = "layer" + std::to_string(network_.layers.size());
    layer.kind = kind;
    layer.input = input;
    layer.window = {kh, kw, stride_h, stride_w, pad_h, pad_w, pad_h, pad_w};
    return layer;
  }

  int finish(Layer layer, int64_t channels) {
    const Shape in = shape(layer.input);
    graph::Window& w = layer.window;
    const Shape out{channels, (in.height + w.pad_top + w.pad_bottom - w.kernel_h) / w.stride_h + 1,
                    (in.width + w.pad_left + w.pad_right - w.kernel_w) / w.stride_w + 1};
    const int64_t taps = w.kernel_h * w.kernel_w;
    int64_t terms = taps;
    if (layer.kind == LayerKind::kDense) terms *= in.channels;
    const bool has_weights = layer.kind == LayerKind::kDense || layer.kind == LayerKind::kDepthwise;
    if (has_weights) {
      layer.number_system = network_.number_system;
      for (int16_t& operand : layer.table) {
        operand = static_cast<int16_t>(static_cast<int>(random_() % 4096) - 2048);
      }
      layer.codes.resize(static_cast<size_t>(terms * channels));
      for (uint8_t& code : layer.codes) code = static_cast<uint8_t>(random_() & 0xff);
      layer.macs = static_cast<uint64_t>(terms * out.elements());
    }
    quantise::Region whole{0, 0, out.height, out.width, {}};
    const double reach = has_weights ? 1.2e5 * std::sqrt(static_cast<double>(terms))
                         : layer.kind == LayerKind::kSum ? 100.0 * static_cast<double>(taps)
                                                         : 100.0;
    for (int64_t c = 0; c < channels; ++c) {
      quantise::ChannelPost post;
      post.m = 60000 + static_cast<int32_t>(random_() % 70000);
      post.shift = static_cast<int32_t>(std::lround(std::log2(reach * post.m / 100)));
      post.bias = static_cast<int32_t>(random_() % 2000) - 1000;
      if (layer.has_residual) post.mr = 1 << std::min(16, post.shift);
      post.lo = 0;
      post.hi = 255;
      whole.post.push_back(post);
    }
    layer.regions.push_back(std::move(whole));
    layer.output = add_tensor(out, false);
    network_.layers.push_back(std::move(layer));
    return network_.layers.back().output;
  }

  Network network_;
  std::mt19937_64 random_{1};
};

}  // namespace

Network resnet20() {
  Builder b("resnet20", {3, 32, 32});
  int x = b.conv(b.input(), 16, 3, 1);
  for (int64_t channels = 16; channels <= 64; channels *= 2) {
    for (int i = 0; i < 3; ++i) {
      const int64_t stride = channels > 16 && i == 0 ? 2 : 1;
      const int y = b.conv(x, channels, 3, stride);
      x = b.conv_add(y, channels, 3, 1, x, stride, (channels - b.shape(x).channels) / 2);
    }
  }
  return b.done(b.linear(b.average(x), 10));
}

Network resnet8() {
  Builder b("resnet8", {3, 32, 32});
  int x = b.conv(b.input(), 16, 3, 1);
  for (int64_t channels = 16; channels <= 64; channels *= 2) {
    const int64_t stride = channels > 16 ? 2 : 1;
    const int y = b.conv(x, channels, 3, stride);
    if (stride == 1) {
      x = b.conv_add(y, channels, 3, 1, x, 1, 0);
    } else {
      const int main = b.conv(y, channels, 3, 1);
      x = b.conv_add(x, channels, 1, 2, main, 1, 0);
    }
  }
  return b.done(b.linear(b.average(x), 10));
}

Network dscnn() {
  Builder b("dscnn", {1, 49, 10});
  int x = b.dense(b.input(), 64, 10, 4, 2, 5, 1);
  for (int i = 0; i < 4; ++i) x = b.conv(b.depthwise(x, 1), 64, 1, 1);
  return b.done(b.linear(b.average(x), 12));
}

Network mobilenet() {
  Builder b("mobilenet", {3, 96, 96});
  int x = b.conv(b.input(), 8, 3, 2);
  const int64_t channels[] = {16, 32, 32, 64, 64, 128, 128, 128, 128, 128, 128, 256, 256};
  const int64_t strides[] = {1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1};
  for (size_t i = 0; i < 13; ++i) x = b.conv(b.depthwise(x, strides[i]), channels[i], 1, 1);
  return b.done(b.linear(b.average(x), 2));
}

Network autoencoder() {
  Builder b("autoencoder", {640, 1, 1});
  int x = b.input();
  for (const int64_t n : {128, 128, 128, 128, 8, 128, 128, 128, 128, 640}) x = b.linear(x, n);
  return b.done(x);
}

Network m5(int64_t channels, int64_t samples, int64_t leads) {
  Builder b("m5", {leads, 1, samples});
  int x = b.maximum(b.dense(b.input(), channels, 1, 80, 4, 0, 0), 4);
  for (const int64_t times : {1, 2, 4}) {
    x = b.maximum(b.dense(x, times * channels, 1, 3, 1, 0, 1), 4);
  }
  return b.done(b.linear(b.average(x), 10));
}

const std::vector<KnownNetwork>& known_networks() {
  static const std::vector<KnownNetwork> networks{{"resnet20", resnet20, 160000},
                                                  {"resnet8", resnet8, 50200},
                                                  {"dscnn", dscnn, 12400},
                                                  {"mobilenet", mobilenet, 39200},
                                                  {"autoencoder", autoencoder, 4800}};
  return networks;
}

}  // namespace keyway::test
