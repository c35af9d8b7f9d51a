// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <map>
#include <regex>
#include <set>

#include "common/error.hpp"
#include "compile/activations.hpp"
#include "compile/channels.hpp"
#include "compile/compile.hpp"
#include "known_networks.hpp"
#include "random_network.hpp"

using namespace keyway;
using namespace keyway::compile;
using namespace keyway::program;

namespace {

/// (bank, address) of every word of a tensor, by the contract's formula.
std::set<std::pair<int64_t, int64_t>> words_of(const Placement& p, const Shape& shape,
                                               int64_t words, const CoreConfig& core) {
  std::set<std::pair<int64_t, int64_t>> result;
  const int64_t banks = core.block_banks();
  for (int64_t b = 0; b < words; ++b) {
    for (int64_t y = 0; y < shape.height; ++y) {
      for (int64_t x = 0; x < shape.width; ++x) {
        result.insert({(y + p.phase) % 4 * banks + b % banks,
                       p.base + (y + p.phase) / 4 * p.row_pitch + b / banks * p.block_pitch + x});
      }
    }
  }
  return result;
}

void check_plan(quantise::Network network, size_t leading, const CoreConfig& core) {
  const std::vector<Mapping> mappings = assign_channels(network, core);
  const auto input = static_cast<size_t>(network.input);
  const uint32_t input_words = mappings[input].words;
  const ActivationPlan plan =
      plan_activations(network, mappings, {input_words}, leading, false, core);
  std::vector<std::set<std::pair<int64_t, int64_t>>> words(network.tensors.size());
  std::map<size_t, std::pair<int64_t, int64_t>> life;
  const auto use = [&](int t, int64_t when) {
    const auto at = static_cast<size_t>(t);
    life.insert({at, {when, when}}).first->second.second = when;
  };
  use(network.input, -1);
  for (size_t l = 0; l < network.layers.size(); ++l) {
    const quantise::Layer& layer = network.layers[l];
    // Leading layers are one: all of them at the time of each.
    const auto when = static_cast<int64_t>(std::max(l, leading - 1));
    use(layer.input, when);
    if (layer.has_residual) use(layer.residual.tensor, when);
    use(layer.output, l < leading ? 0 : when);
    use(layer.output, when);
  }
  use(network.output, static_cast<int64_t>(network.layers.size()));
  for (const auto& [t, alive] : life) {
    const int64_t count = t == input ? input_words : mappings[t].blocks(core) * core.lane_words();
    words[t] = words_of(plan.placements[t], network.tensors[t].shape, count, core);
    // The formula gives every word its own place, inside the memory.
    const Shape& shape = network.tensors[t].shape;
    REQUIRE(static_cast<int64_t>(words[t].size()) == count * shape.pixels());
    for (const auto& [bank, address] : words[t]) {
      REQUIRE(address >= 0);
      REQUIRE(address < int64_t{core.bank_words()});
    }
  }
  for (const auto& [a, life_a] : life) {
    for (const auto& [b, life_b] : life) {
      if (a >= b) continue;
      const bool together = life_a.first <= life_b.second && life_b.first <= life_a.second;
      const bool meets = std::any_of(words[a].begin(), words[a].end(),
                                     [&](const auto& word) { return words[b].count(word) != 0; });
      INFO("tensors " << a << " and " << b);
      REQUIRE_FALSE((together && meets));
      if (a == input) REQUIRE(plan.overlaps_input[b] == meets);
      if (b == input) REQUIRE(plan.overlaps_input[a] == meets);
    }
  }
}

}  // namespace

TEST_CASE("living tensors never share a word", "[activations]") {
  for (const char* name : {"8x8", "16x16", "32x32"}) {
    const CoreConfig core = core_from_name(name);
    for (uint64_t seed = 0; seed < 150; ++seed) {
      INFO("core " << name << ", seed " << seed);
      const quantise::Network network = test::random_network(seed, {core.array_kind});
      check_plan(network, 1, core);
      if (network.layers.size() > 1) check_plan(network, 2, core);
    }
  }
}

TEST_CASE("the known networks fit the default memory", "[activations]") {
  for (const test::KnownNetwork& known : test::known_networks()) {
    INFO(known.name);
    const Program program = compile::compile(known.make(), core_from_name("16x16"));
    CHECK(program.activation_peak_bytes <= 256 * 1024);
    CHECK(program.resident);
  }
}

TEST_CASE("a network that does not fit says where and by how much", "[activations]") {
  CoreConfig core = core_from_name("16x16");
  const quantise::Network network = test::resnet20();
  core.activation_bytes = 24 * 1024;
  try {
    compile::compile(network, core);
    FAIL("it fitted");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::kFit);
    const std::string text = error.what();
    INFO(text);
    std::smatch match;
    const std::regex form(
        "activation memory: layer '(.*)' needs (\\d+) bytes \\(.*; 0 are padding\\), the core has "
        "(\\d+): (\\d+) too many");
    REQUIRE(std::regex_search(text, match, form));
    CHECK(std::stoull(match[3]) == core.activation_bytes);
    CHECK(std::stoull(match[2]) - std::stoull(match[3]) == std::stoull(match[4]));
    CHECK(std::stoull(match[2]) == 3 * 16 * 1024);  // two 16 KiB tensors and a residual
  }
}

TEST_CASE("a network that does not fit says what is padding", "[activations]") {
  // 8 channels in words of 16, and 30 rows in banks of 8.
  quantise::Network network = test::resnet20();
  network.layers.resize(1);
  network.output = 1;
  network.tensors[1].shape = {8, 30, 32};
  network.layers[0].window = {1, 1, 1, 1, 0, 0, 0, 0};
  CoreConfig core = core_from_name("16x16");
  core.activation_bytes = 16 * 1024;
  const std::vector<Mapping> mappings = assign_channels(network, core);
  CHECK_THROWS_WITH(
      plan_activations(network, mappings, {1}, 1, false, core),
      "activation memory: layer 'layer0' needs 32768 bytes ('t0' 16384, 't1' 16384; " +
          std::to_string(32768 - 3 * 32 * 32 - 8 * 30 * 32) +
          " are padding), the core has 16384: 16384 too many");
}
