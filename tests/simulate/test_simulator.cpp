// SPDX-License-Identifier: Apache-2.0
// Compiler and simulator against the quantiser's reference executor, and the simulator on its own.
#include <catch2/catch.hpp>
#include <string>
#include <thread>

#include "check.hpp"
#include "common/error.hpp"
#include "compile/compile.hpp"
#include "known_networks.hpp"
#include "program/listing.hpp"
#include "random_network.hpp"
#include "simulate/hazards.hpp"
#include "simulate/kernels.hpp"
#include "simulate/simulator.hpp"

using namespace keyway;

namespace {

void check_seeds(const std::string& core_name, uint64_t first, uint64_t last) {
  const program::CoreConfig core = program::core_from_name(core_name);
  for (uint64_t seed = first; seed < last; ++seed) {
    INFO("core " << core_name << ", seed " << seed);
    test::check_network(test::random_network(seed, {core.array_kind}), core, seed);
  }
}

/// Checks the network in a memory that holds it, in half of it and so on, down to the first that is
/// too small: so the last one checked is less than twice what the network takes. How many of the
/// programs stream their weights.
int check_in_halves(const quantise::Network& network, program::CoreConfig core,
                    uint32_t program::CoreConfig::*memory, uint64_t seed) {
  int checked = 0, streamed = 0;
  try {
    for (;; core.*memory /= 2, ++checked) {
      if (!test::check_network(network, core, seed).resident) ++streamed;
    }
  } catch (const Error& error) {
    REQUIRE(error.kind() == ErrorKind::kFit);
  }
  REQUIRE(checked > 0);
  return streamed;
}

}  // namespace

TEST_CASE("random networks equal the reference on 16x16", "[simulator]") {
  check_seeds("16x16", 0, 500);
}
TEST_CASE("random networks equal the reference on 8x8", "[simulator]") {
  check_seeds("8x8", 1000, 1400);
}
TEST_CASE("random networks equal the reference on 32x32", "[simulator]") {
  check_seeds("32x32", 2000, 2500);
}

TEST_CASE("wide, deep and large networks equal the reference", "[simulator]") {
  test::RandomNetworkOptions options;
  options.most_side = 70;
  options.most_channels = 90;
  options.most_layers = 4;
  for (const char* name : {"8x8", "16x16", "32x32"}) {
    program::CoreConfig core = program::core_from_name(name);
    core.activation_bytes = 4 << 20;
    core.weight_bytes = 2 << 20;
    options.array_kind = core.array_kind;
    for (uint64_t seed = 3000; seed < 3012; ++seed) {
      INFO("core " << name << ", seed " << seed);
      test::check_network(test::random_network(seed, options), core, seed);
    }
  }
}

TEST_CASE("rows wider than a group are cut", "[simulator]") {
  for (const int64_t width : {513, 1100}) {
    quantise::Network network = test::random_network(12);
    // One layer of the random network, widened: a sum over 1 x 3 with all its lanes.
    network.layers.resize(1);
    quantise::Layer& layer = network.layers[0];
    layer.kind = quantise::LayerKind::kSum;
    layer.codes.clear();
    layer.has_residual = false;
    layer.input = network.input;
    layer.window = {1, 3, 1, 1, 0, 1, 0, 1};
    network.output = layer.output;
    auto& in = network.tensors[static_cast<size_t>(network.input)];
    auto& out = network.tensors[static_cast<size_t>(network.output)];
    in.shape = {5, 2, width};
    out.shape = in.shape;
    layer.regions.resize(1);
    layer.regions[0] = {0, 0, 2, width, std::vector<quantise::ChannelPost>(5)};
    for (auto& post : layer.regions[0].post) {
      post.m = 3;
      post.shift = 4;
      post.lo = out.is_signed ? -128 : 0;
      post.hi = out.is_signed ? 127 : 255;
    }
    network.input_layout = network.output_layout = {{5, 2, width}, 2 * width, width, 1};
    in.scale.assign(5, 1.0f);
    out.scale.assign(5, 1.0f);
    network.input_scale.assign(5, 1.0f);
    network.input_offset.assign(5, 0.0f);
    const program::Program program =
        test::check_network(network, program::core_from_name("16x16"), 1, 2);
    CHECK(program.instructions > 6);
  }
}

TEST_CASE("memory that is only just enough is enough", "[simulator]") {
  // The compiler packs tensors into as little as they take; reuse must not disturb the result.
  const program::CoreConfig core = program::core_from_name("16x16");
  for (uint64_t seed = 0; seed < 120; ++seed) {
    INFO("seed " << seed);
    const quantise::Network network = test::random_network(seed, {core.array_kind});
    check_in_halves(network, core, &program::CoreConfig::activation_bytes, seed);
  }
}

TEST_CASE("weights stream through a small memory", "[simulator]") {
  for (const char* name : {"8x8", "16x16", "32x32"}) {
    const program::CoreConfig core = program::core_from_name(name);
    int streamed = 0;
    for (uint64_t seed = 0; streamed < 20; ++seed) {
      INFO("core " << name << ", seed " << seed << ", streamed " << streamed);
      REQUIRE(seed < 1000);
      const quantise::Network network = test::random_network(seed, {core.array_kind});
      streamed += check_in_halves(network, core, &program::CoreConfig::weight_bytes, seed);
    }
  }
}

TEST_CASE("known networks equal the reference", "[simulator]") {
  for (const char* name : {"8x8", "16x16", "32x32"}) {
    for (const test::KnownNetwork& known : test::known_networks()) {
      INFO("core " << name << ", " << known.name);
      test::check_network(known.make(), program::core_from_name(name), 5);
    }
  }
}

TEST_CASE("a large network streams its weights", "[simulator]") {
  program::CoreConfig core = program::core_from_name("16x16");
  core.weight_bytes = 96 * 1024;
  const program::Program program = test::check_network(test::resnet20(), core, 5);
  CHECK_FALSE(program.resident);
  const std::string text = program::list(program.program_image, program.layers);
  CHECK_THAT(text, Catch::Contains("LOAD_WEIGHTS") && !Catch::Contains("resident=1"));
}

TEST_CASE("all kernels and all threads give the same bytes", "[simulator]") {
  for (const char* name : {"8x8", "16x16", "32x32"}) {
    INFO("core " << name);
    const program::Program program =
        compile::compile(test::resnet8(), program::core_from_name(name));
    std::mt19937_64 random(9);
    // Wrong codes, as a wrong device deciphers them: sums may wrap.
    const std::vector<uint8_t> weights = test::random_bytes(random, program.weight_image.size());
    const simulate::ProgramSimulator fast(program.core, program.program_image, weights);
    const simulate::ProgramSimulator plain(program.core, program.program_image, weights,
                                           &simulate::portable_kernels());
    std::vector<std::vector<uint8_t>> inputs(4);
    for (auto& input : inputs) input = test::random_bytes(random, fast.input_bytes());
    std::vector<std::vector<uint8_t>> results(inputs.size());
    std::vector<std::thread> threads;
    for (size_t i = 0; i < inputs.size(); ++i) {
      threads.emplace_back([&, i] { results[i] = fast.run(inputs[i]); });
    }
    for (std::thread& thread : threads) thread.join();
    simulate::ProgramSimulator::Workspace workspace;
    for (size_t i = 0; i < inputs.size(); ++i) {
      CHECK(results[i] == plain.run(inputs[i]));
      CHECK(results[i] == fast.run(inputs[i], workspace));  // a used workspace leaves no trace
    }
  }
}
