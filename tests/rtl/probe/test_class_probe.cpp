// SPDX-License-Identifier: Apache-2.0
/// class_probe on the engine of its core: that what it hashes is what the instructions' meaning
/// gives, that nothing of it depends on what was before, and that a fault anywhere shows.
#include KEYWAY_ENGINE_HEADER
#include KEYWAY_PROBE_HEADER

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <map>
#include <random>
#include <set>

#include "clocked.hpp"
#include "golden.hpp"
#include "lock/keys.hpp"
#include "seed.hpp"
#include "systems_on.hpp"

using namespace keyway;
using lock::ClassFingerprints;
using lock_bench::read_port;
using test::Bytes;

namespace {

const test::Shape kShape{KEYWAY_ENGINE_SIZE,
                         KEYWAY_ENGINE_SIZE,
                         KEYWAY_ENGINE_ACTIVATION_BYTES,
                         KEYWAY_ENGINE_WEIGHT_BYTES,
                         1,
                         static_cast<contract::ArrayKind>(KEYWAY_ENGINE_ARRAY_KIND)};
constexpr int kRounds = 8;  // keyway_probe_pkg: ProbeRounds

/// What the probe read and wrote.
struct Seen {
  Bytes weights, input, output;
  uint64_t cycles = 0, clear_cycles = 0, run_cycles = 0;
};

/// The probe and its engine, wired as in keyway_core.
class Core {
 public:
  using Probe = lock_bench::Clocked<KEYWAY_PROBE_CLASS>;
  using Engine = lock_bench::Clocked<KEYWAY_ENGINE_CLASS>;

  Core() {
    probe_->enable_i = 1;
    reset(4);
  }

  void reset(int cycles) {
    probe_->rst_ni = engine_->rst_ni = 0;
    for (int i = 0; i < cycles; ++i) step(nullptr);
    probe_->rst_ni = engine_->rst_ni = 1;
  }

  /// A cycle; what moves in it is noted in `seen`.
  void step(Seen* seen) {
    // Neither waits combinationally for the other's answer to its answer: two passes settle.
    for (int pass = 0; pass < 2; ++pass) {
      probe_.settle();
      engine_->clear_i = probe_->engine_clear_o;
      engine_->run_i = probe_->engine_run_o;
      engine_->warm_i = 0;
      engine_->inputs_i = kRounds;
      engine_->input_stride_i = engine_->output_stride_i = 0;
      engine_->weight_write_valid_i = probe_->weight_write_valid_o;
      engine_->weight_write_address_i = probe_->weight_write_address_o;
      engine_->weight_write_data_i = probe_->weight_write_data_o;
      engine_->input_request_ready_i = engine_->output_request_ready_i = 1;
      engine_->frames_ready_i = engine_->frame_verified_i = 0;
      engine_->input_valid_i = probe_->input_valid_o;
      engine_->input_data_i = probe_->input_data_o;
      engine_->output_ready_i = 1;
      if (fault) fault(*this);
      engine_.settle();
      probe_->engine_clear_done_i = engine_->clear_done_o;
      probe_->engine_done_i = engine_->done_o;
      probe_->input_request_valid_i = engine_->input_request_valid_o;
      probe_->input_ready_i = engine_->input_ready_o;
      probe_->output_valid_i = engine_->output_valid_o;
      probe_->output_data_i = engine_->output_data_o;
      probe_->array_events_i = engine_->events_o;
    }
    if (seen != nullptr) note(*seen);
    probe_.tick();
    engine_.tick();
  }

  /// From the end of a reset to the end of the probe.
  ClassFingerprints boot(Seen& seen) {
    seen = {};
    while (probe_->valid_o == 0) {
      REQUIRE(seen.cycles < 200'000);
      step(&seen);
      probe_.settle();
    }
    REQUIRE(probe_->active_o == 0);
    REQUIRE(engine_->error_o == 0);
    ClassFingerprints found;
    const auto clock = read_port(probe_->clock_o), precision = read_port(probe_->precision_o);
    std::copy(clock.begin(), clock.end(), found.clock.begin());
    std::copy(precision.begin(), precision.end(), found.precision.begin());
    return found;
  }
  ClassFingerprints boot() {
    Seen seen;
    return boot(seen);
  }

  Engine& engine() { return engine_; }
  Probe& probe() { return probe_; }

  std::function<void(Core&)> fault;  ///< changes what the engine gets

 private:
  void note(Seen& seen) {
    const auto append = [](Bytes& to, const Bytes& beat) {
      to.insert(to.end(), beat.begin(), beat.end());
    };
    ++seen.cycles;
    seen.clear_cycles += probe_->engine_clear_o;
    seen.run_cycles += engine_->events_o != 0;
    if (probe_->weight_write_valid_o) {
      REQUIRE(seen.weights.size() == 16 * size_t{probe_->weight_write_address_o});
      append(seen.weights, read_port(probe_->weight_write_data_o));
    }
    if (probe_->input_valid_o && engine_->input_ready_o)
      append(seen.input, read_port(probe_->input_data_o));
    if (engine_->output_valid_o) append(seen.output, read_port(engine_->output_data_o));
  }

  Probe probe_;
  Engine engine_;
};

/// Remainder of the words, 16 bytes each, behind `first`, by x^128 + x^7 + x^2 + x + 1.
lock::Bytes16 remainder(lock::Bytes16 first, const Bytes& words) {
  for (size_t at = 0; at < words.size(); at += 16) {
    unsigned carry = 0;
    for (uint8_t& byte : first) {
      const unsigned shifted = unsigned{byte} << 1 | carry;
      byte = static_cast<uint8_t>(shifted);
      carry = shifted >> 8;
    }
    if (carry != 0) first[0] ^= 0x87;
    for (size_t i = 0; i < 16; ++i) first[i] ^= words[at + i];
  }
  return first;
}

/// What registers say of the core: lanes, depth, log2 of the bus's bits, unsealer, kind.
lock::Bytes16 shape_word() {
  return {KEYWAY_ENGINE_SIZE, KEYWAY_ENGINE_SIZE, 7, KEYWAY_ENGINE_ARRAY_KIND};
}

uint32_t word(const lock::Bytes32& clock, size_t index) {
  uint32_t value = 0;
  for (size_t i = 4; i-- > 0;) value = value << 8 | clock[4 * index + i];
  return value;
}

}  // namespace

TEST_CASE("the fingerprints are of what the program computes, and of its cycles") {
  Core core;
  Seen seen;
  const ClassFingerprints found = core.boot(seen);

  test::Golden golden(kShape);
  golden.write_weights(seen.weights);
  Bytes expected;
  for (const auto& block : golden.run(seen.input, {}, {kRounds, 0, 0}))
    expected.insert(expected.end(), block.data.begin(), block.data.end());
  REQUIRE(seen.output == expected);
  CHECK(found.precision == remainder(shape_word(), expected));

  CHECK(word(found.clock, 0) ==
        (KEYWAY_ENGINE_SIZE | KEYWAY_ENGINE_SIZE << 8 | 7 << 16 | KEYWAY_ENGINE_ARRAY_KIND << 24));
  CHECK(word(found.clock, 1) ==
        (KEYWAY_ENGINE_ACTIVATION_BYTES / 1024 | KEYWAY_ENGINE_WEIGHT_BYTES / 1024 << 16));
  CHECK(word(found.clock, 2) == seen.clear_cycles);
  uint64_t run = 0;
  for (size_t i = 3; i < 8; ++i) run += word(found.clock, i);
  CHECK(run == seen.run_cycles);
  CHECK(seen.cycles < 100'000);
  WARN("cycles: " << seen.cycles << ", of the clear " << seen.clear_cycles);
}

TEST_CASE("every number system of the kind has a dense product and one by channel") {
  Core core;
  Seen seen;
  core.boot(seen);
  std::map<int64_t, std::set<int64_t>> modes;  // of each system
  for (size_t at = 0;; at += contract::kInstructionBytes) {
    REQUIRE(at < seen.weights.size());
    const test::Instruction instruction(&seen.weights[at]);
    if (instruction.opcode() == static_cast<int>(contract::Opcode::kEnd)) break;
    if (instruction.opcode() != static_cast<int>(contract::Opcode::kLayer)) continue;
    if (instruction.get(contract::layer::kOnes) != 0) continue;
    modes[instruction.get(contract::layer::kNumberSystem)].insert(
        instruction.get(contract::layer::kMode));
  }
  for (const auto& info : test::systems_on(kShape.array_kind)) {
    CAPTURE(info.name);
    const auto& of = modes[static_cast<int64_t>(info.system)];
    CHECK(of.count(static_cast<int64_t>(contract::Mode::kDense)) == 1);
    CHECK(of.count(static_cast<int64_t>(contract::Mode::kWindow)) == 1);
  }
}

TEST_CASE("a computation that goes on for rounds neither dies out nor saturates throughout") {
  Core core;
  Seen seen;
  core.boot(seen);
  const size_t round = seen.output.size() / kRounds;
  std::set<Bytes> rounds;
  for (size_t i = 0; i < kRounds; ++i) {
    const auto from = seen.output.begin() + static_cast<std::ptrdiff_t>(i * round);
    const Bytes bytes(from, from + static_cast<std::ptrdiff_t>(round));
    rounds.insert(bytes);
    const std::set<uint8_t> values(bytes.begin(), bytes.end());
    CAPTURE(i);
    CHECK(values.size() >= 12);
  }
  CHECK(rounds.size() == kRounds);
}

TEST_CASE("boots agree, whatever was in the memories and whenever the reset came") {
  std::mt19937_64 random(test::seed());
  Core core;
  Seen seen;
  const ClassFingerprints first = core.boot(seen);
  for (int boot = 0; boot < 8; ++boot) {
    for (auto wait = std::uniform_int_distribution<uint64_t>(0, seen.cycles)(random); wait > 0;
         --wait)
      core.step(nullptr);
    core.reset(4);
    CHECK(core.boot() == first);
  }
}

TEST_CASE("without a source that asks for it nothing is measured, and the engine is left alone") {
  Core core;
  core.probe()->enable_i = 0;
  core.reset(4);
  for (int cycle = 0; cycle < 2000; ++cycle) {
    core.step(nullptr);
    core.probe().settle();
    REQUIRE(core.probe()->active_o == 0);
    REQUIRE(core.probe()->valid_o == 0);
    REQUIRE(core.probe()->engine_clear_o == 0);
    REQUIRE(core.probe()->weight_write_valid_o == 0);
  }
}

TEST_CASE("faults in the weights or the input give another precision, not another clock") {
  const ClassFingerprints right = Core().boot();
  std::mt19937_64 random(test::seed());
  // Codes lie behind instructions and parameters: 64 places, then three words. What one of them
  // weighs may be lost where a lane saturates.
  const unsigned codes = 128 + 3 * KEYWAY_ENGINE_SIZE / 4;
  constexpr int kFaults = 8;
  int shown = 0;
  for (int trial = 0; trial < kFaults; ++trial) {
    const unsigned unit = codes + static_cast<unsigned>(random() % (KEYWAY_ENGINE_SIZE / 4));
    const size_t part = random() % 4;
    const uint32_t changed = 0xffU << 8 * (random() % 4);
    CAPTURE(unit, part, changed);
    Core core;
    core.fault = [&](Core& here) {
      if (here.probe()->weight_write_address_o == unit)
        here.engine()->weight_write_data_i[part] ^= changed;
    };
    const ClassFingerprints other = core.boot();
    shown += other.precision != right.precision;
    CHECK(other.clock == right.clock);
  }
  CHECK(shown >= kFaults / 2);
  Core core;
  core.fault = [](Core& here) { here.engine()->input_data_i[0] ^= 0xff; };
  CHECK(core.boot().precision != right.precision);
}
