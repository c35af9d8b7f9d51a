// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <numeric>
#include <set>

#include "compile/channels.hpp"
#include "known_networks.hpp"
#include "random_network.hpp"

using namespace keyway;
using namespace keyway::compile;
using namespace keyway::program;
using quantise::Layer;
using quantise::LayerKind;

namespace {

/// What every assignment must hold, told from the network alone.
void check_assignment(const quantise::Network& network, const std::vector<Mapping>& mappings,
                      const CoreConfig& core) {
  REQUIRE(mappings.size() == network.tensors.size());
  for (size_t t = 0; t < mappings.size(); ++t) {
    const Mapping& mapping = mappings[t];
    REQUIRE(static_cast<int64_t>(mapping.position.size()) == network.tensors[t].shape.channels);
    const std::set<uint32_t> distinct(mapping.position.begin(), mapping.position.end());
    REQUIRE(distinct.size() == mapping.position.size());
    REQUIRE(*distinct.rbegin() / core.word_channels() + 1 == mapping.words);
    // No mapping takes more blocks than it must.
    REQUIRE(mapping.blocks(core) == (mapping.position.size() + core.lanes - 1) / core.lanes);
  }
  for (const Layer& layer : network.layers) {
    const Mapping& output = mappings[static_cast<size_t>(layer.output)];
    if (layer.kind != LayerKind::kDense) {
      REQUIRE(output.position == mappings[static_cast<size_t>(layer.input)].position);
    }
    if (!layer.has_residual) continue;
    const Mapping& source = mappings[static_cast<size_t>(layer.residual.tensor)];
    const std::vector<int32_t> blocks = residual_blocks(layer, source, output, core);
    for (size_t c = 0; c < output.position.size(); ++c) {
      const int64_t from = layer.residual.channel[c];
      if (from < 0) continue;
      const uint32_t lane = output.position[c] % core.lanes;
      REQUIRE(source.position[static_cast<size_t>(from)] ==
              static_cast<uint32_t>(blocks[output.position[c] / core.lanes]) * core.lanes + lane);
    }
  }
}

}  // namespace

TEST_CASE("every channel has its place", "[channels]") {
  for (const char* name : {"8x8", "16x16", "32x32"}) {
    const CoreConfig core = core_from_name(name);
    for (uint64_t seed = 0; seed < 300; ++seed) {
      INFO("core " << name << ", seed " << seed);
      quantise::Network network = test::random_network(seed, {core.array_kind});
      check_assignment(network, assign_channels(network, core), core);
    }
  }
}

TEST_CASE("padded shortcuts of ResNet-20 cost no layer", "[channels]") {
  for (const char* name : {"8x8", "16x16", "32x32"}) {
    const CoreConfig core = core_from_name(name);
    quantise::Network network = test::resnet20();
    const size_t layers = network.layers.size();
    const std::vector<Mapping> mappings = assign_channels(network, core);
    CHECK(network.layers.size() == layers);
    check_assignment(network, mappings, core);
  }
}

TEST_CASE("a shortcut that fits nowhere becomes a layer", "[channels]") {
  // Channels of the residual are reversed, and the output must keep its input's order.
  const CoreConfig core = core_from_name("16x16");
  quantise::Network network;
  network.number_system = arith::NumberSystem::kQf8;
  for (int i = 0; i < 2; ++i) {
    quantise::Tensor tensor;
    tensor.shape = {20, 3, 3};
    network.tensors.push_back(tensor);
  }
  Layer layer;
  layer.name = "add";
  layer.kind = LayerKind::kSum;
  layer.input = 0;
  layer.output = 1;
  layer.has_residual = true;
  layer.residual.tensor = 0;
  layer.residual.channel.resize(20);
  std::iota(layer.residual.channel.rbegin(), layer.residual.channel.rend(), 0);
  quantise::Region whole{0, 0, 3, 3, std::vector<quantise::ChannelPost>(20)};
  layer.regions.push_back(whole);
  network.layers.push_back(layer);
  network.input = 0;
  network.output = 1;

  const std::vector<Mapping> mappings = assign_channels(network, core);
  REQUIRE(network.layers.size() == 2);
  CHECK(network.layers[0].name == "add.shortcut");
  CHECK(network.layers[0].kind == LayerKind::kDense);
  CHECK(is_plain(network, network.layers[1]));
  check_assignment(network, mappings, core);
  // Its operands are the permutation: one in the reversed place, zero elsewhere.
  const Layer& copy = network.layers[0];
  const arith::Operands operands = operands_of(network, copy);
  std::set<uint8_t> codes;
  for (size_t o = 0; o < 20; ++o) {
    for (size_t i = 0; i < 20; ++i) {
      const uint8_t code = copy.codes[o * 20 + i];
      codes.insert(code);
      REQUIRE(operands[code] == (i == 19 - o ? 1 : 0));
    }
  }
  CHECK(codes.size() > 200);  // of 256: the codes are spread
}
