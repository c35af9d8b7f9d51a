// SPDX-License-Identifier: Apache-2.0
// Every cycle of an inference is somebody's: over the products of a program, each cause adds up to
// the core's own counter, and over layers all adds up to the total. Known and random networks,
// plain and sealed, cold and warm, with and without memory stalls, several cores.
#include <catch2/catch.hpp>
#include <numeric>
#include <random>

#include "common/error.hpp"
#include "known_networks.hpp"
#include "system/board.hpp"
#include "tool/bench.hpp"

using namespace keyway;
using platform::CycleAccount;
using test::Bytes;

namespace {

/// Header and licence, the last write's answer, and what lies between them and the program.
constexpr uint64_t kMostAround = 100;
/// What a warm attempt that is given up still does while the core begins afresh; the core counts
/// it.
constexpr uint64_t kGivenUp = 4;

driver::Counters read_counters(driver::SimBoard& board) {
  driver::Counters counters{};
  for (uint32_t i = 0; i < counters.size(); ++i) {
    counters[i] = board.read_register(contract::kCounterBase + 8 * i);
  }
  return counters;
}

uint64_t counter(const driver::Counters& counters, contract::Counter which) {
  return counters[static_cast<size_t>(which)];
}

uint64_t products_of(const program::Program& program) {
  return std::accumulate(
      program.products.begin(), program.products.end(), uint64_t{0},
      [](uint64_t sum, const program::ProductRun& run) { return sum + run.count; });
}

void check_account(const program::Program& program, const CycleAccount& account,
                   const driver::Counters& counters, bool warm) {
  REQUIRE(account.current() == products_of(program));
  CycleAccount::Causes sums{};
  for (const auto& product : account.products()) {
    for (size_t i = 0; i < sums.size(); ++i) sums[i] += product[i];
  }
  const auto first = static_cast<size_t>(contract::Counter::kArrayBusy);
  for (size_t i = 0; i < sums.size(); ++i) {
    INFO(contract::kCounters[first + i].name);
    CHECK(sums[i] == counters[first + i]);
  }

  const auto layers = tool::layer_cycles(program, account, counters);
  REQUIRE(layers.size() == program.layers.size() + 2);
  uint64_t total = 0, macs = 0;
  for (const tool::LayerCycles& layer : layers) {
    total += layer.cycles;
    macs += layer.macs;
  }
  CHECK(total == counter(counters, contract::Counter::kTotal));
  CHECK(macs == program.macs);
  const uint64_t around = layers.back().cycles;
  CHECK(around < total);
  if (warm) CHECK(around <= kMostAround);
  // The array's steps are those that the compiler planned, layer by layer; a pass that is shorter
  // than the fetch of its tile was planned as long as the fetch.
  for (size_t i = 0; i < program.layers.size(); ++i) {
    INFO(layers[i].name);
    CHECK(layers[i].causes[0] > 0);
    const uint64_t more = i == 0 && !warm ? kGivenUp : 0;
    CHECK(layers[i].causes[0] <= program.layers[i].ideal_cycles + more);
    CHECK(layers[i].ideal(program.core) <= static_cast<double>(layers[i].causes[0]) + 1e-6);
  }
}

void check_model(driver::SimBoard& board, const test::Model& model, const Bytes& licence_bytes) {
  const bool locked = !licence_bytes.empty();
  const test::Region package(board, model.package);
  const test::Region licence(board, locked ? licence_bytes : Bytes(144));
  const test::Region input(board, model.random_input(1));
  const test::Region output(board, model.program.output_image.bytes(), 0);
  for (const bool warm : {false, true}) {
    INFO((warm ? "warm" : "cold") << (locked ? ", sealed" : ", plain"));
    REQUIRE(test::run_kernel(board, test::arguments(package, locked ? &licence : nullptr, input,
                                                    output)) == contract::Status::kOk);
    check_account(model.program, board.account(), read_counters(board), warm);
  }
}

}  // namespace

TEST_CASE("cycles of whole networks are all accounted for") {
  const test::Party party;
  driver::SimOptions options;
  options.core = "16x16";
  options.device_file = party.device_file();
  for (const test::KnownNetwork& known : test::known_networks()) {
    if (known.model_cycles > 60000) continue;  // ResNet-20 shows no more than ResNet-8
    INFO(known.name);
    const auto program = test::compile_for(known.make(), options.core);
    driver::SimBoard board(options);
    check_model(board, test::plain_model(program), {});
    const test::Model sealed = test::locked_model(program, lock::Policy::kSealed, party.owner());
    check_model(board, sealed, party.licence(sealed));
  }
}

TEST_CASE("cycles of random networks are all accounted for, whatever the memory does") {
  std::mt19937_64 random(7);
  for (int i = 0; i < 60; ++i) {
    driver::SimOptions options;
    const auto cores = platform::kernel_names();
    options.core = cores[random() % cores.size()];
    options.memory.latency = 1 + static_cast<uint32_t>(random() % 80);
    options.memory.stall = 0.25 * static_cast<double>(random() % 3);
    options.memory.seed = random();
    const uint64_t seed = random();
    INFO("network " << seed << ", core " << options.core);
    driver::SimBoard board(options);
    const auto program = test::random_program(options.core, seed);
    const test::Model model = test::plain_model(program);
    const test::Region package(board, model.package);
    const test::Region input(board, model.random_input(1));
    const test::Region output(board, program.output_image.bytes(), 0);
    for (int run = 0; run < 2; ++run) {
      REQUIRE(test::run_kernel(board, test::arguments(package, nullptr, input, output)) ==
              contract::Status::kOk);
      const auto counters = read_counters(board);
      const auto layers = tool::layer_cycles(program, board.account(), counters);
      uint64_t total = 0;
      for (const tool::LayerCycles& layer : layers) total += layer.cycles;
      CHECK(total == counter(counters, contract::Counter::kTotal));
    }
  }
}

TEST_CASE("a start that turns out to be of another package is accounted for from its beginning") {
  driver::SimOptions options;
  options.core = "16x16";
  driver::SimBoard board(options);
  const auto first = test::random_program(options.core, 3);
  const auto second = test::random_program(options.core, 4);
  const test::Model a = test::plain_model(first), b = test::plain_model(second);
  check_model(board, a, {});
  check_model(board, b, {});  // its first start is a warm attempt of `a`, given up
}

TEST_CASE("an account that misses cycles is refused") {
  const auto program = test::random_program("16x16", 3);
  CHECK_THROWS_AS(tool::layer_cycles(program, CycleAccount{}, driver::Counters{}), Error);
}
