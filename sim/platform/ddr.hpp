// SPDX-License-Identifier: Apache-2.0
/// DDR memory of one simulated board: a TLM-2.0 target (IEEE 1666, loosely timed) with sparse
/// storage. Pages appear at the first write; what was never written reads as zero.
///
/// Timing: a transaction is one burst. `b_transport` adds `latency` clock periods to the delay:
/// when the first read beat, or the response to a write, may appear. One beat a cycle and the
/// random stalls of MemoryOptions are made by the bridge that has the pins (axi_bridge.hpp).
///
/// Errors: an access that is not wholly inside the memory answers TLM_ADDRESS_ERROR_RESPONSE.
#pragma once

#include <tlm_utils/simple_target_socket.h>

#include <array>
#include <cstdint>
#include <memory>
#include <systemc>
#include <unordered_map>

namespace keyway::platform {

class Ddr : public sc_core::sc_module {
 public:
  Ddr(const sc_core::sc_module_name& name, uint64_t base, uint64_t bytes,
      const sc_core::sc_time& period);

  tlm_utils::simple_target_socket<Ddr> socket;

  void set_latency(uint32_t cycles) { latency_ = period_ * cycles; }
  void clear() { pages_.clear(); }

  /// The host's way in, without time. False when outside the memory.
  bool read(uint64_t address, void* data, size_t bytes) const;
  bool write(uint64_t address, const void* data, size_t bytes);

 private:
  static constexpr uint64_t kPageBytes = 64 * 1024;
  using Page = std::array<uint8_t, kPageBytes>;

  void b_transport(tlm::tlm_generic_payload& transaction, sc_core::sc_time& delay);
  unsigned transport_dbg(tlm::tlm_generic_payload& transaction);
  bool access(tlm::tlm_generic_payload& transaction);
  bool inside(uint64_t address, size_t bytes) const;

  uint64_t base_, bytes_;
  sc_core::sc_time period_, latency_;
  std::unordered_map<uint64_t, std::unique_ptr<Page>> pages_;
};

}  // namespace keyway::platform
