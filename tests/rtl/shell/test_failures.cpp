// SPDX-License-Identifier: Apache-2.0
/// The start sequence between stand-ins: bus errors, programs that break the rules, slow memories,
/// and hosts that do any of it at random; and that the bus tells nothing.
#include <catch2/catch.hpp>

#include "shell_host.hpp"

namespace keyway::rtl_test {

TEST_CASE("bus errors end a start, wherever they are") {
  for (bool warm : {false, true}) {
    for (uint64_t page :
         {kPackage, kLicence, kPackage + 4096, kPackage + 4 * 4096, kInput, kOutput}) {
      CAPTURE(warm, page - kBase);
      Host host(15);
      ShellBench& bench = host.bench;
      bench.memory.timing = {1, 30, 0.1};
      if (warm) REQUIRE_STATUS(bench.run(host.arguments()), kOk);
      host.fresh_input();
      bench.memory.error_pages = {page};
      const Status status = bench.run(host.arguments());
      // A warm run reads no frames.
      if (warm && page > kPackage && page < kOther) {
        REQUIRE_STATUS(status, kOk);
        continue;
      }
      REQUIRE_STATUS(status, kBusError);
      REQUIRE_FALSE(bench.lock.has_key());
      REQUIRE(bench.engine.clean());
      if (page != kOutput) host.check_refused();
      host.check_recovers();
    }
  }
}

TEST_CASE("a bus error while the open package is compared is no other package") {
  // The error passes with its first read, and what comes with it differs.
  for (const bool streaming : {false, true}) {
    for (const uint32_t mode : {0U, 1U}) {
      for (const uint64_t page : {kPackage, kLicence}) {
        CAPTURE(streaming, mode, page - kBase);
        Host host(26, streaming ? streaming_package(11) : resident_package(11));
        ShellBench& bench = host.bench;
        REQUIRE_STATUS(bench.run(host.arguments()), kOk);
        host.fresh_input();
        bench.memory.error_pages = {page};
        bench.memory.at(page + 20) ^= 1;
        int reads = 0;
        bench.memory.on_read = [&](uint64_t address, uint64_t) {
          if (address == page && ++reads == 2) {
            bench.memory.error_pages.clear();
            bench.memory.at(page + 20) ^= 1;
          }
        };
        REQUIRE_STATUS(bench.run(host.arguments(mode)), kBusError);
        host.check_refused();
        host.check_recovers();
      }
    }
  }
}

TEST_CASE("programs that break the rules end with BAD_PROGRAM") {
  const auto package_of = [](std::vector<Step> program) {
    ToyPackage package = resident_package(33);
    package.program = std::move(program);
    return package;
  };
  struct Case {
    const char* what;
    std::vector<Step> program;
  };
  const Step store{Step::kStore, 0, 2, 300}, end{Step::kEnd};
  const std::vector<Case> cases = {
      {"unknown instruction", {{Step::kUnknown}}},
      {"one frame beyond the end",
       {{Step::kLoadWeights, 4, 300}, {Step::kWaitFrames, 4}, store, end}},
      {"beyond the end in steps",
       {{Step::kLoadWeights, 3, 300},
        {Step::kLoadWeights, 1, 300},
        {Step::kWaitFrames, 4},
        store,
        end}},
      {"65535 frames", {{Step::kLoadWeights, 65535, 300}, {Step::kWaitFrames, 4}, store, end}},
      {"beyond weight memory",
       {{Step::kLoadWeights, 1, 2048 - 254}, {Step::kWaitFrames, 1}, store, end}},
      {"far beyond weight memory",
       {{Step::kLoadWeights, 1, 0xffffff}, {Step::kWaitFrames, 1}, store, end}},
      {"stores before the last frame",
       {{Step::kLoadWeights, 2, 300}, {Step::kWaitFrames, 2}, store, end}},
      {"never reads its frames", {end}},
      {"waits for what never comes", {{Step::kWaitFrames, 1}, end}},
  };
  for (const Case& c : cases) {
    for (Policy policy : {Policy::kPlain, Policy::kSealed}) {
      CAPTURE(c.what);
      ToyPackage package = package_of(c.program);
      package.policy = policy;
      Host host(16, resident_package(11), package);
      REQUIRE_STATUS(host.bench.run(host.arguments()), kOk);
      host.fresh_input();
      REQUIRE_STATUS(host.bench.run(host.other_arguments()), kBadProgram);
      host.check_refused();
      host.check_recovers();
    }
  }
  // The last frame may end with the memory.
  ToyPackage package = package_of({{Step::kLoadWeights, 3, 2048 - 3 * 255},
                                   {Step::kWaitFrames, 3},
                                   {Step::kCompute, ShellBench::kStallCycles + 100},
                                   end});
  Host host(17, package);
  REQUIRE_STATUS(host.bench.run(host.arguments()), kOk);
}

TEST_CASE("requests outside the buffers do not reach the bus and end the start") {
  struct Case {
    const char* what;
    std::vector<Step> program;
  };
  const Step load{Step::kLoadWeights, 3, 300}, wait{Step::kWaitFrames, 3}, end{Step::kEnd};
  const Step input{Step::kLoadInput, 0, kToyInputBytes};
  const uint32_t output_bytes = kToyOutputOffset + 16 * kToyOutputWords;
  const std::vector<Case> cases = {
      {"an input behind its buffer",
       {load, {Step::kLoadInput, 1 << 20, 16}, wait, {Step::kStore, 0, 1, 300}, end}},
      {"an input one word too long",
       {load, {Step::kLoadInput, 16, kToyInputBytes}, wait, {Step::kStore, 0, 1, 300}, end}},
      {"an input that wraps",
       {load, {Step::kLoadInput, 0xfffffff0, 32}, wait, {Step::kStore, 0, 1, 300}, end}},
      {"an input that nothing waits for", {load, wait, {Step::kLoadInput, 1 << 30, 64}, end}},
      {"an output behind its buffer", {load, input, wait, {Step::kStore, 1 << 20, 1, 300}, end}},
      {"an output one word too long",
       {load, input, wait, {Step::kStore, output_bytes - 16, 2, 300}, end}},
      {"an output that wraps", {load, input, wait, {Step::kStore, 0xfffffff0, 2, 300}, end}},
  };
  const auto inside = [](const std::vector<BusMemory::Burst>& bursts, const Arguments& a) {
    const auto in = [](const BusMemory::Burst& burst, uint64_t address, uint64_t bytes) {
      return burst.address >= address && burst.address + burst.bytes <= address + bytes;
    };
    return std::all_of(bursts.begin(), bursts.end(), [&](const BusMemory::Burst& burst) {
      return in(burst, a.package, a.package_bytes) || in(burst, a.input, a.input_bytes) ||
             (a.licence != 0 && in(burst, a.licence, kLicenceBytes));
    });
  };
  for (const Case& c : cases) {
    for (Policy policy : {Policy::kPlain, Policy::kSealed}) {
      CAPTURE(c.what, static_cast<int>(policy));
      ToyPackage package = resident_package(33);
      package.program = c.program;
      package.policy = policy;
      Host host(21, resident_package(11), package);
      ShellBench& bench = host.bench;
      bench.memory.timing = {1, 30, 0.1};
      REQUIRE_STATUS(bench.run(host.arguments()), kOk);
      host.fresh_input();
      REQUIRE_STATUS(bench.run(host.other_arguments()), kOutsideBuffer);
      CHECK(inside(bench.memory.reads, host.other_arguments()));
      host.check_refused();
      host.check_recovers();
    }
  }
}

TEST_CASE("a package that is shorter than its header says is not read beyond its buffer") {
  // Cold, open only, and where the frames of a package that is taken for the open one are read.
  for (const bool streaming : {false, true}) {
    for (const uint32_t mode : {0U, 1U}) {
      CAPTURE(streaming, mode);
      Host host(22, streaming ? streaming_package(11) : resident_package(11));
      ShellBench& bench = host.bench;
      Arguments arguments = host.arguments(mode);
      const auto no_read_behind = [&] {
        for (const auto& burst : bench.memory.reads) {
          const uint64_t end = arguments.package + arguments.package_bytes;
          CHECK((burst.address < arguments.package || burst.address >= kOther ||
                 burst.address + burst.bytes <= end));
        }
      };
      for (const uint32_t pages : {0U, 1U, 3U}) {
        arguments.package_bytes = pages * kFrameBytes;
        if (pages == 0 || mode == 0) {
          REQUIRE_STATUS(bench.run(arguments), kOutsideBuffer);
          host.check_refused();
        }
        // The header block is read whatever is said: no package has less than a page.
        if (pages > 0) no_read_behind();
      }
      host.check_recovers();
      if (!streaming || mode != 0) continue;
      // Open and not resident: the program is read again with the shape of the open package.
      arguments = host.other_arguments();
      arguments.package_bytes = 2 * kFrameBytes;
      REQUIRE_STATUS(bench.run(arguments), kOutsideBuffer);
      for (const auto& burst : bench.memory.reads)
        CHECK((burst.address >= kLicence || burst.address + burst.bytes <= kOther + 2 * 4096));
    }
  }
}

TEST_CASE("an abort ends a start wherever it is, and leaves nothing") {
  size_t aborted = 0, finished = 0;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    std::mt19937_64 random(seed);
    const auto policy = static_cast<Policy>(random() % 3);
    Host host(seed, random() % 2 ? resident_package(11, policy) : streaming_package(11, policy));
    ShellBench& bench = host.bench;
    bench.memory.timing = {1, static_cast<unsigned>(1 + random() % 100), random() % 2 ? 0.2 : 0.0};
    bench.lock.open_cycles = static_cast<unsigned>(1 + random() % 300);
    bench.engine.clear_cycles = static_cast<unsigned>(1 + random() % 800);
    const bool warm = random() % 2, another = random() % 4 == 0;
    const uint32_t mode = random() % 4 == 0;
    if (warm) REQUIRE_STATUS(bench.run(host.arguments()), kOk);
    host.fresh_input();
    bench.start(another ? host.other_arguments(mode) : host.arguments(mode));
    const uint64_t at = bench.begun + random() % (warm ? 1200 : 4000);
    uint64_t written = 0;
    CAPTURE(seed, static_cast<int>(policy), warm, another, mode, at - bench.begun);
    const Status status = bench.finish([&] {
      if (written != 0 || bench.cycle < at || bench.interrupt()) return;
      bench.write(kRegAbort, 1);
      written = bench.cycle;
    });
    if (status == Status::kOk) {
      ++finished;
      continue;
    }
    ++aborted;
    REQUIRE_STATUS(status, kAborted);
    REQUIRE(written != 0);
    // What is on the bus is finished, and memories are overwritten.
    CHECK(bench.done < written + bench.engine.clear_cycles + 20 * 100 + 5000);
    REQUIRE_FALSE(bench.lock.has_key());
    REQUIRE(bench.engine.clean());
    REQUIRE_FALSE(bench.engine.running());
    REQUIRE(bench.memory.idle());
    host.check_recovers();
  }
  CHECK(aborted > 60);
  CHECK(finished > 10);
}

TEST_CASE("a program that works without end is stopped at the cycle limit") {
  constexpr uint64_t kUnit = uint64_t{1} << kCycleLimitBits;
  const Step load{Step::kLoadWeights, 3, 300, 1}, wait{Step::kWaitFrames, 3}, end{Step::kEnd};
  for (Policy policy : {Policy::kPlain, Policy::kBlind}) {
    for (const uint32_t limit : {1U, 2U}) {
      CAPTURE(static_cast<int>(policy), limit);
      ToyPackage package = resident_package(33, policy);
      package.program = {load, wait, {Step::kCompute, 0x7fffffff}, end};
      Host host(23, resident_package(11), package);
      ShellBench& bench = host.bench;
      Arguments arguments = host.other_arguments();
      arguments.cycle_limit = limit;
      REQUIRE_STATUS(bench.run(arguments), kCycleLimit);
      CHECK(bench.counter(Counter::kTotal) >= limit * kUnit);
      CHECK(bench.counter(Counter::kTotal) < limit * kUnit + 1000);
      host.check_refused();
      host.check_recovers();
    }
  }
  // Just below the limit nothing happens, and no limit is none.
  ToyPackage package = resident_package(33);
  package.program = {load, wait, {Step::kCompute, static_cast<uint32_t>(kUnit) + 5000}, end};
  Host host(24, package);
  Arguments arguments = host.arguments();
  REQUIRE_STATUS(host.bench.run(arguments), kOk);
  arguments.cycle_limit = 2;
  REQUIRE_STATUS(host.bench.run(arguments), kOk);
  arguments.cycle_limit = 1;
  REQUIRE_STATUS(host.bench.run(arguments), kCycleLimit);
  host.check_refused();
}

TEST_CASE("a slow memory is not taken for a program that hangs") {
  Host host(18);
  host.bench.memory.timing = {3 * ShellBench::kStallCycles, 3 * ShellBench::kStallCycles, 0};
  REQUIRE_STATUS(host.bench.run(host.arguments()), kOk);
  host.check_output(host.package);
}

TEST_CASE("what is on the bus, and when, does not depend on content or keys") {
  std::vector<BusMemory::Burst> first_reads, first_writes;
  uint64_t first_cycles = 0;
  for (uint64_t seed : {41U, 42U, 43U}) {
    Host host(19, resident_package(seed));
    host.bench.memory.timing = {60, 60, 0};
    std::vector<BusMemory::Burst> reads, writes;
    for (int run = 0; run < 2; ++run) {
      host.fresh_input();
      REQUIRE_STATUS(host.bench.run(host.arguments()), kOk);
      reads.insert(reads.end(), host.bench.memory.reads.begin(), host.bench.memory.reads.end());
      writes.insert(writes.end(), host.bench.memory.writes.begin(), host.bench.memory.writes.end());
    }
    if (first_reads.empty()) {
      first_reads = reads;
      first_writes = writes;
      first_cycles = host.bench.done;
    }
    CHECK((reads == first_reads));
    CHECK((writes == first_writes));
    CHECK(host.bench.done == first_cycles);
  }
}

TEST_CASE("random hosts get outputs of whole packages or refusals") {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    const auto policy = [&] { return static_cast<Policy>(random() % 3); };
    const auto any = [&](uint64_t s) {
      return random() % 2 ? resident_package(s, policy()) : streaming_package(s, policy());
    };
    Host host(seed, any(11), any(22));
    ShellBench& bench = host.bench;
    bench.memory.timing = {1, static_cast<unsigned>(1 + random() % 100), random() % 2 ? 0.2 : 0.0};
    bench.lock.stall = random() % 3 ? 0.0 : 0.5;
    bench.engine.stall = random() % 3 ? 0.0 : 0.3;
    bench.lock.open_cycles = static_cast<unsigned>(1 + random() % 300);
    bench.engine.clear_cycles = static_cast<unsigned>(1 + random() % 800);
    for (int start = 0; start < 12; ++start) {
      host.fresh_input();
      const bool use_other = random() % 3 == 0;
      const ToyPackage& chosen = use_other ? host.other : host.package;
      const uint32_t mode = random() % 4 == 0;
      const Arguments arguments = use_other ? host.other_arguments(mode) : host.arguments(mode);
      // One bit of the file is wrong, perhaps; perhaps only after some reads.
      const bool fault = random() % 3 == 0;
      const uint64_t at = arguments.package + random() % (4096 * (1 + chosen.total_frames()));
      const uint8_t bit = static_cast<uint8_t>(1 << random() % 8);
      int reads_before = static_cast<int>(random() % 8);
      if (fault) {
        bench.memory.on_read = [&](uint64_t, uint64_t) {
          if (reads_before-- == 0) bench.memory.at(at) ^= bit;
        };
      }
      const Status status = bench.run(arguments);
      bench.memory.on_read = {};
      CAPTURE(start, use_other, mode, fault, static_cast<int>(status),
              static_cast<int>(chosen.policy));
      if (status == Status::kOk) {
        // Plain packages are not authenticated: what a fault does to them is not the device's
        // affair.
        if (mode == 0 && !(fault && chosen.policy == Policy::kPlain)) host.check_output(chosen);
        if (mode != 0) REQUIRE(bench.memory.writes.empty());
      } else {
        REQUIRE(fault);
        if (chosen.policy != Policy::kPlain) host.check_refused();
        REQUIRE_FALSE(bench.lock.has_key());
        REQUIRE(bench.engine.clean());
      }
      host.put(kPackage, host.package.bytes());
      host.put(kOther, host.other.bytes());
    }
  }
}

}  // namespace keyway::rtl_test
