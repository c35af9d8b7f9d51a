// SPDX-License-Identifier: Apache-2.0
/// The start sequence between stand-ins: what a start continues and what begins afresh.
#include <catch2/catch.hpp>

#include "shell_host.hpp"

namespace keyway::rtl_test {

TEST_CASE("cold run, then warm runs") {
  Host host(1);
  ShellBench& bench = host.bench;
  bench.memory.timing = {60, 60, 0};
  REQUIRE_STATUS(bench.run(host.arguments()), kOk);
  host.check_output(host.package);
  CHECK(bench.counter(Counter::kFrames) == 4);
  CHECK(bench.counter(Counter::kReadBytes) == 128 + 144 + 4096 * 5 + kToyInputBytes);
  CHECK(bench.counter(Counter::kWriteBytes) == 16 * kToyOutputWords);
  CHECK(bench.counter(Counter::kArrayBusy) == 50);
  CHECK(bench.counter(Counter::kOpen) > bench.lock.open_cycles + 256);
  const uint64_t cold = bench.counter(Counter::kTotal);
  // done is seen one cycle after it is counted, the write's answer one after its effect
  CHECK(cold + 2 >= bench.done - bench.begun);
  CHECK(cold <= bench.done - bench.begun + 2);

  for (int i = 0; i < 3; ++i) {
    host.fresh_input();
    REQUIRE_STATUS(bench.run(host.arguments()), kOk);
    host.check_output(host.package);
    CHECK(bench.counter(Counter::kFrames) == 0);
    CHECK(bench.counter(Counter::kOpen) == 0);
    CHECK(bench.counter(Counter::kReadBytes) == 128 + 144 + kToyInputBytes);
    // Input's latency and words, the work, the write's latency, and next to nothing of the shell's.
    const uint64_t least = 60 + kToyInputBytes / 16 + 50 + 8 + kToyOutputWords + 60;
    CHECK(bench.counter(Counter::kTotal) >= least);
    CHECK(bench.counter(Counter::kTotal) <= least + 16);
  }
  CHECK(bench.engine.warm_runs == 3);
  CHECK(bench.lock.opens == 1);
}

TEST_CASE("a warm start of a sealed package costs the same as of a plain one") {
  // However long the engine takes until it asks for its input.
  for (uint32_t fetch : {0U, 1U, 5U, 20U, 50U}) {
    uint64_t totals[2];
    for (int i = 0; i < 2; ++i) {
      ToyPackage package = resident_package(11, i ? Policy::kSealed : Policy::kPlain);
      if (fetch > 0) package.program.insert(package.program.begin(), {Step::kCompute, fetch});
      Host host(2, package);
      host.bench.memory.timing = {60, 60, 0};
      REQUIRE_STATUS(host.bench.run(host.arguments()), kOk);
      REQUIRE_STATUS(host.bench.run(host.arguments()), kOk);
      REQUIRE(host.bench.engine.warm_runs == 1);
      host.check_output(host.package);
      totals[i] = host.bench.counter(Counter::kTotal);
    }
    CAPTURE(fetch);
    CHECK(totals[0] == totals[1]);
  }
}

TEST_CASE("what fails while another package is taken for the open one is no failure") {
  // The open package reads 640 bytes of input, the new one 64, and behind those the bus ends: what
  // the open one's shape asks for there is not even tried, since the new input's buffer is too
  // small.
  ToyPackage small = resident_package(22);
  for (Step& step : small.program) {
    if (step.op == Step::kLoadInput) step.b = 64;
  }
  Host host(20, resident_package(11), small);
  ShellBench& bench = host.bench;
  bench.memory.timing = {30, 30, 0};
  REQUIRE_STATUS(bench.run(host.arguments()), kOk);
  bench.memory.error_pages = {kInput + 4096};
  Arguments arguments = host.other_arguments();
  arguments.input = kInput + 4096 - 64;
  arguments.input_bytes = 64;
  for (int run = 0; run < 2; ++run) {
    REQUIRE_STATUS(bench.run(arguments), kOk);
    const auto& reads = bench.memory.reads;
    CHECK(std::none_of(reads.begin(), reads.end(), [](const BusMemory::Burst& burst) {
      return burst.address + burst.bytes > kInput + 4096;
    }));
  }
  CHECK(bench.counter(Counter::kFrames) == 0);
}

TEST_CASE("open only verifies and derives, and the run after it opens nothing") {
  for (Policy policy : {Policy::kPlain, Policy::kSealed, Policy::kBlind}) {
    Host host(3, resident_package(11, policy));
    ShellBench& bench = host.bench;
    REQUIRE_STATUS(bench.run(host.arguments(1)), kOk);
    CHECK(bench.engine.runs == 0);
    CHECK(bench.counter(Counter::kFrames) == 0);
    CHECK(bench.counter(Counter::kOpen) > 0);
    CHECK(bench.lock.has_key() == (policy != Policy::kPlain));
    REQUIRE_STATUS(bench.run(host.arguments(1)), kOk);
    CHECK(bench.counter(Counter::kOpen) == 0);
    REQUIRE_STATUS(bench.run(host.arguments()), kOk);
    host.check_output(host.package);
    CHECK(bench.counter(Counter::kOpen) == 0);
    CHECK(bench.counter(Counter::kFrames) == 4);
    // Opening again what is resident keeps it so.
    REQUIRE_STATUS(bench.run(host.arguments(1)), kOk);
    REQUIRE_STATUS(bench.run(host.arguments()), kOk);
    CHECK(bench.engine.warm_runs == 1);
    CHECK(bench.lock.opens == (policy == Policy::kPlain ? 0U : 1U));
  }
}

TEST_CASE("the same package at another address stays resident") {
  Host host(4);
  REQUIRE_STATUS(host.bench.run(host.arguments()), kOk);
  host.put(kOther, host.package.bytes());
  host.put(kOtherLicence, host.package.licence());
  host.fresh_input();
  REQUIRE_STATUS(host.bench.run(host.other_arguments()), kOk);
  host.check_output(host.package);
  CHECK(host.bench.engine.warm_runs == 1);
}

TEST_CASE("another package purges the one that is open") {
  for (Policy first : {Policy::kPlain, Policy::kSealed}) {
    for (Policy second : {Policy::kPlain, Policy::kBlind}) {
      for (uint32_t mode : {0U, 1U}) {
        Host host(5, resident_package(11, first), resident_package(22, second));
        ShellBench& bench = host.bench;
        bench.memory.timing = {1, 90, 0.2};
        REQUIRE_STATUS(bench.run(host.arguments()), kOk);
        host.fresh_input();
        const unsigned clears = bench.lock.clears;
        bool clean_seen = false;
        bench.start(host.other_arguments(mode));
        REQUIRE_STATUS(bench.finish([&] {
          if (bench.lock_pins.frame_valid && bench.lock_pins.kind != 0 && !clean_seen) {
            FAIL("a frame of the other package before memories were clean");
          }
          clean_seen = clean_seen || (bench.engine_pins.clear && bench.engine.clean());
        }),
                       kOk);
        CHECK(bench.lock.clears == clears + 1);
        CHECK(bench.lock.has_key() == (second != Policy::kPlain));
        if (mode == 0) {
          host.check_output(host.other);
          CHECK(bench.counter(Counter::kFrames) == 4);
        } else {
          CHECK(bench.engine.clean());
        }
        // And back: the first one begins afresh.
        host.fresh_input();
        REQUIRE_STATUS(bench.run(host.arguments()), kOk);
        host.check_output(host.package);
        CHECK(bench.counter(Counter::kFrames) == 4);
      }
    }
  }
}

TEST_CASE("another licence address, or none, never borrows residency") {
  Host host(6);
  ShellBench& bench = host.bench;
  REQUIRE_STATUS(bench.run(host.arguments()), kOk);
  host.fresh_input();
  SECTION("no licence") {
    Arguments arguments = host.arguments();
    arguments.licence = 0;
    REQUIRE_STATUS(bench.run(arguments), kNoLicence);
    host.check_refused();
    host.check_recovers();
  }
  SECTION("the other package's licence") {
    Arguments arguments = host.arguments();
    arguments.licence = kOtherLicence;
    REQUIRE_STATUS(bench.run(arguments), kLicenceRefused);
    host.check_refused();
    host.check_recovers();
  }
  SECTION("a licence where there was none") {
    Host plain(6, resident_package(11, Policy::kPlain));
    REQUIRE_STATUS(plain.bench.run(plain.arguments()), kOk);
    plain.fresh_input();
    Arguments arguments = plain.arguments();
    arguments.licence = kOtherLicence;
    REQUIRE_STATUS(plain.bench.run(arguments), kOk);
    CHECK(plain.bench.counter(Counter::kFrames) == 4);
    plain.check_output(plain.package);
  }
}

TEST_CASE("a streaming package reads its frames in every run, and opens once") {
  for (Policy policy : {Policy::kPlain, Policy::kSealed}) {
    Host host(13, streaming_package(11, policy));
    ShellBench& bench = host.bench;
    bench.memory.timing = {1, 60, 0.1};
    for (int i = 0; i < 4; ++i) {
      host.fresh_input();
      REQUIRE_STATUS(bench.run(host.arguments()), kOk);
      host.check_output(host.package);
      CHECK(bench.counter(Counter::kFrames) == 6);
      CHECK((bench.counter(Counter::kOpen) == 0) == (i > 0));
    }
    CHECK(bench.engine.warm_runs == 0);
    CHECK(bench.lock.opens == (policy == Policy::kPlain ? 0U : 1U));
    host.fresh_input();
    REQUIRE_STATUS(bench.run(host.other_arguments()), kOk);
    host.check_output(host.other);
  }
}

TEST_CASE("arguments written while the kernel runs change nothing") {
  Host host(14);
  ShellBench& bench = host.bench;
  const auto disturb = [&] {
    bench.write(kRegControl, 1);  // first, as it must not come after the end
    for (const auto& argument : kArguments) {
      bench.write(argument.offset, static_cast<uint32_t>(host.random()));
    }
  };
  for (int run = 0; run < 3; ++run) {
    host.fresh_input();
    bench.start(host.arguments());
    int count = 0;
    REQUIRE_STATUS(bench.finish([&] {
      if (++count % 37 == 0 && !bench.interrupt()) disturb();
    }),
                   kOk);
    host.check_output(host.package);
  }
  CHECK(bench.engine.warm_runs == 2);
}

}  // namespace keyway::rtl_test
