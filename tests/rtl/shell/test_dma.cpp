// SPDX-License-Identifier: Apache-2.0
/// Both bus masters at every data width: random requests, latencies and stalls against a byte
/// array, with the AXI protocol checker on the bus; throughput, fairness, buffer bounds, bus
/// errors, flush and abort.
#include <VDmaBench128.h>
#include <VDmaBench256.h>
#include <VDmaBench512.h>
#include <VDmaBench64.h>

#include <catch2/catch.hpp>
#include <deque>
#include <memory>
#include <random>

#include "bus_memory.hpp"
#include "pin_access.hpp"
#include "platform/axi_checker.hpp"

namespace keyway::rtl_test {
namespace {

using Word = std::array<uint8_t, 16>;
constexpr unsigned kClients = 3;
constexpr unsigned kInput = 0, kHeader = 1, kFrames = 2;
constexpr uint64_t kBase = 0x1'2345'0000'0000;  // beyond 32 bits
constexpr size_t kMemoryBytes = 256 * 1024;

struct Request {
  uint64_t address;
  uint32_t bytes;
};

template <typename Top>
class DmaBench {
 public:
  explicit DmaBench(uint64_t seed)
      : top_(std::make_unique<Top>(&context_)),
        memory(kBase, kMemoryBytes, bus_bytes<Top>(), seed),
        checker_(bus_bytes<Top>()),
        random(seed) {
    for (auto& byte : memory.bytes) byte = static_cast<uint8_t>(random());
    top_->rst_ni = 0;
    for (int i = 0; i < 3; ++i) step();
    top_->rst_ni = 1;
  }

  std::deque<Request> reads[kClients];  ///< to ask for
  std::deque<Word> received[kClients];  ///< words that came
  std::deque<bool> received_last[kClients];
  double reader_stall = 0;  ///< probability that a client does not take its word
  std::deque<Request> writes;
  std::deque<Word> write_words;
  double writer_stall = 0;
  bool flush = false, abort = false;
  uint32_t buffer_bytes = kMemoryBytes;  ///< of everybody's buffer, at kBase

 private:
  VerilatedContext context_;
  std::unique_ptr<Top> top_;

 public:
  BusMemory memory;

 private:
  platform::MemoryChecker checker_;

 public:
  std::mt19937_64 random;
  uint64_t cycle = 0;

  Top& top() { return *top_; }
  bool chance(double p) {
    return p > 0 && std::uniform_real_distribution<double>(0, 1)(random) < p;
  }

  void step() {
    Top& t = *top_;
    const bool in_reset = !t.rst_ni;
    uint8_t valid = 0, ready = 0;
    std::array<uint64_t, kClients> read_offsets{};
    for (unsigned i = 0; i < kClients; ++i) {
      if (!reads[i].empty() && !in_reset) {
        valid |= static_cast<uint8_t>(1 << i);
        read_offsets[i] = reads[i].front().address - kBase;
        t.read_bytes_i[i] = reads[i].front().bytes;
      }
      t.read_address_i[2 * i] = static_cast<uint32_t>(kBase);
      t.read_address_i[2 * i + 1] = static_cast<uint32_t>(kBase >> 32);
      t.read_size_i[i] = buffer_bytes;
      if (!chance(reader_stall)) ready |= static_cast<uint8_t>(1 << i);
    }
    // 44 bits each, one behind the other.
    static_assert(kClients == 3);
    t.read_offset_i[0] = static_cast<uint32_t>(read_offsets[0]);
    t.read_offset_i[1] = static_cast<uint32_t>(read_offsets[0] >> 32 | read_offsets[1] << 12);
    t.read_offset_i[2] = static_cast<uint32_t>(read_offsets[1] >> 20 | read_offsets[2] << 24);
    t.read_offset_i[3] = static_cast<uint32_t>(read_offsets[2] >> 8);
    t.read_offset_i[4] = static_cast<uint32_t>(read_offsets[2] >> 40);
    t.read_valid_i = valid;
    t.read_data_ready_i = ready;
    t.flush_i = flush;
    t.abort_i = abort;
    t.write_valid_i = !writes.empty() && !in_reset;
    if (t.write_valid_i) {
      t.write_offset_i = writes.front().address - kBase;
      t.write_bytes_i = writes.front().bytes;
    }
    t.write_address_i = kBase;
    t.write_size_i = buffer_bytes;
    // A word once offered stays offered.
    offering_ = !in_reset && !write_words.empty() && (offering_ || !chance(writer_stall));
    t.write_data_valid_i = offering_;
    if (offering_) std::memcpy(&t.write_data_i, write_words.front().data(), 16);

    platform::MemorySlave slave;
    platform::MemoryMaster master;
    if (!in_reset) memory.drive(slave);
    drive_memory(t, slave);
    t.clk_i = 0;
    t.eval();
    observe_memory(t, master);
    if (cycle > 0) checker_.sample(cycle, !in_reset, master, slave);
    if (!in_reset) memory.sample(master, slave);

    for (unsigned i = 0; i < kClients; ++i) {
      if (t.read_data_valid_o >> i & ready >> i & 1) {
        Word word;
        std::memcpy(word.data(), &t.read_data_o, 16);
        received[i].push_back(word);
        received_last[i].push_back(t.read_data_last_o);
      }
      if (valid >> i & t.read_ready_o >> i & 1) reads[i].pop_front();
    }
    if (t.write_valid_i && t.write_ready_o) writes.pop_front();
    if (offering_ && t.write_data_ready_o) {
      write_words.pop_front();
      offering_ = false;
    }
    t.clk_i = 1;
    t.eval();
    ++cycle;
  }

  bool quiet() const {
    for (const auto& queue : reads) {
      if (!queue.empty()) return false;
    }
    return writes.empty() && top_->read_idle_o && top_->write_idle_o;
  }
  /// Steps until everything is done; two more cycles, since a request is seen by idle a cycle
  /// later.
  void finish(uint64_t limit = 1'000'000) {
    for (uint64_t i = 0; !quiet() || i < 3; ++i) {
      if (i > limit) FAIL("the bench does not come to rest");
      step();
    }
  }

  Request random_request(unsigned max_words) {
    const uint64_t words = 1 + random() % max_words;
    uint64_t first = random() % (kMemoryBytes / 16 - words);
    if (chance(0.3)) first = first / 256 * 256 + 254;  // close to a page's end
    if (first + words > kMemoryBytes / 16) first = kMemoryBytes / 16 - words;
    return {kBase + 16 * first, static_cast<uint32_t>(16 * words)};
  }

 private:
  bool offering_ = false;
};

/// What a client must receive for `requests`.
template <typename Top>
void check_received(DmaBench<Top>& bench, unsigned client, const std::vector<Request>& requests) {
  size_t index = 0;
  for (const Request& request : requests) {
    for (uint32_t at = 0; at < request.bytes; at += 16, ++index) {
      Word expected;
      std::copy_n(&bench.memory.at(request.address + at), 16, expected.begin());
      CAPTURE(client, index, request.address, request.bytes, at);
      REQUIRE(index < bench.received[client].size());
      REQUIRE(bench.received[client][index] == expected);
      REQUIRE(bench.received_last[client][index] == (at + 16 >= request.bytes));
    }
  }
  REQUIRE(bench.received[client].size() == index);
}

}  // namespace

TEMPLATE_TEST_CASE("read master delivers every word in order", "", VDmaBench64, VDmaBench128,
                   VDmaBench256, VDmaBench512) {
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    CAPTURE(seed);
    DmaBench<TestType> bench(seed);
    bench.memory.timing = {1, seed % 3 == 0 ? 120U : 20U, seed % 2 ? 0.3 : 0.0};
    bench.reader_stall = seed % 4 < 2 ? 0.25 : 0.0;
    std::vector<Request> asked[kClients];
    for (unsigned client = 0; client < kClients; ++client) {
      for (int i = 0; i < 20; ++i) {
        Request request = bench.random_request(i % 4 == 0 ? 700 : 20);
        // Byte counts that are no multiple of 16 are read to the end of their last word.
        if (bench.chance(0.2)) request.bytes -= static_cast<uint32_t>(bench.random() % 15);
        asked[client].push_back(request);
        bench.reads[client].push_back(request);
      }
    }
    bench.finish();
    for (unsigned client = 0; client < kClients; ++client) {
      check_received(bench, client, asked[client]);
    }
    REQUIRE_FALSE(bench.top().read_error_o);
  }
}

TEST_CASE("read master sustains one word a cycle at 128 bits and 60 cycles of latency") {
  DmaBench<VDmaBench128> bench(7);
  bench.memory.timing = {60, 60, 0};
  for (int i = 0; i < 60; ++i) bench.reads[kFrames].push_back({kBase + 4096U * i, 4096});
  const uint64_t begin = bench.cycle;
  bench.finish();
  const uint64_t cycles = bench.cycle - begin;
  CHECK(bench.received[kFrames].size() == 60 * 256);
  CHECK(cycles < 60 * 256 + 60 + 12);

  // Rows of an image: eight bursts of 256 bytes cover the latency.
  for (int i = 0; i < 200; ++i) bench.reads[kInput].push_back({kBase + 1024U * i, 256});
  const uint64_t second = bench.cycle;
  bench.finish();
  CHECK(bench.cycle - second < 200 * 16 + 60 + 12);
}

TEST_CASE("read master lets input and frames take turns, header and licence before frames") {
  DmaBench<VDmaBench128> bench(8);
  bench.memory.timing = {20, 20, 0};
  bench.reads[kFrames].push_back({kBase, 65536});
  bench.reads[kInput].push_back({kBase + 65536, 65536});
  for (int i = 0; i < 40; ++i) bench.step();
  bench.reads[kHeader].push_back({kBase + 131072, 128});
  bench.finish();
  int longest = 0, run = 0;
  size_t header_at = 0;
  for (size_t i = 0; i < bench.memory.reads.size(); ++i) {
    const uint64_t part = (bench.memory.reads[i].address - kBase) / 65536;
    if (part == 2) header_at = i;
    const bool same = i > 0 && (bench.memory.reads[i - 1].address - kBase) / 65536 == part;
    run = same ? run + 1 : 1;
    // Once the other has no more, runs may be long.
    if (i < 28) longest = std::max(longest, run);
  }
  CHECK(longest <= 2);
  CHECK(header_at > 0);
  CHECK(header_at <= 12);

  // Without frames, input goes first.
  bench.memory.reads.clear();
  bench.reads[kInput].push_back({kBase + 65536, 65536});
  bench.step();
  bench.step();
  bench.reads[kHeader].push_back({kBase + 131072, 128});
  bench.finish();
  REQUIRE(bench.memory.reads.size() == 17);
  CHECK(bench.memory.reads.back().address == kBase + 131072);
}

TEMPLATE_TEST_CASE("a request that leaves its buffer does not reach the bus", "", VDmaBench64,
                   VDmaBench128, VDmaBench256, VDmaBench512) {
  // Offsets up to 2^44 and lengths up to 2^32 around the end of a buffer: sums that would wrap in
  // 32 bits (or 44) come out inside of it.
  constexpr uint64_t kLargest = (uint64_t{1} << 44) - 16;
  struct Case {
    uint64_t offset;
    uint32_t bytes;
    bool inside;
  };
  constexpr uint32_t kSize = 4096 + 64;
  const std::vector<Case> cases = {{0, kSize, true},
                                   {16, kSize - 16, true},
                                   {kSize - 16, 16, true},
                                   {0, kSize - 7, true},
                                   {0, kSize + 1, false},
                                   {16, kSize, false},
                                   {kSize - 16, 17, false},
                                   {kSize, 16, false},
                                   {kSize, 0, true},  // moves nothing
                                   {0, UINT32_MAX, false},
                                   {uint64_t{1} << 32, 16, false},
                                   {(uint64_t{1} << 32) - 16, 32, false},
                                   {kLargest, 16, false},
                                   {kLargest, 32, false},
                                   {kLargest, UINT32_MAX, false}};
  for (const bool write : {false, true}) {
    for (const Case& c : cases) {
      CAPTURE(write, c.offset, c.bytes);
      DmaBench<TestType> bench(10);
      bench.buffer_bytes = kSize;
      const std::vector<uint8_t> before = bench.memory.bytes;
      (write ? bench.writes : bench.reads[kInput]).push_back({kBase + c.offset, c.bytes});
      if (write && c.inside) bench.write_words.assign((c.bytes + 15) / 16, Word{});
      bench.finish();
      const auto& bursts = write ? bench.memory.writes : bench.memory.reads;
      CHECK(bursts.empty() == (!c.inside || c.bytes == 0));
      CHECK((bench.top().read_outside_o || bench.top().write_outside_o) == !c.inside);
      CHECK(std::equal(before.begin() + kSize, before.end(), bench.memory.bytes.begin() + kSize));
      // The report stays until the master is emptied, and what follows a refusal is served.
      (write ? bench.writes : bench.reads[kInput]).push_back({kBase + 32, 64});
      if (write) bench.write_words.assign(4, Word{});
      bench.finish();
      CHECK((bench.top().read_outside_o || bench.top().write_outside_o) == !c.inside);
      CHECK((write ? bench.memory.writes : bench.memory.reads).size() > 0);
      bench.flush = bench.abort = true;
      for (int i = 0; i < 3; ++i) bench.step();
      CHECK_FALSE((bench.top().read_outside_o || bench.top().write_outside_o));
    }
  }
}

TEST_CASE("clients with and without right requests: each gets its own words, no burst is outside") {
  DmaBench<VDmaBench128> bench(11);
  bench.memory.timing = {1, 30, 0.2};
  bench.buffer_bytes = 64 * 1024;
  std::vector<Request> right[kClients];
  for (auto& queue : bench.reads) {
    for (int i = 0; i < 60; ++i) {
      const Request request = bench.random_request(400);
      queue.push_back(request);
      if (request.address - kBase + request.bytes <= bench.buffer_bytes)
        right[&queue - bench.reads].push_back(request);
    }
  }
  bench.finish();
  for (unsigned client = 0; client < kClients; ++client) {
    REQUIRE(right[client].size() > 5);
    check_received(bench, client, right[client]);
  }
  for (const auto& burst : bench.memory.reads)
    CHECK(burst.address + burst.bytes <= kBase + bench.buffer_bytes);
  CHECK(bench.top().read_outside_o);
}

TEMPLATE_TEST_CASE("a read error is reported until flush, and words go on", "", VDmaBench64,
                   VDmaBench128, VDmaBench512) {
  DmaBench<TestType> bench(9);
  bench.memory.error_pages = {kBase + 8192};
  bench.reads[kFrames].push_back({kBase, 16384});
  bench.finish();
  CHECK(bench.received[kFrames].size() == 1024);
  CHECK(bench.top().read_error_o);
  bench.flush = true;
  bench.step();
  bench.step();
  CHECK_FALSE(bench.top().read_error_o);
  bench.flush = false;
  bench.reads[kFrames].push_back({kBase, 4096});
  bench.finish();
  CHECK_FALSE(bench.top().read_error_o);
}

TEMPLATE_TEST_CASE("flush drops requests and words, and leaves a working master", "", VDmaBench64,
                   VDmaBench128, VDmaBench256, VDmaBench512) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    DmaBench<TestType> bench(seed);
    bench.memory.timing = {1, 60, seed % 2 ? 0.4 : 0.0};
    for (auto& queue : bench.reads) {
      for (int i = 0; i < 4; ++i) queue.push_back(bench.random_request(600));
    }
    const uint64_t until = bench.random() % 300;
    for (uint64_t i = 0; i < until; ++i) bench.step();
    bench.flush = true;
    for (auto& queue : bench.reads) queue.clear();
    bench.step();
    for (auto& words : bench.received) words.clear();
    for (auto& marks : bench.received_last) marks.clear();
    for (int i = 0; i < 100'000 && !bench.top().read_idle_o; ++i) bench.step();
    REQUIRE(bench.top().read_idle_o);
    REQUIRE(bench.memory.idle());
    for (auto& words : bench.received) REQUIRE(words.empty());
    bench.flush = false;
    const std::vector<Request> again{bench.random_request(100), bench.random_request(100)};
    for (const auto& request : again) bench.reads[kInput].push_back(request);
    bench.finish();
    check_received(bench, kInput, again);
  }
}

TEMPLATE_TEST_CASE("write master writes these bytes and no others", "", VDmaBench64, VDmaBench128,
                   VDmaBench256, VDmaBench512) {
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    CAPTURE(seed);
    DmaBench<TestType> bench(seed);
    bench.memory.timing = {1, seed % 3 == 0 ? 120U : 20U, seed % 2 ? 0.3 : 0.0};
    bench.writer_stall = seed % 4 < 2 ? 0.25 : 0.0;
    std::vector<uint8_t> expected = bench.memory.bytes;
    for (int i = 0; i < 25; ++i) {
      Request request = bench.random_request(i % 4 == 0 ? 700 : 20);
      if (bench.chance(0.3)) request.bytes -= 8;  // words of eight channels
      for (uint32_t at = 0; at < request.bytes; at += 16) {
        Word word;
        for (auto& byte : word) byte = static_cast<uint8_t>(bench.random());
        bench.write_words.push_back(word);
        for (uint32_t k = 0; k < 16 && at + k < request.bytes; ++k) {
          expected[request.address - kBase + at + k] = word[k];
        }
      }
      bench.writes.push_back(request);
    }
    bench.finish();
    REQUIRE(bench.write_words.empty());
    REQUIRE(bench.memory.idle());  // idle means that the last answer has come
    const auto differs =
        std::mismatch(expected.begin(), expected.end(), bench.memory.bytes.begin());
    CAPTURE(differs.first - expected.begin());
    REQUIRE((differs.first == expected.end()));
    REQUIRE_FALSE(bench.top().write_error_o);
  }
}

TEST_CASE("write master sustains one word a cycle at 128 bits") {
  DmaBench<VDmaBench128> bench(3);
  bench.memory.timing = {30, 30, 0};
  for (int i = 0; i < 16; ++i) bench.writes.push_back({kBase + 4096U * i, 4096});
  bench.write_words.assign(16 * 256, Word{});
  const uint64_t begin = bench.cycle;
  bench.finish();
  CHECK(bench.cycle - begin < 16 * 256 + 30 + 30);
}

TEMPLATE_TEST_CASE("abort ends bursts without touching another byte", "", VDmaBench64, VDmaBench128,
                   VDmaBench256, VDmaBench512) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    CAPTURE(seed);
    DmaBench<TestType> bench(seed);
    bench.memory.timing = {1, 40, seed % 2 ? 0.4 : 0.0};
    bench.writer_stall = 0.3;
    const std::vector<uint8_t> before = bench.memory.bytes;
    std::vector<uint8_t> after = before;
    const Request request = bench.random_request(600);
    for (uint32_t at = 0; at < request.bytes; ++at) {
      if (at % 16 == 0) bench.write_words.emplace_back();
      const uint8_t value = static_cast<uint8_t>(bench.random());
      bench.write_words.back()[at % 16] = value;
      after[request.address - kBase + at] = value;
    }
    bench.writes.push_back(request);
    const uint64_t until = bench.random() % 200;
    for (uint64_t i = 0; i < until; ++i) bench.step();
    bench.abort = true;
    bench.writes.clear();
    bench.step();
    for (int i = 0; i < 100'000 && !bench.top().write_idle_o; ++i) bench.step();
    REQUIRE(bench.top().write_idle_o);
    REQUIRE(bench.memory.idle());
    // A prefix of the request is written, the rest of memory is as it was.
    size_t written = 0;
    while (written < after.size() && bench.memory.bytes[written] == after[written]) ++written;
    for (size_t i = written; i < before.size(); ++i) REQUIRE(bench.memory.bytes[i] == before[i]);
    bench.abort = false;
    bench.step();  // what comes in the cycle behind abort is dropped as well
    bench.write_words.assign(4, Word{{1, 2, 3}});
    bench.writes.push_back({kBase + 4096 - 32, 64});
    bench.finish();
    REQUIRE(bench.memory.at(kBase + 4096 + 17) == 2);
  }
}

TEST_CASE("a write error is reported until abort") {
  DmaBench<VDmaBench128> bench(5);
  bench.memory.error_pages = {kBase + 4096};
  bench.writes.push_back({kBase, 8192});
  bench.write_words.assign(512, Word{});
  bench.finish();
  CHECK(bench.top().write_error_o);
  bench.abort = true;
  bench.step();
  bench.step();
  CHECK_FALSE(bench.top().write_error_o);
}

TEST_CASE("requests of nothing move nothing") {
  DmaBench<VDmaBench128> bench(6);
  bench.reads[kInput].push_back({kBase, 0});
  bench.reads[kInput].push_back({kBase + 64, 16});
  bench.writes.push_back({kBase, 0});
  bench.finish();
  CHECK(bench.memory.reads.size() == 1);
  CHECK(bench.memory.writes.empty());
  CHECK(bench.received[kInput].size() == 1);
}

}  // namespace keyway::rtl_test
