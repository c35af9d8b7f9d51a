// SPDX-License-Identifier: Apache-2.0
/// AXI4 memory for the shell's tests: a byte window with random latency and stalls on every
/// channel, in-order responses, planted bus errors, and a hook that changes bytes between two
/// reads.
///
/// One cycle is: `drive` (pins from state alone), evaluation of the RTL, `sample` (handshakes).
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <random>
#include <vector>

#include "platform/pins.hpp"

namespace keyway::rtl_test {

struct BusTiming {
  unsigned latency_min = 1, latency_max = 1;  ///< cycles from the address to the first beat
  double stall = 0;                           ///< probability that a channel pauses in a cycle
};

class BusMemory {
 public:
  BusMemory(uint64_t base, size_t bytes, unsigned bus_bytes, uint64_t seed);

  BusTiming timing;
  std::vector<uint8_t> bytes;         ///< at `base`
  std::vector<uint64_t> error_pages;  ///< 4 KiB pages that answer SLVERR
  /// Called with each accepted read burst (address, bytes), before its data are taken.
  std::function<void(uint64_t, uint64_t)> on_read;
  struct Burst {
    uint64_t cycle, address, bytes;
    bool operator==(const Burst& o) const {
      return cycle == o.cycle && address == o.address && bytes == o.bytes;
    }
  };
  std::vector<Burst> reads, writes;  ///< everything that was asked for

  uint64_t base() const { return base_; }
  uint8_t& at(uint64_t address);
  /// Forgets what is under way, as the kernel does in a reset.
  void reset() {
    reads_.clear();
    writes_.clear();
    responses_.clear();
    offering_read_ = offering_response_ = false;
  }
  bool idle() const { return reads_.empty() && writes_.empty() && responses_.empty(); }

  void drive(platform::MemorySlave& pins);
  void sample(const platform::MemoryMaster& master, const platform::MemorySlave& slave);

 private:
  struct Read {
    uint64_t ready_cycle;
    unsigned beats, next;
    uint8_t response;
    std::vector<uint8_t> data;
  };
  struct Write {
    uint64_t address;
    unsigned beats, next;
    uint8_t response;
  };
  struct Response {
    uint64_t ready_cycle;
    uint8_t response;
  };
  bool pause();
  uint64_t latency();
  uint8_t response(uint64_t address, uint64_t bytes) const;

  uint64_t base_;
  unsigned bus_bytes_;
  std::mt19937_64 random_;
  uint64_t cycle_ = 0;
  std::deque<Read> reads_;
  std::deque<Write> writes_;
  std::deque<Response> responses_;
  bool offering_read_ = false, offering_response_ = false;
};

}  // namespace keyway::rtl_test
