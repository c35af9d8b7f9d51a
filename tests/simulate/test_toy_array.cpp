// SPDX-License-Identifier: Apache-2.0
// Kinds of arrays that take several cycles for a step, and run number systems of their own only,
// added as every kind is: the cost model, the program simulator and the names of cores follow.
#include <algorithm>
#include <catch2/catch.hpp>
#include <tuple>
#include <utility>
#include <variant>

#include "arith/int8.hpp"
#include "check.hpp"
#include "common/error.hpp"
#include "compile/compile.hpp"
#include "graphs.hpp"
#include "program/array_kind.hpp"
#include "program/instructions.hpp"
#include "quantise/quantise.hpp"
#include "random_network.hpp"
#include "simulate/decoded.hpp"
#include "systems_on.hpp"

using namespace keyway;

namespace {

constexpr auto kSlow = static_cast<contract::ArrayKind>(7);
constexpr auto kHalf = static_cast<contract::ArrayKind>(9);
constexpr auto kSlow8 = static_cast<arith::NumberSystem>(30);

uint32_t bit(contract::ArrayKind kind) { return 1U << static_cast<unsigned>(kind); }

/// Once for this program: the kinds, and int8 under another name for them.
void add_toys() {
  static const bool added = [] {
    program::add_array_kind({kSlow, "slow", "slow", 8});
    program::add_array_kind({kHalf, "half", "half", 2});
    arith::add_number_system({{kSlow8, "slow8", false, false, bit(kSlow) | bit(kHalf)},
                              arith::int8::operand,
                              arith::int8::exact_value,
                              arith::int8::unit,
                              arith::int8::fields,
                              arith::int8::encode,
                              nullptr});
    return true;
  }();
  (void)added;
}

/// Steps of the array and fetches of tiles, from the loops of contract.toml; a tile of k digits has
/// k passes where the kind takes one a pass.
uint64_t cycles_of(const program::Program& program, uint64_t step_cycles) {
  const program::CoreConfig& core = program.core;
  const uint64_t tile_words = core.depth / 4;
  uint64_t cycles = 0;
  program::LayerInstruction l;
  for (size_t at = 0; at < program.instructions; ++at) {
    const auto instruction =
        program::decode(&program.program_image[at * contract::kInstructionBytes], at);
    if (const auto* layer = std::get_if<program::LayerInstruction>(&instruction)) l = *layer;
    const auto* m = std::get_if<program::MultiplyInstruction>(&instruction);
    if (m == nullptr) continue;
    const bool dense = l.mode == static_cast<int64_t>(program::Mode::kDense);
    const bool tiles = l.ones == 0 && l.mode != static_cast<int64_t>(program::Mode::kMaximum);
    const int64_t words = core.read_words(), most = core.max_columns();
    const int64_t by_ky = dense ? (l.pair_rows != 0 ? words : 1) : 3;
    const int64_t by_kx = dense ? 1 : most, blocks = dense ? l.blocks : 1;
    uint64_t tile = 0;
    for (int64_t ky = 0; ky < l.kernel_h; ky += by_ky) {
      for (int64_t kx = 0; kx < l.kernel_w; kx += by_kx) {
        for (int64_t b = 0; b < blocks; b += l.pair_rows != 0 ? 1 : words) {
          const int64_t columns =
              dense ? m->width : (m->width - 1) * l.stride_x + std::min(most, l.kernel_w - kx);
          const auto steps = static_cast<uint64_t>(m->height * columns);
          const uint64_t entry = tile++ / (static_cast<uint64_t>(m->schedule_run) + 1) % 24;
          const uint64_t digits = core.digit_passes() && tiles
                                      ? 1 + (static_cast<uint64_t>(m->schedule) >> 2 * entry & 3)
                                      : 1;
          cycles += digits * std::max(steps * step_cycles, tiles ? tile_words : 0);
        }
      }
    }
  }
  return cycles;
}

quantise::Options options_for(const program::CoreConfig& core) {
  quantise::Options options;
  options.array_kind = core.array_kind;
  return options;
}

uint64_t planned_cycles(const program::Program& program) {
  uint64_t cycles = 0;
  for (const program::LayerInfo& layer : program.layers) cycles += layer.ideal_cycles;
  return cycles;
}

}  // namespace

TEST_CASE("a toy kind is found by its suffix, and only once") {
  add_toys();
  const program::CoreConfig core = program::core_from_name("16x16-slow-small");
  CHECK(core.array_kind == kSlow);
  CHECK(core.step_cycles() == 8);
  CHECK(core.name() == "16x16-slow-small");
  CHECK(program::core_from_name("16x16-small").step_cycles() == 1);
  CHECK_FALSE(core.runs(program::core_from_name("16x16-small")));
  CHECK_THROWS_AS(program::add_array_kind({kSlow, "other", "other", 1}), Error);
  CHECK_THROWS_AS(program::add_array_kind({contract::ArrayKind(8), "other", "slow", 1}), Error);
  program::CoreConfig unknown;
  unknown.array_kind = contract::ArrayKind(200);
  CHECK_THROWS_WITH(unknown.step_cycles(), Catch::Contains("16x16-kind200"));
}

TEST_CASE("number systems of another kind of array are refused, by name") {
  add_toys();
  const auto slow = program::core_from_name("8x8-slow"), plain = program::core_from_name("8x8");
  for (const auto& [made_for, core] : {std::pair{plain, slow}, std::pair{slow, plain}}) {
    // One whose first layer has weights.
    uint64_t seed = 1;
    quantise::Network network = test::random_network(seed, {made_for.array_kind});
    while (network.layers[0].codes.empty()) {
      network = test::random_network(++seed, {made_for.array_kind});
    }
    INFO("seed " << seed << ", core " << core.array_name());
    CHECK_THROWS_WITH(compile::compile(network, core),
                      Catch::Contains(arith::info(network.number_system).name) &&
                          Catch::Contains("do not run on a core " + core.array_name() + ","));
    const program::Program program = compile::compile(network, made_for);
    CHECK_THROWS_WITH(
        simulate::decode_program(core, program.program_image, program.weight_image.size()),
        Catch::Contains("a number system that this array does not have"));
  }
}

TEST_CASE("random networks take the cycles of their steps, and compute the same") {
  add_toys();
  for (const char* name : {"8x8-slow", "16x16-slow", "32x32-slow", "16x16-half", "32x32-half"}) {
    const program::CoreConfig core = program::core_from_name(name);
    REQUIRE(test::systems_on(core.array_kind).size() == 1);
    for (uint64_t seed = 0; seed < 60; ++seed) {
      INFO("core " << name << ", seed " << seed);
      const quantise::Network network = test::random_network(seed, {core.array_kind});
      CHECK(network.number_system == kSlow8);
      const program::Program program = test::check_network(network, core, seed);
      CHECK(planned_cycles(program) == cycles_of(program, core.array_kind == kSlow ? 8 : 2));
    }
  }
}

TEST_CASE("random networks take the passes of their digits, and compute the same") {
  for (const char* name : {"8x8-serial", "16x16-serial", "32x32-serial"}) {
    const program::CoreConfig core = program::core_from_name(name);
    REQUIRE(core.digit_passes());
    for (uint64_t seed = 0; seed < 60; ++seed) {
      INFO("core " << name << ", seed " << seed);
      const quantise::Network network = test::random_network(seed, {core.array_kind});
      const program::Program program = test::check_network(network, core, seed);
      CHECK(planned_cycles(program) == cycles_of(program, 1));
      CHECK(simulate::decode_program(core, program.program_image, program.weight_image.size())
                .cycles == planned_cycles(program));
    }
  }
}

TEST_CASE("a slow array hides the fetch of a tile behind fewer steps") {
  add_toys();
  test::GraphBuilder b(1);
  const graph::Graph graph = b.finish(b.dense(b.input({64, 1, 1}), 64));
  const auto inputs = test::random_inputs(graph, 4, 1);
  // Passes of one step: 4 x 4 tiles of four words.
  for (const auto& [name, cycles] : {std::pair{"16x16-half", 4U}, std::pair{"16x16-slow", 8U}}) {
    const program::CoreConfig core = program::core_from_name(name);
    const quantise::Network network =
        quantise::quantise(graph, inputs.data(), 4, kSlow8, options_for(core));
    CHECK(planned_cycles(compile::compile(network, core)) == 16 * cycles);
  }
}

TEST_CASE("layers that move channels are in a system that the array runs") {
  add_toys();
  test::GraphBuilder b(1);
  const int x = b.input({4, 8, 8});
  const int shortcut = b.shortcut(x, 2, 8, 2);
  const int sum = b.add(shortcut, b.conv(x, 8, test::window(3, 2, 1)));
  const graph::Graph graph =
      b.finish(b.add(b.max_pool(shortcut, test::window(1, 1, 0)), sum));  // so it is made
  const auto inputs = test::random_inputs(graph, 4, 1);
  for (const auto& [name, system, selecting] :
       {std::tuple{"16x16-slow", kSlow8, kSlow8},
        std::tuple{"16x16", arith::NumberSystem::kQf8, arith::NumberSystem::kInt8}}) {
    INFO(name);
    const program::CoreConfig core = program::core_from_name(name);
    const quantise::Network network =
        quantise::quantise(graph, inputs.data(), 4, system, options_for(core));
    const quantise::Layer& layer = network.layers.front();
    REQUIRE(layer.codes.size() == 8 * 4);
    CHECK(layer.number_system == selecting);
    // Each output is one input or none.
    for (size_t o = 0; o < 8; ++o) {
      const auto* codes = &layer.codes[o * 4];
      CHECK(std::count(codes, codes + 4, 0) == (o >= 2 && o < 6 ? 3 : 4));
    }
    test::check_network(network, core, 1);
  }
}
