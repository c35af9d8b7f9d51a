// SPDX-License-Identifier: Apache-2.0
/// Pin-to-TLM bridge: the slave on the kernel's AXI4 pins, and a TLM-2.0 initiator towards memory.
///
/// Each burst is one TLM transaction: a read when its address is accepted, a write when its last
/// beat is. Responses stay in order. The annotated delay of the transaction (the memory's latency)
/// fixes the first cycle in which the response may appear; from there the bridge gives one beat a
/// cycle. All its outputs are registered: `drive` sets the pins of a cycle from state alone,
/// `sample` sees what the kernel answered.
///
/// Stalls: with probability `stall`, for each channel and cycle, a handshake that could be offered
/// is not; a response once offered stays, as the protocol wants.
///
/// Bursts are what the checker (axi_checker.hpp) lets through: INCR, full width, aligned.
#pragma once

#include <tlm_utils/simple_initiator_socket.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <systemc>
#include <vector>

#include "platform/memory_options.hpp"
#include "platform/pins.hpp"

namespace keyway::platform {

class AxiBridge : public sc_core::sc_module {
 public:
  AxiBridge(const sc_core::sc_module_name& name, const sc_core::sc_time& period);

  tlm_utils::simple_initiator_socket<AxiBridge> socket;

  /// Forgets every burst; for a kernel with a bus of that width.
  void reset(unsigned bus_bytes, const MemoryOptions& options);
  void drive(uint64_t cycle, MemorySlave& pins);
  void sample(uint64_t cycle, const MemoryMaster& master, const MemorySlave& slave);

  /// Bursts not yet wholly answered.
  bool busy() const { return !reads_.empty() || !writes_.empty() || !responses_.empty(); }
  uint64_t handshakes() const { return handshakes_; }

 private:
  static constexpr size_t kOutstanding = 16;  ///< of each direction

  struct Read {
    std::vector<uint8_t> data;
    unsigned beats = 0, next = 0;
    uint64_t first_cycle = 0;
    uint8_t response = kOkay;
  };
  struct Write {
    uint64_t address = 0;
    unsigned beats = 0, next = 0;
    std::vector<uint8_t> data, enables;
    bool partial = false;  ///< some strobe is low
  };
  struct Response {
    uint64_t cycle = 0;
    uint8_t response = kOkay;
  };

  bool stalled();
  std::vector<uint8_t> buffer(size_t bytes);
  void accept_read(uint64_t cycle, const MemoryMaster& master);
  void accept_beat(uint64_t cycle, const MemoryMaster& master);
  /// Sends one burst; returns the AXI response, and in `cycle` when it may appear.
  uint8_t transport(tlm::tlm_command command, uint64_t address, std::vector<uint8_t>& data,
                    std::vector<uint8_t>* enables, uint64_t& cycle);

  sc_core::sc_time period_;
  unsigned bus_bytes_ = 16;
  uint64_t random_ = 1, stall_threshold_ = 0;
  tlm::tlm_generic_payload payload_;
  std::deque<Read> reads_;
  std::deque<Write> writes_;
  std::deque<Response> responses_;
  std::vector<std::vector<uint8_t>> spare_;  ///< buffers to use again
  bool offering_read_ = false, offering_response_ = false;
  uint64_t handshakes_ = 0;
};

}  // namespace keyway::platform
