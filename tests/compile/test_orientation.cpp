// SPDX-License-Identifier: Apache-2.0
// Long axes lie along rows, and nothing else moves.
#include <catch2/catch.hpp>

#include "compile/compile.hpp"
#include "compile/orientation.hpp"
#include "compile/transpose.hpp"
#include "known_networks.hpp"
#include "random_network.hpp"

using namespace keyway;
using quantise::Layer;
using quantise::LayerKind;
using quantise::Network;

namespace {

/// A convolution of five taps along the width, an average over all of it.
Network signal(int64_t length, int64_t height = 1) {
  Network network;
  const auto add_tensor = [&](const Shape& shape) {
    quantise::Tensor tensor;
    tensor.name = "t" + std::to_string(network.tensors.size());
    tensor.shape = shape;
    tensor.scale.assign(static_cast<size_t>(shape.channels), 1.0F);
    network.tensors.push_back(tensor);
  };
  const auto add_layer = [&](LayerKind kind, const graph::Window& window, const Shape& out) {
    Layer layer;
    layer.name = "layer" + std::to_string(network.layers.size());
    layer.kind = kind;
    layer.input = static_cast<int>(network.layers.size());
    layer.output = layer.input + 1;
    layer.window = window;
    quantise::ChannelPost post;
    post.m = 1;
    post.shift = 8;
    layer.regions.push_back(
        {0, 0, out.height, out.width,
         std::vector<quantise::ChannelPost>(static_cast<size_t>(out.channels), post)});
    if (kind == LayerKind::kDense) {
      const int64_t inputs = network.tensors.back().shape.channels;
      layer.codes.assign(static_cast<size_t>(out.channels * inputs * window.kernel_w), 1);
    }
    network.layers.push_back(layer);
    add_tensor(out);
  };
  add_tensor({1, height, length});
  add_layer(LayerKind::kDense, {1, 5, 1, 1, 0, 2, 0, 2}, {16, height, length});
  add_layer(LayerKind::kSum, {height, length, 1, 1, 0, 0, 0, 0}, {16, 1, 1});
  network.input = 0;
  network.output = 2;
  network.input_layout = {{1, height, length}, height * length, length, 1};
  network.output_layout = {{16}, 1, 1, 1};
  network.input_scale = network.input_offset = {1.0F};
  return network;
}

Shape input_shape(const Network& network) {
  return network.tensors[static_cast<size_t>(network.input)].shape;
}

}  // namespace

TEST_CASE("a signal lies along the rows, whichever axis it came on", "[compile]") {
  for (const char* name : {"8x8", "16x16", "32x32"}) {
    const program::CoreConfig core = program::core_from_name(name);
    INFO("core " << name);
    const Network network = signal(1000);
    CHECK(input_shape(compile::oriented(network, core)) == Shape{1, 1000, 1});
    CHECK(input_shape(compile::oriented(compile::transposed(network), core)) == Shape{1, 1000, 1});
    const program::Program across = compile::compile(network, core);
    const program::Program along = compile::compile(compile::transposed(network), core);
    CHECK(across.program_image == along.program_image);
    CHECK(across.weight_image == along.weight_image);
    CHECK(across.input.shape == Shape{1, 1000, 1});
    CHECK(across.input.layout.stride_h == 1);
  }
}

TEST_CASE("a signal too long to lie across lies along", "[compile]") {
  const program::CoreConfig core = program::core_from_name("16x16");
  const program::Program program = compile::compile(signal(6000), core);
  // 6,000 samples of a word at both ends of the first layer.
  CHECK(program.activation_peak_bytes >= 2 * 6000 * 16);
  CHECK(program.activation_peak_bytes <= 2 * 6100 * 16);
}

TEST_CASE("images stay as they are", "[compile]") {
  for (const char* name : {"8x8", "16x16", "32x32"}) {
    const program::CoreConfig core = program::core_from_name(name);
    for (const test::KnownNetwork& known : test::known_networks()) {
      INFO(known.name << ", core " << name);
      const Network network = known.make();
      CHECK(input_shape(compile::oriented(network, core)) == input_shape(network));
    }
    for (const int64_t side : {4, 8, 12}) {
      const Network network = signal(4 * side, side);
      INFO(side << " x " << 4 * side << ", core " << name);
      CHECK(input_shape(compile::oriented(network, core)) == input_shape(network));
    }
  }
}
