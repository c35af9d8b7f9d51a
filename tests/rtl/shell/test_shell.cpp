// SPDX-License-Identifier: Apache-2.0
/// The start sequence between stand-ins: what continues, what begins afresh, what is refused, and
/// that nothing leaves or stays that was not verified.
#include <catch2/catch.hpp>
#include <random>

#include "shell_bench.hpp"
#include "toy_package.hpp"

namespace keyway::rtl_test {
namespace {

using namespace contract;

constexpr uint64_t kBase = ShellBench::kBase;
constexpr uint64_t kPackage = kBase, kOther = kBase + 0x20000, kLicence = kBase + 0x40000,
                   kOtherLicence = kBase + 0x41000, kInput = kBase + 0x50000,
                   kOutput = kBase + 0x60000;

std::string name(Status status) { return "status " + std::to_string(static_cast<int>(status)); }
#define REQUIRE_STATUS(actual, expected) REQUIRE(name(actual) == name(Status::expected))

/// A bench with a host: two packages, their licences, an input; knows what a run must write.
struct Host {
  explicit Host(uint64_t seed, ToyPackage first = resident_package(11),
                ToyPackage second = resident_package(22))
      : bench(seed), random(seed), package(std::move(first)), other(std::move(second)) {
    reset_memory();
  }
  ShellBench bench;
  std::mt19937_64 random;
  ToyPackage package, other;

  void put(uint64_t address, const std::vector<uint8_t>& bytes) {
    std::copy(bytes.begin(), bytes.end(), &bench.memory.at(address));
  }
  void reset_memory() {
    put(kPackage, package.bytes());
    put(kOther, other.bytes());
    put(kLicence, package.licence());
    put(kOtherLicence, other.licence());
    fresh_input();
  }
  void fresh_input() {
    for (uint32_t i = 0; i < kToyInputBytes; ++i) {
      bench.memory.at(kInput + i) = static_cast<uint8_t>(random());
    }
    std::fill_n(&bench.memory.at(kOutput), 4096, uint8_t{0xee});
  }
  Arguments arguments(uint32_t mode = 0) const {
    const bool plain = package.policy == Policy::kPlain;
    return {mode, kPackage, plain ? 0 : kLicence, kInput, kOutput};
  }
  Arguments other_arguments(uint32_t mode = 0) const {
    const bool plain = other.policy == Policy::kPlain;
    return {mode, kOther, plain ? 0 : kOtherLicence, kInput, kOutput};
  }

  /// The output area is what a run of `ran` must leave there.
  void check_output(const ToyPackage& ran) {
    const bool streaming = ran.resident == 0;
    const uint32_t from = streaming ? 700 : kToyDestination + 700;
    std::vector<Word> image = ran.memory(streaming ? 600 : kToyDestination);
    if (streaming) image.erase(image.begin() + 600, image.begin() + 600 + 510);  // second group
    std::vector<uint8_t> expected(4096, 0xee);
    Word sum{};
    for (uint32_t i = 0; i < kToyInputBytes; ++i) sum[i % 16] ^= bench.memory.at(kInput + i);
    for (uint32_t i = 0; i < 16 * kToyOutputWords; ++i) {
      expected[kToyOutputOffset + i] = image[from + i / 16][i % 16] ^ sum[i % 16];
    }
    for (uint32_t i = 0; i < 4096; ++i) {
      CAPTURE(i);
      REQUIRE(int{bench.memory.at(kOutput + i)} == int{expected[i]});
    }
  }
  /// Nothing was written, nothing stays: no key, no weights, and the next run is cold.
  void check_refused() {
    REQUIRE(bench.memory.writes.empty());
    for (uint32_t i = 0; i < 4096; ++i) REQUIRE(int{bench.memory.at(kOutput + i)} == 0xee);
    REQUIRE_FALSE(bench.lock.has_key());
    REQUIRE(bench.engine.clean());
    REQUIRE_FALSE(bench.engine.running());
    REQUIRE(bench.memory.idle());
  }
  /// After a refusal everything works again from scratch.
  void check_recovers() {
    reset_memory();
    bench.memory.error_pages.clear();
    bench.memory.on_read = {};
    const unsigned opens = bench.lock.opens, warm = bench.engine.warm_runs;
    REQUIRE_STATUS(bench.run(arguments()), kOk);
    check_output(package);
    if (package.policy != Policy::kPlain) REQUIRE(bench.lock.opens == opens + 1);
    REQUIRE(bench.engine.warm_runs == warm);
  }
};

}  // namespace

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
  // The open package reads 640 bytes of input, the new one 64, and behind those the bus ends.
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
  REQUIRE_STATUS(bench.run(arguments), kOk);
  REQUIRE_STATUS(bench.run(arguments), kOk);
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

TEST_CASE("every byte of header block and licence counts, warm and cold") {
  const bool warm = GENERATE(false, true);
  Host host(7);
  ShellBench& bench = host.bench;
  const uint32_t header_bytes = kHeaderBlockBytes, licence_bytes = kLicenceBytes;
  for (uint32_t i = 0; i < header_bytes + licence_bytes; i += warm ? 5 : 7) {
    CAPTURE(i, warm);
    if (warm) {
      REQUIRE_STATUS(bench.run(host.arguments()), kOk);
      host.fresh_input();
    }
    const uint64_t address = i < header_bytes ? kPackage + i : kLicence + i - header_bytes;
    bench.memory.at(address) ^= static_cast<uint8_t>(1 << host.random() % 8);
    const unsigned warm_runs = bench.engine.warm_runs;
    const Status status = bench.run(host.arguments());
    REQUIRE(status != Status::kOk);
    REQUIRE(bench.engine.warm_runs == warm_runs + warm);  // it was tried
    host.check_refused();
    host.reset_memory();
  }
  host.check_recovers();
}

TEST_CASE("headers that are not for this core are refused by name") {
  Host host(8);
  const auto run = [&](const ToyPackage& package) {
    host.put(kPackage, package.bytes());
    host.put(kLicence, package.licence());
    host.fresh_input();
    const Status status = host.bench.run(host.arguments());
    if (status != Status::kOk) host.check_refused();
    return status;
  };
  for (Policy policy : {Policy::kPlain, Policy::kSealed}) {
    const ToyPackage good = resident_package(11, policy);
    ToyPackage bad = good;
    bad.lanes = 8;
    REQUIRE_STATUS(run(bad), kWrongCore);
    bad = good;
    bad.depth = 32;
    REQUIRE_STATUS(run(bad), kWrongCore);
    bad = good;
    bad.activation_bytes = 256 * 1024 + 1;
    REQUIRE_STATUS(run(bad), kWrongCore);
    bad.activation_bytes = 256 * 1024;
    bad.weight_bytes = 32768;  // all that there is
    REQUIRE_STATUS(run(bad), kOk);
    bad.weight_bytes = 32769;
    REQUIRE_STATUS(run(bad), kWrongCore);
    bad = good;
    bad.contract_hash ^= 1;
    REQUIRE_STATUS(run(bad), kBadHeader);
    bad = good;
    bad.manifest_bytes = 4096 - 127;
    REQUIRE_STATUS(run(bad), kBadHeader);
    bad.manifest_bytes = 4096 - 128;
    REQUIRE_STATUS(run(bad), kOk);
    bad = good;
    bad.program_frames = 9;  // 9 payloads are more than 32 KiB
    REQUIRE_STATUS(run(bad), kWrongCore);
    const std::vector<uint8_t> file = good.bytes();
    for (auto [offset, value] : {std::pair{kHeaderMagicOffset, 0},
                                 {kHeaderPolicyOffset, 3},
                                 {kHeaderHeaderPagesOffset, 0},
                                 {kHeaderHeaderPagesOffset + 2, 1},
                                 {kHeaderProgramFramesOffset, 0},
                                 {kHeaderTotalFramesOffset, 0},
                                 {kHeaderTotalFramesOffset + 3, 1}}) {
      host.put(kPackage, file);
      host.put(kLicence, good.licence());
      host.fresh_input();
      host.bench.memory.at(kPackage + offset) = static_cast<uint8_t>(value);
      CAPTURE(offset, value);
      REQUIRE_STATUS(host.bench.run(host.arguments()), kBadHeader);
      host.check_refused();
    }
    REQUIRE_STATUS(run(good), kOk);
  }
}

TEST_CASE("the header that is used is the header that was authenticated") {
  // Memory changes between the first read of the block and the stream through the tag check.
  for (bool first_is_genuine : {true, false}) {
    for (uint32_t offset = 0; offset < kHeaderBlockBytes; ++offset) {
      // A first read that names no valid package is refused before there is a second one.
      if (offset < 64 && !first_is_genuine) continue;
      CAPTURE(first_is_genuine, offset);
      Host host(9);
      ShellBench& bench = host.bench;
      int header_reads = 0;
      if (!first_is_genuine) bench.memory.at(kPackage + offset) ^= 0x10;
      bench.memory.on_read = [&](uint64_t address, uint64_t) {
        if (address == kPackage && ++header_reads == 2) bench.memory.at(kPackage + offset) ^= 0x10;
      };
      const Status status = bench.run(host.arguments());
      const bool licence_covers = offset >= kHeaderTagOffset && offset < kHeaderTagOffset + 16;
      if (!first_is_genuine && licence_covers) {
        REQUIRE_STATUS(status, kLicenceRefused);
      } else {
        REQUIRE_STATUS(status, kAuthentication);
      }
      host.check_refused();
    }
  }
}

TEST_CASE("a bit of any header page is authenticated") {
  ToyPackage package = resident_package(11);
  package.header_pages = 3;
  Host host(10, package);
  REQUIRE_STATUS(host.bench.run(host.arguments()), kOk);
  host.check_output(host.package);
  host.fresh_input();
  REQUIRE_STATUS(host.bench.run(host.other_arguments()), kOk);
  for (uint64_t offset : {128U, 4095U, 4096U, 8191U, 12287U}) {
    CAPTURE(offset);
    host.fresh_input();
    host.bench.memory.at(kPackage + offset) ^= 1;
    REQUIRE_STATUS(host.bench.run(host.arguments()), kAuthentication);
    host.check_refused();
    host.bench.memory.at(kPackage + offset) ^= 1;
  }
}

TEST_CASE("a frame that fails ends everything, whichever it is") {
  for (bool streaming : {false, true}) {
    const ToyPackage package = streaming ? streaming_package(11) : resident_package(11);
    for (uint32_t frame = 0; frame < package.total_frames(); ++frame) {
      for (bool opened : {false, true}) {
        for (uint32_t offset : {0U, 2000U, 4079U, 4080U, 4095U}) {
          CAPTURE(streaming, frame, opened, offset);
          Host host(frame + 100, package);
          ShellBench& bench = host.bench;
          bench.memory.timing = {1, 40, 0.1};
          if (opened) REQUIRE_STATUS(bench.run(host.arguments(1)), kOk);
          bench.memory.at(kPackage + 4096 * (1 + frame) + offset) ^= 4;
          REQUIRE_STATUS(bench.run(host.arguments()), kAuthentication);
          host.check_refused();
          if (offset == 0) host.check_recovers();
        }
      }
    }
  }
}

TEST_CASE("frames swapped, repeated or changed between runs are refused") {
  Host host(12, streaming_package(11));
  ShellBench& bench = host.bench;
  const std::vector<uint8_t> file = host.package.bytes();
  const uint32_t total = host.package.total_frames();
  for (uint32_t a = 0; a < total; ++a) {
    for (uint32_t b = 0; b < total; ++b) {
      if (a == b) continue;
      CAPTURE(a, b);
      REQUIRE_STATUS(bench.run(host.arguments()), kOk);
      host.check_output(host.package);
      host.fresh_input();
      // Frame a appears where frame b should be, in the second run only.
      std::copy_n(file.begin() + 4096 * (1 + a), 4096, &bench.memory.at(kPackage + 4096 * (1 + b)));
      REQUIRE_STATUS(bench.run(host.arguments()), kAuthentication);
      host.check_refused();
      host.reset_memory();
    }
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
