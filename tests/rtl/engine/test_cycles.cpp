// SPDX-License-Identifier: Apache-2.0
// Cycle counts as ranges: what the architecture promises, so that a lost cycle a pass is a failure.
#include <algorithm>
#include <catch2/catch.hpp>
#include <ctime>
#include <utility>

#include "common.hpp"

namespace keyway::test {

namespace {

enum Event { kBusy, kTile, kBank, kFrames, kRows, kProducts, kEmpty };

/// Cycles from the first to the last step: all events but the idle ends of the run.
uint64_t in_layer(const RunResult& r) {
  return r.events[kBusy] + r.events[kTile] + r.events[kBank] + r.events[kProducts];
}

}  // namespace

TEST_CASE("a dense layer keeps the array busy: passes times pixels, nothing between jobs") {
  Scenario s(dut_shape(), 2);
  const int blocks = 2 * s.shape().lane_words();
  const Tensor in = s.input(16, 16, blocks, true);
  LayerSpec spec;
  spec.kernel_h = spec.kernel_w = 3;
  spec.pad_top = spec.pad_left = 1;
  spec.height = spec.width = 16;
  spec.output_blocks = 4;
  s.store(s.layer(in, spec));
  const RunResult result = check(s);
  const int passes = 9 * blocks / s.shape().read_words();
  CHECK(result.events[kBusy] == s.shape().step_cycles * static_cast<uint64_t>(4 * passes * 256));
  CHECK(in_layer(result) - result.events[kBusy] <= 8);
}

TEST_CASE("one-pixel passes take the time of their step or of their tile from weight memory") {
  for (const auto& system : contract::kNumberSystems) {
    if (system.has_table || !system.runs_on(dut_shape().array_kind)) continue;
    INFO(system.name);
    Scenario s(dut_shape(), 3);
    const int words = s.shape().lane_words(), input_blocks = 16 * words, outputs = 8;
    const Tensor in = s.input(1, 1, input_blocks, true);
    LayerSpec spec;
    spec.number_system = static_cast<int>(system.system);
    spec.output_blocks = outputs;
    s.store(s.layer(in, spec));
    const RunResult result = check(s);
    const auto tiles = static_cast<uint64_t>(outputs * input_blocks / s.shape().read_words());
    const auto tile_words = static_cast<uint64_t>(s.shape().tile_words(system.code_bits));
    const uint64_t step_cycles = s.shape().step_cycles;
    // Each job also reads three parameter words, and instructions share the port.
    const uint64_t least = tiles * std::max(tile_words, step_cycles);
    CHECK(result.events[kBusy] == tiles * step_cycles);
    CHECK(in_layer(result) >= least - tile_words);
    CHECK(in_layer(result) <= least + outputs * 6 + 16);
  }
}

TEST_CASE("one-pixel passes without weights follow each other as steps do") {
  Scenario s(dut_shape(), 6);
  const int words = s.shape().lane_words(), input_blocks = 64 * words, outputs = 2;
  const Tensor in = s.input(1, 1, input_blocks, true);
  LayerSpec spec;
  spec.ones = true;
  spec.output_blocks = outputs;
  s.store(s.layer(in, spec));
  const RunResult result = check(s);
  const uint64_t cycles = s.shape().step_cycles *
                          static_cast<uint64_t>(outputs * input_blocks / s.shape().read_words());
  CHECK(result.events[kBusy] == cycles);
  CHECK(in_layer(result) <= cycles + 16);
}

TEST_CASE("a window layer takes one step a column") {
  Scenario s(dut_shape(), 4);
  const Tensor in = s.input(20, 22, s.shape().lane_words(), false);
  LayerSpec spec;
  spec.mode = 1;
  spec.kernel_h = 3;
  spec.kernel_w = std::min(3, s.shape().max_columns());
  spec.pad_top = spec.pad_left = 1;
  spec.height = 20;
  spec.width = 22;
  s.store(s.layer(in, spec));
  const RunResult result = check(s);
  // One column left of the image is left out, so a row takes width + kernel_w - 2 columns.
  CHECK(result.events[kBusy] ==
        s.shape().step_cycles * static_cast<uint64_t>(20 * (22 + spec.kernel_w - 2)));
  CHECK(in_layer(result) - result.events[kBusy] <= 16);
}

TEST_CASE("a residual in other banks costs nothing, in the same bank one cycle a meeting") {
  for (const int phase : {0, 1, 2, 3}) {
    Scenario s(dut_shape(), 5);
    const int blocks = s.shape().lane_words();
    const Tensor in = s.input(1, 60, blocks, true, 1, 0);
    const Tensor other = s.input(1, 60, blocks, true, 1, phase);
    LayerSpec spec;
    spec.height = 1;
    spec.width = 60;
    spec.output_blocks = 2;
    const Tensor out = s.layer(in, spec);
    spec.output_blocks = 1;
    spec.residual = other;
    s.store(s.layer(in, spec));
    s.store(out);
    const RunResult result = check(s);
    INFO("phase " << phase);
    if (phase != 0) {
      CHECK(result.events[kBank] == 0);
    } else {
      // The residual of a pixel meets the array some pixels later: the last ones meet nothing, and
      // where steps are apart others may fall between them.
      CHECK(result.events[kBank] >= 25 / s.shape().step_cycles);
      CHECK(result.events[kBank] <= 60);
    }
  }
}

TEST_CASE("dependent layers lose only the pipeline's length") {
  Scenario s(dut_shape(), 6);
  Tensor t = s.input(4, 4, s.shape().lane_words(), true);
  const int layers = 20;
  LayerSpec spec;
  spec.kernel_h = spec.kernel_w = 3;
  spec.pad_top = spec.pad_left = 1;
  spec.height = spec.width = 4;
  for (int i = 0; i < layers; ++i) t = s.layer(t, spec);
  s.store(t);
  const RunResult result = check(s);
  CHECK(result.events[kBusy] == s.shape().step_cycles * static_cast<uint64_t>(layers * 9 * 16));
  // A step's way, t to t + 14.
  CHECK(in_layer(result) - result.events[kBusy] <= static_cast<uint64_t>(layers * 15));
}

TEST_CASE("a loaded image is worked on while its rows arrive") {
  Scenario s(dut_shape(), 7);
  const int blocks = s.shape().lane_words();
  const Tensor whole = s.input(16, 16, blocks, true, 4);
  LayerSpec spec;
  spec.kernel_h = spec.kernel_w = 1;
  spec.height = spec.width = 16;
  spec.group_h = 4;
  spec.output_blocks = 1;
  s.store(s.layer(whole, spec));
  const RunResult result = check(s);
  CHECK(result.events[kRows] > 0);
  CHECK(result.events[kBusy] == s.shape().step_cycles * 256);
}

TEST_CASE("simulation speed", "[.speed]") {
  Scenario s(dut_shape(), 3);
  const int blocks = 2 * s.shape().lane_words();
  Tensor t = s.input(16, 16, blocks, true);
  LayerSpec spec;
  spec.kernel_h = spec.kernel_w = 3;
  spec.pad_top = spec.pad_left = 1;
  spec.height = spec.width = 16;
  spec.output_blocks = 2;
  Tensor u = s.layer(t, spec);
  for (int i = 0; i < 12; ++i) {
    spec.residual = u;
    spec.output = t;
    t = s.layer(u, spec);
    std::swap(t, u);
  }
  s.store(u);
  Bench bench;
  bench.write_weights(s.image());
  const std::clock_t start = std::clock();
  uint64_t cycles = 0, busy = 0;
  for (int i = 0; i < 5; ++i) {
    const RunResult result = bench.run(s.input_bytes(), s.frames());
    cycles += result.cycles;
    busy += result.events[kBusy];
  }
  const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  WARN(cycles << " cycles, busy " << 100.0 * static_cast<double>(busy) / static_cast<double>(cycles)
              << " %, " << static_cast<double>(cycles) / seconds / 1000
              << " kHz of processor time");
}

}  // namespace keyway::test
