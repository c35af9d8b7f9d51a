// SPDX-License-Identifier: Apache-2.0
/// The whole kernel with real packages: random programs of every policy against the engine's
/// reference, residency, lock overhead, wrong devices and licences, and a host that changes memory.
#include <catch2/catch.hpp>

#include "common/error.hpp"
#include "kernel_scene.hpp"
#include "seed.hpp"

namespace keyway::rtl_test {

TEST_CASE("random programs of every policy give what the reference stores") {
  const std::string core = GENERATE("8x8", "16x16", "narrow", "wide");
  const uint64_t first = test::setting("KEYWAY_SEED", 1),
                 count = test::setting("KEYWAY_PROGRAMS", 24);
  const Party party(99);
  KernelBench bench(make_kernel(core), first);
  bench.set_identity(party.identity());
  for (uint64_t seed = first; seed < first + count; ++seed) {
    INFO("repeat with KEYWAY_SEED=" << seed << " KEYWAY_PROGRAMS=1, core " << core);
    bench.memory.timing = {1, static_cast<unsigned>(1 + seed * 7 % 90), seed % 3 ? 0.0 : 0.3};
    const auto scenario = test::random_scenario(shape_of(core), seed);
    const Policy policy = static_cast<Policy>(seed % 3);
    const Locked locked = make(*scenario, policy, scenario->frames().empty(), party);
    for (int run = 0; run < 2; ++run) {
      CAPTURE(run);
      load(bench, locked, *scenario);
      REQUIRE_STATUS(bench.run(arguments(locked)), Status::kOk);
      REQUIRE(difference(bench, *scenario) == "");
    }
  }
}

TEST_CASE("lock overhead is within its bounds, and resident runs read no frame") {
  const std::string core = GENERATE("8x8", "16x16");
  const auto scenario = resident_scenario(shape_of(core), 5);
  const Party party(7);
  uint64_t cold[3], warm[3];
  for (Policy policy : {Policy::kPlain, Policy::kSealed, Policy::kBlind}) {
    KernelBench bench(make_kernel(core), 1);
    bench.memory.timing = {60, 60, 0};
    bench.set_identity(party.identity());
    const Locked locked = make(*scenario, policy, true, party);
    load(bench, locked, *scenario);
    REQUIRE_STATUS(bench.run(arguments(locked, 1)), Status::kOk);
    REQUIRE(untouched(bench));
    REQUIRE_STATUS(bench.run(arguments(locked)), Status::kOk);
    REQUIRE(difference(bench, *scenario) == "");
    const auto index = static_cast<size_t>(policy);
    CHECK(bench.counter(Counter::kOpen) == 0);
    CHECK(bench.counter(Counter::kFrames) >= scenario->frames().size());
    cold[index] = bench.counter(Counter::kTotal);
    for (int run = 0; run < 2; ++run) {
      load(bench, locked, *scenario);
      REQUIRE_STATUS(bench.run(arguments(locked)), Status::kOk);
      REQUIRE(difference(bench, *scenario) == "");
      CHECK(bench.counter(Counter::kFrames) == 0);
      warm[index] = bench.counter(Counter::kTotal);
    }
  }
  WARN(core << ": cold " << cold[0] << " plain, " << cold[1] << " sealed; warm " << warm[0]
            << " plain, " << warm[1] << " sealed");
  for (size_t locked : {1, 2}) {
    CHECK(warm[locked] == warm[0]);
    CHECK(cold[locked] <= cold[0] + cold[0] * 3 / 100);
  }
}

TEST_CASE("wrong devices, owners and licences") {
  const auto scenario = resident_scenario(shape_of("16x16"), 6);
  const Party party(1), stranger(2);
  for (Policy policy : {Policy::kSealed, Policy::kBlind}) {
    const Locked locked = make(*scenario, policy, true, party);
    const Locked other = make(*scenario, policy, true, party);  // another id, so other keys
    const auto run = [&](KernelBench& bench, const Bytes& licence) {
      load(bench, locked, *scenario);
      bench.put(kLicence, licence);
      auto list = arguments(locked);
      if (licence.empty()) list[2] = 0;
      return bench.run(list);
    };
    {
      KernelBench bench(make_kernel("16x16"), 2);
      bench.set_identity(party.identity());
      // Each refusal follows a resident run, whose residency it must not borrow.
      for (int i = 0; i < 2; ++i) {
        REQUIRE_STATUS(run(bench, locked.licence), Status::kOk);
        REQUIRE(difference(bench, *scenario) == "");
        REQUIRE_STATUS(i == 0 ? run(bench, {}) : run(bench, other.licence),
                       i == 0 ? Status::kNoLicence : Status::kLicenceRefused);
        REQUIRE(untouched(bench));
      }
      REQUIRE_STATUS(run(bench, locked.licence), Status::kOk);
      REQUIRE(difference(bench, *scenario) == "");
    }
    const auto fresh_device = [&](const platform::Identity& identity) {
      auto bench = std::make_unique<KernelBench>(make_kernel("16x16"), 3);
      bench->set_identity(identity);
      return bench;
    };
    auto bench = fresh_device(stranger.identity());
    REQUIRE_STATUS(run(*bench, locked.licence), Status::kLicenceRefused);
    REQUIRE(untouched(*bench));
    bench = fresh_device(platform::Identity{});
    REQUIRE_STATUS(run(*bench, locked.licence), Status::kNotEnrolled);
    REQUIRE(untouched(*bench));
    platform::Identity near = party.identity();
    near.fuse[17] ^= 0x20;
    bench = fresh_device(near);
    const Status status = run(*bench, locked.licence);
    if (policy == Policy::kSealed) {
      REQUIRE_STATUS(status, Status::kWrongDevice);
      REQUIRE(untouched(*bench));
    } else {
      REQUIRE_STATUS(status, Status::kOk);
      REQUIRE(difference(*bench, *scenario) != "");
    }
  }
}

TEST_CASE("every bit of a locked package counts") {
  const uint64_t seed = test::setting("KEYWAY_SEED", 4), flips = test::setting("KEYWAY_FLIPS", 40);
  const auto scenario = resident_scenario(shape_of("8x8"), 6);
  const Party party(3);
  std::mt19937_64 random(seed);
  KernelBench bench(make_kernel("8x8"), seed);
  bench.set_identity(party.identity());
  for (Policy policy : {Policy::kSealed, Policy::kBlind}) {
    const Locked locked = make(*scenario, policy, true, party);
    for (uint64_t i = 0; i < flips; ++i) {
      // One in four in the header block, one in four in the licence.
      const uint64_t where = random() % 4;
      const uint64_t address = where == 0   ? kPackage + random() % kHeaderBlockBytes
                               : where == 1 ? kLicence + random() % kLicenceBytes
                                            : kPackage + random() % locked.package.size();
      const auto bit = static_cast<uint8_t>(1 << random() % 8);
      CAPTURE(seed, i, address - kBase, int{bit});
      load(bench, locked, *scenario);
      bench.memory.at(address) ^= bit;
      REQUIRE(name(bench.run(arguments(locked))) != name(Status::kOk));
      REQUIRE(untouched(bench));
    }
    load(bench, locked, *scenario);
    REQUIRE_STATUS(bench.run(arguments(locked)), Status::kOk);
    REQUIRE(difference(bench, *scenario) == "");
  }
}

TEST_CASE("a bit of every byte of header and licence, against a resident package") {
  const uint64_t seed = test::setting("KEYWAY_SEED", 5);
  const auto scenario = resident_scenario(shape_of("8x8"), 6);
  const Party party(3);
  std::mt19937_64 random(seed);
  KernelBench bench(make_kernel("8x8"), seed);
  bench.set_identity(party.identity());
  for (Policy policy : {Policy::kSealed, Policy::kBlind}) {
    const Locked locked = make(*scenario, policy, true, party);
    for (uint32_t byte = 0; byte < kHeaderBlockBytes + kLicenceBytes; ++byte) {
      load(bench, locked, *scenario);
      REQUIRE_STATUS(bench.run(arguments(locked)), Status::kOk);
      load(bench, locked, *scenario);
      const uint64_t address =
          byte < kHeaderBlockBytes ? kPackage + byte : kLicence + byte - kHeaderBlockBytes;
      bench.memory.at(address) ^= static_cast<uint8_t>(1 << random() % 8);
      CAPTURE(seed, static_cast<int>(policy), byte);
      REQUIRE(name(bench.run(arguments(locked))) != name(Status::kOk));
      REQUIRE(untouched(bench));
    }
  }
}

TEST_CASE("what is outside of the chip sees the same for every device, input and weights") {
  // All pins that a host or a bus sees, in every cycle, but for the data that are read and written.
  struct Pins {
    uint64_t araddr, awaddr, wstrb, flags;
    uint32_t control, events;
    bool operator==(const Pins& o) const {
      return araddr == o.araddr && awaddr == o.awaddr && wstrb == o.wstrb && flags == o.flags &&
             control == o.control && events == o.events;
    }
  };
  const Party party(1);
  Party other_device = party;
  other_device.device.fuse[5] ^= 1;
  const auto scenario = resident_scenario(shape_of("8x8"), 5);
  const auto trace = [&](const Party& device, uint64_t weights, uint64_t image) {
    // The same program over other codes.
    program::Program program = program_of(*scenario, true);
    std::mt19937_64 codes(weights);
    for (uint8_t& code : program.weight_image) code = static_cast<uint8_t>(codes());
    Locked locked;
    locked.package = lock::seal_program(program, Policy::kBlind, party.owner);
    locked.licence = lock::make_licence(lock::parse_package(locked.package, "package"), party.owner,
                                        party.enrolment);
    KernelBench bench(make_kernel("8x8"), 1);
    bench.memory.timing = {60, 60, 0};
    bench.set_identity(device.identity());
    load(bench, locked, *scenario);
    std::mt19937_64 random(image);
    for (size_t i = 0; i < scenario->input_bytes().size(); ++i)
      bench.memory.at(kInput + i) = static_cast<uint8_t>(random());
    std::vector<Pins> pins;
    bench.watch = [&](const platform::KernelOutputs& out) {
      const auto& m = out.memory;
      const auto& c = out.control;
      uint64_t flags = 0;
      for (const bool bit : {m.arvalid, m.awvalid, m.wvalid, m.wlast, m.rready, m.bready,
                             out.interrupt, c.awready, c.wready, c.bvalid, c.arready, c.rvalid})
        flags = flags << 1 | uint64_t{bit};
      pins.push_back({m.arvalid ? m.araddr << 8 | m.arlen : 0,
                      m.awvalid ? m.awaddr << 8 | m.awlen : 0, m.wvalid ? m.wstrb : 0, flags,
                      c.rvalid ? c.rdata : 0, out.events});
    };
    std::vector<uint64_t> several = arguments(locked);
    several[5] = 3;       // inputs
    several[7] = 0x1000;  // bytes from output to output
    REQUIRE_STATUS(bench.run(arguments(locked, 1)), Status::kOk);
    for (int run = 0; run < 2; ++run) REQUIRE_STATUS(bench.run(arguments(locked)), Status::kOk);
    REQUIRE_STATUS(bench.run(several), Status::kOk);
    for (size_t i = 0; i < kCounters.size(); ++i) bench.counter(static_cast<Counter>(i));
    return pins;
  };
  const auto first = trace(party, 1, 1);
  REQUIRE(first.size() > 20'000);
  CHECK((trace(party, 1, 1) == first));
  CHECK((trace(other_device, 1, 1) == first));  // whose weights are noise
  CHECK((trace(party, 1, 2) == first));
  CHECK((trace(party, 2, 1) == first));
}

TEST_CASE("a reset of four cycles is enough, and a shorter one is said to be too short") {
  const auto scenario = resident_scenario(shape_of("8x8"), 6);
  const Party party(3);
  const Locked locked = make(*scenario, Policy::kSealed, true, party);
  for (const unsigned cycles : {4U, 5U, 16U}) {
    KernelBench bench(make_kernel("8x8"), 1);
    bench.set_identity(party.identity());
    load(bench, locked, *scenario);
    REQUIRE_STATUS(bench.run(arguments(locked)), Status::kOk);
    for (const uint64_t moment : {0U, 300U, 900U}) {
      CAPTURE(cycles, moment);
      bench.start(arguments(locked));
      bench.advance(moment);
      bench.reset(cycles);
      load(bench, locked, *scenario);
      REQUIRE_STATUS(bench.run(arguments(locked)), Status::kOk);
      CHECK(bench.counter(Counter::kOpen) > 1000);  // nothing was open any more
      REQUIRE(difference(bench, *scenario) == "");
    }
  }
  for (const unsigned cycles : {1U, 3U}) {
    KernelBench bench(make_kernel("8x8"), 1);
    CHECK_THROWS_AS(bench.reset(cycles), Error);
  }
}

TEST_CASE("memory that changes between two reads of the header is refused") {
  const auto scenario = resident_scenario(shape_of("8x8"), 6);
  const Party party(3);
  KernelBench bench(make_kernel("8x8"), 5);
  bench.set_identity(party.identity());
  const Locked locked = make(*scenario, Policy::kBlind, true, party);
  for (uint32_t offset = 0; offset < kHeaderBlockBytes; offset += 3) {
    for (bool first_is_genuine : {true, false}) {
      // A first read that names no valid package is refused before there is a second one.
      if (!first_is_genuine && offset < 80) continue;
      CAPTURE(offset, first_is_genuine);
      load(bench, locked, *scenario);
      if (!first_is_genuine) bench.memory.at(kPackage + offset) ^= 0x10;
      int reads = 0;
      bench.memory.on_read = [&](uint64_t address, uint64_t) {
        if (address == kPackage && ++reads == 2) bench.memory.at(kPackage + offset) ^= 0x10;
      };
      REQUIRE_STATUS(bench.run(arguments(locked)), Status::kAuthentication);
      REQUIRE(untouched(bench));
      bench.memory.on_read = {};
    }
  }
}

}  // namespace keyway::rtl_test
