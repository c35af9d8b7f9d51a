// SPDX-License-Identifier: Apache-2.0
// What is refused by shapes alone is what the compiler refuses once all values are known.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <optional>
#include <string>

#include "common/error.hpp"
#include "compile/compile.hpp"
#include "graphs.hpp"
#include "program/contract.hpp"
#include "quantise/quantise.hpp"

using namespace keyway;

namespace {

/// The message with which `work` says that something does not fit; none if it does.
template <typename Work>
std::optional<std::string> misfit(Work work) {
  try {
    work();
    return std::nullopt;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kFit) throw;
    return error.what();
  }
}

/// Inputs on a grid away from zero, as of images: the host has to pad them (quantise/centre.hpp).
std::vector<float> pixels(const graph::Graph& graph, int64_t images, uint64_t seed) {
  std::vector<float> inputs = test::random_inputs(graph, images, seed);
  for (float& v : inputs) v = std::round(20 * v) / 20 + 5;
  return inputs;
}

/// Begins with a padded convolution.
graph::Graph padded_graph(uint64_t seed) {
  test::GraphBuilder b(seed);
  int x = b.input({b.random.integer(1, 5), b.random.integer(8, 30), b.random.integer(8, 30)});
  x = b.conv(x, b.random.integer(1, 40), test::window(3, b.random.integer(1, 2), 1), test::kRelu);
  return b.finish(b.add(x, b.conv(x, b.shape(x).channels, test::window(3, 1, 1))));
}

/// A signal along the columns, through windows of which some are longer than a kernel.
graph::Graph signal_graph(uint64_t seed) {
  test::GraphBuilder b(seed);
  const int64_t length = b.random.integer(100, 2000);
  int x = b.input({b.random.integer(1, 3), 1, length});
  const int64_t taps = b.random.integer(1, 80);
  graph::Window window;
  window.kernel_w = taps;
  window.stride_w = b.random.integer(1, 4);
  x = b.conv(x, b.random.integer(1, 40), window, test::kRelu);
  window.kernel_w = b.shape(x).width;
  window.stride_w = 1;
  return b.finish(b.conv(x, 3, window));
}

}  // namespace

TEST_CASE("shapes tell what does not fit, in the same words as the finished network", "[compile]") {
  constexpr int64_t kImages = 4;
  int fits = 0, activations = 0, weights = 0, undecided = 0, padded = 0;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    const bool pads = seed % 4 == 0;
    const graph::Graph graph = pads            ? padded_graph(seed)
                               : seed % 8 == 1 ? signal_graph(seed)
                                               : test::random_graph(seed);
    const auto inputs =
        pads ? pixels(graph, kImages, seed) : test::random_inputs(graph, kImages, seed);
    for (const arith::NumberSystemInfo& system : arith::number_systems()) {
      quantise::Network structure;
      quantise::Options options;
      options.check_structure = [&](const quantise::Network& early) { structure = early; };
      const quantise::Network network =
          quantise::quantise(graph, inputs.data(), kImages, system.system, options);
      padded += structure.input_pad_value.empty() ? 0 : 1;
      for (const char* name : {"8x8", "16x16", "32x32"}) {
        program::CoreConfig core = program::core_from_name(name);
        if (!system.runs_on(core.array_kind)) continue;
        for (const uint32_t share : {1, 64, 256}) {
          core.activation_bytes = 256 * 1024 / share;
          core.weight_bytes = share == 64 ? 8 * 1024 : 512 * 1024;
          INFO("graph " << seed << ", " << system.name << ", core " << name << " / " << share);
          const auto early = misfit([&] { compile::check_fit(structure, core); });
          const auto late = misfit([&] { compile::compile(network, core); });
          if (early) {
            CHECK(late.value_or("it fits") == *early);
            ++(early->find("activation") == 0 ? activations : weights);
          } else if (late) {  // by the bytes that values decide
            CHECK_THAT(*late, Catch::StartsWith("weight memory"));
            ++undecided;
          } else {
            ++fits;
          }
        }
      }
    }
  }
  // Each of these is seen often enough to mean something.
  CHECK(fits > 100);
  CHECK(activations > 100);
  CHECK(weights > 10);
  CHECK(undecided < weights);
  CHECK(padded > 5);
}

TEST_CASE("a refusal by shapes comes before the first calibration run", "[compile]") {
  test::GraphBuilder b(1);
  const int x = b.input({3, 64, 64});
  const graph::Graph graph = b.finish(b.conv(x, 64, test::window(3, 1, 1)));
  // Calibration would stop at these values.
  const std::vector<float> inputs(3 * 64 * 64, 3e38F);
  quantise::Options options;
  CHECK_THROWS_WITH(
      quantise::quantise(graph, inputs.data(), 1, arith::NumberSystem::kInt8, options),
      Catch::Contains("overflow"));
  program::CoreConfig core = program::core_from_name("16x16-tiny");
  options.check_structure = [&](const quantise::Network& structure) {
    compile::check_fit(structure, core);
  };
  CHECK_THROWS_WITH(
      quantise::quantise(graph, inputs.data(), 1, arith::NumberSystem::kInt8, options),
      Catch::StartsWith("activation memory: ") && Catch::EndsWith(" too many"));
}

TEST_CASE("the same where the host pads the input, and where signals are turned", "[compile]") {
  const program::CoreConfig core = program::core_from_name("16x16-tiny");
  for (const Shape& shape : {Shape{3, 64, 64}, Shape{1, 1, 9000}, Shape{1, 9000, 1}}) {
    test::GraphBuilder b(1);
    const int x = b.input(shape);
    graph::Window window = test::window(3, 1, 1);
    if (shape.height == 1) window.kernel_h = 1, window.pad_top = window.pad_bottom = 0;
    if (shape.width == 1) window.kernel_w = 1, window.pad_left = window.pad_right = 0;
    graph::Graph graph = b.finish(b.conv(b.conv(x, 64, window), 2, test::window(1, 1, 0)));
    for (float& w : graph.nodes[1].weights) w = 3e38F;  // the first run would stop at these
    std::vector<float> inputs = test::random_inputs(graph, 4, 3);
    for (float& v : inputs) v = 2 * std::clamp(v, -1.0F, 1.0F) + 1.5F;  // to one side
    bool padded = false;
    quantise::Options options;
    const auto quantised = [&] {
      quantise::quantise(graph, inputs.data(), 4, arith::NumberSystem::kInt8, options);
    };
    CHECK_THROWS_WITH(quantised(), Catch::Contains("overflow"));
    options.check_structure = [&](const quantise::Network& structure) {
      padded = !structure.input_pad_value.empty();
      compile::check_fit(structure, core);
    };
    CHECK_THROWS_WITH(quantised(), Catch::StartsWith("activation memory: ") &&
                                       Catch::Contains(" are padding") &&
                                       Catch::EndsWith(" too many"));
    CHECK(padded);
  }
}

TEST_CASE("no network is refused for bytes that values may save", "[compile]") {
  test::GraphBuilder b(2);
  int x = b.input({16, 4, 4});
  for (int i = 0; i < 12; ++i) x = b.conv(x, 16, test::window(1, 1, 0));
  const graph::Graph graph = b.finish(x);
  const auto inputs = test::random_inputs(graph, 2, 3);
  quantise::Network structure;
  quantise::Options options;
  options.check_structure = [&](const quantise::Network& early) { structure = early; };
  quantise::Network network =
      quantise::quantise(graph, inputs.data(), 2, arith::NumberSystem::kQf8, options);
  const auto least_memory = [](const auto& fits) {
    program::CoreConfig core = program::core_from_name("16x16");
    core.weight_bytes = 0;
    while (misfit([&] { fits(core); })) core.weight_bytes += core.weight_word_bytes();
    return core.weight_bytes;
  };
  const auto compiles = [&](const program::CoreConfig& core) { compile::compile(network, core); };
  const uint32_t own_tables = least_memory(compiles);
  for (quantise::Layer& layer : network.layers) layer.table = network.layers[0].table;
  const uint32_t one_table = least_memory(compiles);
  const uint32_t by_shapes =
      least_memory([&](const program::CoreConfig& core) { compile::check_fit(structure, core); });
  CHECK(one_table < own_tables);
  CHECK(by_shapes <= one_table);
  CHECK(by_shapes + contract::kPayloadBytes >= one_table);
}
