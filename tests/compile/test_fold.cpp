// SPDX-License-Identifier: Apache-2.0
// Windows that no kernel holds are folded, and what is computed stays as it was.
#include <algorithm>
#include <catch2/catch.hpp>

#include "common/error.hpp"
#include "compile/channels.hpp"
#include "compile/fold.hpp"
#include "quantise/reference.hpp"
#include "random_network.hpp"

using namespace keyway;
using quantise::Layer;
using quantise::LayerKind;
using quantise::Network;

namespace {

const program::CoreConfig kCore = program::core_from_name("16x16");

void fold(Network& network, const program::CoreConfig& core = kCore) {
  std::vector<compile::Mapping> mappings = compile::assign_channels(network, core);
  compile::fold_windows(network, mappings, core);
  CHECK(mappings.size() == network.tensors.size());
}

bool has_large_window(const Network& network) {
  return std::any_of(network.layers.begin(), network.layers.end(), [](const Layer& layer) {
    return layer.window.kernel_h > 255 || layer.window.kernel_w > 255;
  });
}

/// Sums over `kernel` rows of a tensor of `height`, behind a layer that copies the input.
Network pooled(int64_t height, int64_t kernel, int64_t stride, int64_t width = 1) {
  Network network;
  const auto add_layer = [&](const graph::Window& window, Shape out) {
    Layer layer;
    layer.name = "pool" + std::to_string(network.layers.size());
    layer.kind = LayerKind::kSum;
    layer.input = static_cast<int>(network.layers.size());
    layer.output = layer.input + 1;
    layer.window = window;
    quantise::ChannelPost post;
    post.m = 1;
    post.shift = 8;
    layer.regions.push_back({0, 0, out.height, out.width, {3, post}});
    network.layers.push_back(layer);
    network.tensors.emplace_back().shape = out;
  };
  network.tensors.emplace_back().shape = {3, height, width};
  add_layer({1, 1, 1, 1, 0, 0, 0, 0}, network.tensors[0].shape);
  add_layer({kernel, width, stride, 1, 0, 0, 0, 0}, {3, (height - kernel) / stride + 1, 1});
  network.input = 0;
  network.output = 2;
  return network;
}

}  // namespace

TEST_CASE("folded networks compute what they did", "[compile]") {
  test::RandomNetworkOptions options;
  options.most_length = 700;
  options.most_channels = 20;
  int large = 0;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    const Network network = test::random_network(seed, options);
    if (!has_large_window(network)) continue;
    INFO("seed " << seed);
    ++large;
    Network changed = network;
    fold(changed);
    CHECK_FALSE(has_large_window(changed));
    std::mt19937_64 random(seed);
    const Shape& in = network.tensors[static_cast<size_t>(network.input)].shape;
    const auto input = test::random_bytes(random, static_cast<size_t>(in.elements()));
    const auto output = static_cast<size_t>(network.output);
    CHECK(quantise::Reference(changed).run(input)[output] ==
          quantise::Reference(network).run(input)[output]);
  }
  CHECK(large > 50);
}

TEST_CASE("what makes a whole window writes it folded", "[compile]") {
  for (const int64_t height : {256, 257, 4997}) {
    Network network = pooled(height, height, 1);
    fold(network);
    REQUIRE(network.layers.size() == 2);
    const Shape& shape = network.tensors[1].shape;
    CHECK(shape.pixels() >= height);
    CHECK(shape.pixels() < height + shape.width);
    CHECK(network.layers[1].window.kernel_h == shape.height);
    CHECK(network.layers[1].window.kernel_w == shape.width);
  }
}

TEST_CASE("windows that others read as well, or that are several, are copied", "[compile]") {
  Network several = pooled(900, 300, 300);
  fold(several);
  REQUIRE(several.layers.size() == 3);
  CHECK(several.layers[1].name == "pool1.windows");
  CHECK(several.layers[2].window.stride_h == several.layers[2].window.kernel_h);
  Network shared = pooled(300, 300, 1);
  shared.layers.push_back(shared.layers[0]);
  shared.layers.back().input = 1;
  shared.layers.back().output = 3;
  shared.tensors.push_back(shared.tensors[1]);
  shared.output = 3;
  fold(shared);
  CHECK(shared.layers.size() == 4);
}

TEST_CASE("windows that overlap share the rows of their parts", "[compile]") {
  for (const int64_t stride : {1, 7, 100}) {
    const Network network = pooled(4000, 300, stride);
    Network changed = network;
    fold(changed);
    REQUIRE(changed.layers.size() == 3);
    const graph::Window& w = changed.layers[2].window;
    CHECK(w.stride_h == stride);
    CHECK(w.kernel_h * w.kernel_w == 300);
    CHECK(changed.tensors.back().shape.elements() < 3 * w.kernel_w * 4000);
    std::mt19937_64 random(static_cast<uint64_t>(stride));
    const auto input = test::random_bytes(random, 3 * 4000);
    CHECK(quantise::Reference(changed).run(input)[2] == quantise::Reference(network).run(input)[2]);
  }
}

TEST_CASE("windows that cannot be laid out are refused with their numbers", "[compile]") {
  Network wide = pooled(300, 300, 1, 200);
  CHECK_THROWS_WITH(fold(wide),
                    "layer 'pool1': a window of 300 x 200 positions; the core's kernels hold "
                    "255 x 255");
  Network many = pooled(4000, 307, 1);  // a prime: parts of a window have no equal rows
  CHECK_THROWS_WITH(
      fold(many),
      Catch::StartsWith(
          "activation memory: layer 'pool1' has windows of 307 x 1 positions, more "
          "than the 255 x 255 of a kernel; copied one by one they need at least 3424338 "
          "bytes, the core has 262144"));
}
