// SPDX-License-Identifier: Apache-2.0
/// Memory model and pin-to-TLM bridge, driven on the pins by a random master and compared with a
/// plain array: data, latency, bandwidth, stalls, errors. The protocol checker watches throughout.
#include <catch2/catch.hpp>
#include <deque>
#include <random>
#include <vector>

#include "common/error.hpp"
#include "platform/axi_bridge.hpp"
#include "platform/axi_checker.hpp"
#include "platform/ddr.hpp"
#include "seed.hpp"

using namespace keyway;
using namespace keyway::platform;

namespace {

constexpr uint64_t kBase = uint64_t{1} << 32;
constexpr uint64_t kBytes = 1 << 20;
constexpr unsigned kMaxOutstanding = 6;

const sc_core::sc_time& period() {
  static const sc_core::sc_time period(4, sc_core::SC_NS);
  return period;
}

/// SystemC's modules are made once in a process, so all tests share these.
struct Bench {
  Ddr ddr{"ddr", kBase, kBytes, period()};
  AxiBridge bridge{"bridge", period()};
  Bench() {
    bridge.socket.bind(ddr.socket);
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
  }
  static Bench& get() {
    static Bench bench;
    return bench;
  }
  void reset(unsigned bus_bytes, const MemoryOptions& options) {
    ddr.clear();
    ddr.set_latency(options.latency);
    bridge.reset(bus_bytes, options);
  }
};

struct Burst {
  uint64_t address = 0;
  unsigned beats = 1;
  std::vector<uint8_t> data, strobes;
};

/// A master that issues the given bursts in order, as early as the bridge lets it.
struct Master {
  Master(unsigned bus_bytes, double reluctance, uint64_t seed)
      : bus_bytes_(bus_bytes), checker_(bus_bytes), random_(seed), reluctant_(reluctance) {}

  std::deque<Burst> writes, reads;
  std::vector<std::vector<uint8_t>> read_data;
  std::vector<uint8_t> read_responses, write_responses;
  uint64_t first_beat = 0, last_beat = 0, first_response = 0, address_accepted = 0;

  /// Runs to the end of all bursts; returns the number of cycles.
  uint64_t run() {
    AxiBridge& bridge = Bench::get().bridge;
    size_t reads_due = reads.size(), writes_due = writes.size();
    uint64_t cycle = 0;
    MemoryMaster pins;
    MemorySlave slave;
    std::deque<Burst> data_due;
    std::vector<uint8_t> collected;
    unsigned beat = 0;
    checker_.sample(0, true, pins, slave);  // first cycle out of reset
    for (cycle = 1; read_responses_due(reads_due) || write_responses.size() < writes_due; ++cycle) {
      REQUIRE(cycle < 1'000'000);
      if (!pins.arvalid && !reads.empty() && eager()) {
        pins.arvalid = true;
        pins.araddr = reads.front().address;
        pins.arlen = static_cast<uint8_t>(reads.front().beats - 1);
        pins.arsize = pins.awsize = size();
        pins.arburst = kIncrementingBurst;
      }
      if (!pins.awvalid && !writes.empty() && eager()) {
        pins.awvalid = true;
        pins.awaddr = writes.front().address;
        pins.awlen = static_cast<uint8_t>(writes.front().beats - 1);
        pins.awsize = size();
        pins.awburst = kIncrementingBurst;
      }
      if (!pins.wvalid && !data_due.empty() && eager()) {
        const Burst& burst = data_due.front();
        pins.wvalid = true;
        pins.wlast = beat + 1 == burst.beats;
        pins.wstrb = 0;
        for (unsigned i = 0; i < bus_bytes_; ++i) {
          pins.wdata[i] = burst.data[beat * bus_bytes_ + i];
          pins.wstrb |= uint64_t{burst.strobes[beat * bus_bytes_ + i]} << i;
        }
      }
      pins.rready = eager();
      pins.bready = eager();
      bridge.drive(cycle, slave);
      checker_.sample(cycle, true, pins, slave);
      bridge.sample(cycle, pins, slave);
      if (pins.arvalid && slave.arready) {
        pins.arvalid = false;
        reads.pop_front();
        if (address_accepted == 0) address_accepted = cycle;
      }
      if (slave.rvalid && pins.rready) {
        if (first_beat == 0) first_beat = cycle;
        last_beat = cycle;
        collected.insert(collected.end(), slave.rdata.begin(), slave.rdata.begin() + bus_bytes_);
        if (slave.rlast) {
          read_data.push_back(collected);
          read_responses.push_back(slave.rresp);
          collected.clear();
        }
      }
      if (pins.wvalid && slave.wready) {
        pins.wvalid = false;
        last_beat = cycle;
        if (++beat == data_due.front().beats) {
          beat = 0;
          data_due.pop_front();
        }
      }
      if (pins.awvalid && slave.awready) {
        pins.awvalid = false;
        data_due.push_back(writes.front());
        writes.pop_front();
      }
      if (slave.bvalid && pins.bready) {
        if (first_response == 0) first_response = cycle;
        write_responses.push_back(slave.bresp);
      }
    }
    return cycle;
  }

 private:
  bool read_responses_due(size_t due) const { return read_responses.size() < due; }
  bool eager() { return !reluctant_(random_); }
  uint8_t size() const { return static_cast<uint8_t>(__builtin_ctz(bus_bytes_)); }

  unsigned bus_bytes_;
  MemoryChecker checker_;
  std::mt19937_64 random_;
  std::bernoulli_distribution reluctant_;
};

Burst random_burst(std::mt19937_64& random, unsigned bus_bytes, bool partial) {
  Burst burst;
  const unsigned beats_in_page = 4096 / bus_bytes;
  const uint64_t first = random() % beats_in_page;
  burst.beats =
      1 + static_cast<unsigned>(random() % std::min<uint64_t>(beats_in_page - first, 256));
  burst.address = kBase + (random() % (kBytes / 4096)) * 4096 + first * bus_bytes;
  for (unsigned i = 0; i < burst.beats * bus_bytes; ++i) {
    burst.data.push_back(static_cast<uint8_t>(random()));
    burst.strobes.push_back(!partial || random() % 2 == 0);
  }
  return burst;
}

}  // namespace

TEST_CASE("random bursts: memory equals an array, at every bus width, with and without stalls") {
  const uint64_t seed = test::seed();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  for (const unsigned bus_bytes : {8U, 16U, 32U, 64U})
    for (const double stall : {0.0, 0.3, 0.9}) {
      INFO("bus " << 8 * bus_bytes << " bits, stall " << stall);
      MemoryOptions options;
      options.latency = 1 + static_cast<uint32_t>(random() % 90);
      options.stall = stall;
      options.seed = random();
      Bench::get().reset(bus_bytes, options);
      std::vector<uint8_t> expected(kBytes);
      Master writer(bus_bytes, stall / 2, random());
      for (int i = 0; i < 40; ++i) {
        writer.writes.push_back(random_burst(random, bus_bytes, i % 3 == 0));
        const Burst& burst = writer.writes.back();
        for (size_t k = 0; k < burst.data.size(); ++k)
          if (burst.strobes[k] != 0) expected[burst.address - kBase + k] = burst.data[k];
      }
      writer.run();
      CHECK(writer.write_responses == std::vector<uint8_t>(40, kOkay));

      Master reader(bus_bytes, stall / 2, random());
      std::vector<Burst> bursts;
      for (int i = 0; i < 40; ++i) bursts.push_back(random_burst(random, bus_bytes, false));
      reader.reads.assign(bursts.begin(), bursts.end());
      reader.run();
      REQUIRE(reader.read_data.size() == bursts.size());
      for (size_t i = 0; i < bursts.size(); ++i) {
        const auto begin = expected.begin() + static_cast<long>(bursts[i].address - kBase);
        INFO("burst " << i << " at offset " << bursts[i].address - kBase);
        CHECK(reader.read_data[i] ==
              std::vector<uint8_t>(begin, begin + static_cast<long>(bursts[i].data.size())));
      }
      std::vector<uint8_t> whole(kBytes);
      REQUIRE(Bench::get().ddr.read(kBase, whole.data(), kBytes));
      CHECK(whole == expected);
    }
}

TEST_CASE("latency is exact, then one beat a cycle") {
  for (const uint32_t latency : {1U, 60U, 73U}) {
    INFO("latency " << latency);
    MemoryOptions options;
    options.latency = latency;
    Bench::get().reset(16, options);
    Master reader(16, 0, 1);
    for (uint64_t i = 0; i < 8; ++i) reader.reads.push_back({kBase + i * 4096, 256, {}, {}});
    reader.run();
    CHECK(reader.first_beat - reader.address_accepted == latency);
    // Eight bursts outstanding hide every latency but the first.
    CHECK(reader.last_beat - reader.first_beat == 8 * 256 - 1);

    Bench::get().reset(16, options);
    Master writer(16, 0, 1);
    writer.writes.push_back({kBase, 4, std::vector<uint8_t>(64), std::vector<uint8_t>(64, 1)});
    writer.run();
    CHECK(writer.first_response - writer.last_beat == latency);
  }
}

TEST_CASE("stalls come with their probability, and equal seeds give equal runs") {
  const auto cycles = [](double stall, uint64_t seed) {
    MemoryOptions options;
    options.stall = stall;
    options.seed = seed;
    Bench::get().reset(16, options);
    Master reader(16, 0, 1);
    for (uint64_t i = 0; i < 40; ++i) reader.reads.push_back({kBase + i * 4096, 256, {}, {}});
    reader.run();
    return reader.last_beat - reader.first_beat;
  };
  const double beats = 40 * 256;
  for (const double stall : {0.1, 0.3, 0.7}) {
    const double expected = beats / (1 - stall);
    INFO("stall " << stall);
    CHECK(static_cast<double>(cycles(stall, 5)) == Approx(expected).epsilon(0.05));
  }
  CHECK(cycles(0.3, 5) == cycles(0.3, 5));
  CHECK(cycles(0.3, 5) != cycles(0.3, 6));
}

TEST_CASE("what is outside the memory answers with a decode error") {
  Bench::get().reset(16, {});
  for (const uint64_t address : {uint64_t{0}, kBase - 4096, kBase + kBytes, ~uint64_t{4095}}) {
    INFO("address " << std::hex << address);
    Master master(16, 0, 1);
    master.reads.push_back({address, 2, {}, {}});
    master.writes.push_back({address, 1, std::vector<uint8_t>(16, 1), std::vector<uint8_t>(16, 1)});
    master.run();
    CHECK(master.read_responses == std::vector<uint8_t>{kDecerr});
    CHECK(master.read_data[0] == std::vector<uint8_t>(32));
    CHECK(master.write_responses == std::vector<uint8_t>{kDecerr});
  }
  uint8_t byte = 0;
  CHECK_FALSE(Bench::get().ddr.read(kBase + kBytes - 1, &byte, 2));
  CHECK_FALSE(Bench::get().ddr.write(kBase - 1, &byte, 1));
}

TEST_CASE("memory options") {
  const MemoryOptions defaults = parse_memory_options("");
  CHECK(defaults.latency == 60);
  CHECK(defaults.stall == 0.0);
  CHECK(defaults.seed == 1);
  const MemoryOptions options =
      parse_memory_options("latency=73,stall=0.3,seed=18446744073709551615");
  CHECK(options.latency == 73);
  CHECK(options.stall == 0.3);
  CHECK(options.seed == ~uint64_t{0});
  CHECK(to_string(parse_memory_options(to_string(options))) == to_string(options));
  for (const char* bad : {"latency=0", "latency=-1", "latency=1000001", "latency=", "latency=5x",
                          "stall=1", "stall=-0.1", "stall=nan", "seed=-1", "sped=1", "latency",
                          "latency=60,,seed=1", "stall=0.5 "}) {
    INFO(bad);
    CHECK_THROWS_AS(parse_memory_options(bad), Error);
  }
}
