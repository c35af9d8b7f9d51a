// SPDX-License-Identifier: Apache-2.0
/// Every kind of assertion of assert.svh fails on each way to break its rule, and on nothing else.
#include <VAssertionsBench.h>
#include <verilated.h>

#include <catch2/catch.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace {

using Model = VAssertionsBench;
using Cycle = std::function<void(Model&)>;  ///< sets the inputs of one cycle

/// Number of the first cycle after whose clock edge an assertion has failed; -1: none did. Inputs that
/// a cycle does not set keep what they were; at first all are what breaks no rule.
int first_failure(const std::vector<Cycle>& cycles) {
  VerilatedContext context;
  context.fatalOnError(false);
  Model model(&context);
  const auto tick = [&] {
    model.clk_i = 0;
    model.eval();
    model.clk_i = 1;
    model.eval();
  };
  model.always_i = model.now_i = model.rst_ni = 1;
  tick();
  int failed = -1;
  for (std::size_t i = 0; i < cycles.size() && failed < 0; ++i) {
    cycles[i](model);
    tick();
    if (context.gotError()) failed = static_cast<int>(i);
  }
  model.final();
  return failed;
}

const Cycle kIdle = [](Model&) {};
const Cycle kReset = [](Model& m) { m.rst_ni = 0; };
const Cycle kRun = [](Model& m) { m.rst_ni = 1; };
const Cycle kClear = [](Model& m) { m.clear_i = 1; };

Cycle out(bool valid, bool ready, std::uint16_t payload) {
  return [=](Model& m) {
    m.out_valid_i = valid;
    m.out_ready_i = ready;
    m.out_i = payload;
  };
}

Cycle in(bool valid, bool ready, std::uint16_t payload, bool clear = false) {
  return [=](Model& m) {
    m.in_valid_i = valid;
    m.in_ready_i = ready;
    m.in_i = payload;
    m.clear_i = clear;
  };
}

Cycle before(bool value, bool now) {
  return [=](Model& m) {
    m.before_i = value;
    m.now_i = now;
  };
}

}  // namespace

TEST_CASE("What always holds is checked at every edge out of reset") {
  const Cycle bad = [](Model& m) { m.always_i = 0; };
  CHECK(first_failure({kIdle, kIdle}) == -1);
  CHECK(first_failure({kIdle, bad}) == 1);
  CHECK(first_failure({kReset, bad, kIdle, kRun}) == 3);
}

TEST_CASE("What follows is checked one edge later") {
  CHECK(first_failure({before(true, false), before(false, true), before(false, false)}) == -1);
  CHECK(first_failure({before(true, true), before(false, false)}) == 1);
  CHECK(first_failure({before(true, true), before(true, true), before(true, false)}) == 2);
  CHECK(first_failure({before(true, true), kReset, before(false, false), kRun}) == -1);
}

TEST_CASE("A stalled stream keeps valid and every bit of its payload") {
  CHECK(first_failure({out(true, false, 7), out(true, false, 7), out(true, true, 7),
                       out(true, true, 8), out(false, true, 9), out(false, false, 1),
                       out(true, true, 2)}) == -1);
  CHECK(first_failure({out(true, false, 7), out(false, false, 7)}) == 1);
  CHECK(first_failure({out(true, false, 7), out(false, true, 7)}) == 1);
  for (unsigned bit = 0; bit < 16; ++bit) {
    INFO("bit " << bit);
    const auto other = static_cast<std::uint16_t>(1U << bit);
    CHECK(first_failure({out(true, true, 3), out(true, false, 0), out(true, false, 0),
                         out(true, true, other)}) == 3);
    CHECK(first_failure({in(true, true, 3), in(true, false, 0), in(true, false, 0),
                         in(true, true, other)}) == 3);
  }
  CHECK(first_failure({out(true, false, 7), kReset, out(false, false, 0), kRun}) == -1);
  // A clear is no excuse for what a module gives; it says itself what it drops.
  CHECK(first_failure({out(true, false, 7), kClear, out(false, false, 7)}) == 2);
}

TEST_CASE("A stalled stream that a module takes may change where both sides are cleared") {
  CHECK(first_failure({in(true, false, 7), in(true, false, 7), in(true, true, 7),
                       in(false, false, 0)}) == -1);
  CHECK(first_failure({in(true, false, 7), in(false, false, 7)}) == 1);
  CHECK(first_failure({in(true, false, 7), in(false, false, 7, true), in(true, true, 9)}) == -1);
  CHECK(first_failure({in(true, false, 7, true), in(true, false, 9), in(true, false, 8)}) == 2);
}
