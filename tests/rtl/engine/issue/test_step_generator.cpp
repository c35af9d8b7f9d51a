// SPDX-License-Identifier: Apache-2.0
// The step generator against loops written out, for arrays that take a step every cycle, every
// second and every eighth one: which steps come, in what order, in which cycle, and what the events
// say meanwhile. Passes come late, counters are reached late, and the front end holds at random.
#include <VStepGenerator1.h>
#include <VStepGenerator2.h>
#include <VStepGenerator8.h>
#include <verilated.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <optional>
#include <random>
#include <type_traits>
#include <vector>

#include "seed.hpp"

namespace {

constexpr uint64_t kTileWords = 4;  // of the default depth
constexpr uint64_t kJobSlots = 4;

template <class Model>
constexpr uint64_t kStepCycles = std::is_same_v<Model, VStepGenerator1>   ? 1
                                 : std::is_same_v<Model, VStepGenerator2> ? 2
                                                                          : 8;

/// A pass, with what it has in common with the others of its job.
struct Pass {
  uint64_t job = 0;
  bool first = false, last = false, no_weights = false, half_tile = false, window = false;
  int lead = 0, row = 0, column = 0, bank = 0, address = 0;
  int pitch = 0, stride_y = 1, stride_x = 1, height = 1, width = 1;

  uint64_t slot() const { return job % kJobSlots; }
};

struct Step {
  uint64_t job = 0;
  int row = 0, column = 0, bank = 0, address = 0, pixel = 0;
  bool tile_first = false, row_first = false, gives_output = false, job_last = false;
};

/// The loops of contract.toml over one pass.
std::vector<Step> steps_of(const Pass& pass) {
  std::vector<Step> steps;
  int pixel = 0;
  for (int y = 0; y < pass.height; ++y) {
    const int distance = pass.bank + y * pass.stride_y;  // from bank 0, in rows
    const int advance = pass.window ? 1 : pass.stride_x;
    const int columns = pass.window ? pass.lead + (pass.width - 1) * pass.stride_x + 1 : pass.width;
    for (int c = 0; c < columns; ++c) {
      Step step;
      step.job = pass.job;
      step.row = pass.row + y * pass.stride_y;
      step.column = pass.column + c * advance;
      step.bank = distance % 4;
      step.address = pass.address + distance / 4 * pass.pitch;
      step.tile_first = y == 0 && c == 0;
      step.row_first = c == 0;
      step.gives_output = !pass.window || (c >= pass.lead && (c - pass.lead) % pass.stride_x == 0);
      step.pixel = pixel;
      if (step.gives_output) ++pixel;
      steps.push_back(step);
    }
  }
  steps.back().job_last = pass.last;
  return steps;
}

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}
  int pick(int lo, int hi) {
    return lo + static_cast<int>(engine_() % static_cast<uint64_t>(hi - lo + 1));
  }
  bool chance(int percent) { return pick(1, 100) <= percent; }

 private:
  std::mt19937_64 engine_;
};

std::vector<Pass> random_passes(Random& random, uint64_t jobs) {
  std::vector<Pass> passes;
  for (uint64_t job = 0; job < jobs; ++job) {
    Pass common;
    common.job = job;
    common.no_weights = random.chance(25);
    common.half_tile = random.chance(40);
    common.window = random.chance(50);
    common.pitch = random.pick(0, 500);
    common.stride_y = random.pick(1, random.chance(80) ? 3 : 15);
    common.stride_x = random.pick(1, random.chance(80) ? 3 : 15);
    const int most = random.chance(40) ? 1 : 5;
    common.height = random.pick(1, most);
    common.width = random.pick(1, most);
    const int count = random.pick(1, 4);
    for (int i = 0; i < count; ++i) {
      Pass pass = common;
      pass.first = i == 0;
      pass.last = i == count - 1;
      pass.lead = common.window ? random.pick(0, 4) : 0;
      pass.row = random.pick(-5, 100);
      pass.column = random.pick(-5, 100);
      pass.bank = random.pick(0, 3);
      pass.address = random.pick(0, 30000);
      passes.push_back(pass);
    }
  }
  return passes;
}

/// When steps may come. Cycles that hold do not bring the next one nearer, so time is counted in
/// cycles that do not.
class Pace {
 public:
  explicit Pace(uint64_t step_cycles) : step_cycles_(step_cycles) {}

  bool resting() const { return since_step_ < step_cycles_; }
  bool tile_there(const Pass& pass) const {
    return pass.no_weights || since_tile_ >= (pass.half_tile ? kTileWords / 2 : kTileWords);
  }
  /// The last of the cycles that the step before takes.
  bool step_ends() const { return since_step_ == step_cycles_; }
  void cycle(bool hold, bool step, bool tile_first) {
    if (step) since_step_ = 0;
    if (step && tile_first) since_tile_ = 0;
    if (hold) return;
    ++since_step_;
    ++since_tile_;
  }

 private:
  uint64_t step_cycles_;
  uint64_t since_step_ = 1000, since_tile_ = 1000;
};

template <class Model>
class Dut {
 public:
  Dut() : model_(&context_) {
    tick();
    model_.rst_ni = 1;
  }
  ~Dut() { model_.final(); }
  Dut(const Dut&) = delete;
  Dut& operator=(const Dut&) = delete;

  Model* operator->() { return &model_; }
  void tick() {
    for (const int level : {0, 1}) {
      model_.clk_i = static_cast<uint8_t>(level);
      model_.eval();
    }
  }
  void set(const Pass& pass) {
    model_.slot_i = static_cast<uint8_t>(pass.slot());
    model_.first_i = pass.first;
    model_.last_i = pass.last;
    model_.no_weights_i = pass.no_weights;
    model_.half_tile_i = pass.half_tile;
    model_.lead_i = static_cast<uint8_t>(pass.lead);
    model_.row_i = static_cast<uint16_t>(pass.row);
    model_.column_i = static_cast<uint16_t>(pass.column);
    model_.bank_i = static_cast<uint8_t>(pass.bank);
    model_.row_address_i = static_cast<uint16_t>(pass.address);
    model_.window_i = pass.window;
    model_.row_pitch_i = static_cast<uint16_t>(pass.pitch);
    model_.stride_y_i = static_cast<uint8_t>(pass.stride_y);
    model_.stride_x_i = static_cast<uint8_t>(pass.stride_x);
    model_.height_i = static_cast<uint16_t>(pass.height);
    model_.width_i = static_cast<uint16_t>(pass.width);
  }
  void require(const Step& step) const {
    REQUIRE(model_.slot_o == step.job % kJobSlots);
    REQUIRE(model_.row_o == static_cast<uint16_t>(step.row));
    REQUIRE(model_.column_o == static_cast<uint16_t>(step.column));
    REQUIRE(model_.bank_o == step.bank);
    REQUIRE(model_.row_address_o == static_cast<uint16_t>(step.address));
    REQUIRE(model_.tile_first_o == step.tile_first);
    REQUIRE(model_.row_first_o == step.row_first);
    REQUIRE(model_.token_valid_o == step.gives_output);
    REQUIRE(model_.job_last_o == step.job_last);
    if (step.gives_output) REQUIRE(model_.pixel_o == step.pixel);
  }

 private:
  VerilatedContext context_;
  Model model_;
};

/// The chances, in percent, of what delays steps.
struct Delays {
  int hold = 0, late_pass = 0, late_counter = 0;
};

/// Runs all passes and requires every step in its cycle. How many cycles that takes.
template <class Model>
uint64_t run(const std::vector<Pass>& passes, const Delays& delays, Random& random) {
  Dut<Model> dut;
  Pace pace(kStepCycles<Model>);
  size_t next = 0;           // pass that has not been taken
  std::optional<Pass> pass;  // at hand
  std::vector<Step> steps;   // of it
  size_t at = 0;
  bool valid = false, job_at_hand_ends = false;
  uint64_t waiting = 0;  // job whose first pass has not come
  // What the jobs at hand and waiting wait for was reached, before the cycle at hand or in it.
  struct Reached {
    bool before = false, now = false;
  };
  std::vector<Reached> rows(passes.back().job + 2), products(rows.size());
  bool busy = false, bank = false, job_end = false;  // of the cycle before
  uint64_t cycle = 0;
  for (; next < passes.size() || pass || pace.resting() || busy; ++cycle) {
    INFO("cycle " << cycle << ", pass " << next << ", step " << at << " of " << steps.size());
    REQUIRE(cycle < 100000);
    const bool hold = random.chance(delays.hold);
    valid = next < passes.size() && (valid || !random.chance(delays.late_pass));
    uint8_t rows_reached = 0, products_reached = 0;
    for (uint64_t job = std::max<uint64_t>(waiting, 1) - 1; job <= waiting; ++job) {
      for (auto* counter : {&rows, &products}) {
        Reached& reached = (*counter)[job];
        reached.before = reached.now;
        reached.now = reached.now || !random.chance(delays.late_counter);
      }
      const auto bit = static_cast<uint8_t>(1U << job % kJobSlots);
      if (rows[job].now) rows_reached |= bit;
      if (products[job].now) products_reached |= bit;
    }
    dut->hold_i = hold;
    dut->pass_valid_i = valid;
    if (next < passes.size()) dut.set(passes[next]);
    dut->job_waits_i = waiting <= passes.back().job;
    dut->job_slot_i = static_cast<uint8_t>(waiting % kJobSlots);
    dut->rows_reached_i = rows_reached;
    dut->products_reached_i = products_reached;
    dut->eval();

    // The step at hand, and whether it may come now.
    const bool may_start =
        pass &&
        (at > 0 || (pace.tile_there(*pass) &&
                    (!pass->first || (rows[pass->job].before && products[pass->job].before))));
    const bool offered = may_start && !pace.resting();
    const bool taken = offered && !hold;
    REQUIRE(dut->step_valid_o == offered);
    if (offered) dut.require(steps[at]);
    const bool pass_ends = taken && at + 1 == steps.size();
    REQUIRE(dut->pass_ready_o == (!pass || pass_ends));
    // Events are a cycle late.
    REQUIRE(dut->busy_o == busy);
    REQUIRE(dut->stall_bank_o == bank);
    REQUIRE(dut->busy_o + dut->stall_bank_o + dut->stall_other_o == (cycle == 0 ? 0 : 1));
    REQUIRE(dut->job_end_o == job_end);

    const bool was_resting = pace.resting();
    if (taken) job_at_hand_ends = steps[at].job_last;
    pace.cycle(hold, taken, taken && steps[at].tile_first);
    busy = taken || (was_resting && !hold);
    bank = hold && (offered || was_resting);
    job_end = busy && !hold && pace.step_ends() && job_at_hand_ends;
    if (taken) ++at;
    if (!pass || pass_ends) {
      pass.reset();
      steps.clear();
      at = 0;
      if (valid) {
        pass = passes[next++];
        steps = steps_of(*pass);
        if (pass->first) ++waiting;
        valid = false;
      }
    }
    dut.tick();
  }
  return cycle;
}

}  // namespace

TEMPLATE_TEST_CASE("steps come in order and at the array's pace, whatever delays them", "",
                   VStepGenerator1, VStepGenerator2, VStepGenerator8) {
  const uint64_t seed = keyway::test::seed();
  INFO("seed " << seed);
  Random random(seed);
  for (int i = 0; i < 60; ++i) {
    const Delays delays{random.pick(0, 2) * 30, random.pick(0, 2) * 40, random.pick(0, 2) * 40};
    INFO("run " << i << ": hold " << delays.hold << " %, late passes " << delays.late_pass
                << " %, late counters " << delays.late_counter << " %");
    run<TestType>(random_passes(random, 20), delays, random);
  }
}

TEMPLATE_TEST_CASE("nothing comes between steps, passes and jobs where nothing delays them", "",
                   VStepGenerator1, VStepGenerator2, VStepGenerator8) {
  constexpr uint64_t kAround = 3;  // to the first step, and to the last event
  for (const int side : {1, 2, 3, 9}) {
    Pass pass;
    pass.width = side;
    std::vector<Pass> passes;
    for (uint64_t i = 0; i < 10; ++i) {
      pass.job = i / 2;
      pass.first = i % 2 == 0;
      pass.last = !pass.first;
      passes.push_back(pass);
    }
    Random random(1);
    const uint64_t steps = kStepCycles<TestType> * static_cast<uint64_t>(side);
    const uint64_t cycles = run<TestType>(passes, {}, random);
    INFO(side << " steps a pass");
    CHECK(cycles <= 9 * std::max(steps, kTileWords) + steps + kAround);
    CHECK(cycles >= 9 * std::max(steps, kTileWords) + steps);
  }
}
