// SPDX-License-Identifier: Apache-2.0
/// Protocol checkers for the two buses of the kernel: they watch both sides' pins in every cycle
/// and end the run at the first broken rule, with an Error(kDevice) that names bus, rule and cycle.
///
/// Rules (Arm IHI 0022, AMBA AXI and ACE, sections A3 and B1; the names follow Arm's own checker):
///   <C>_RESET        VALID is low in the first cycle out of reset and while in reset
///   <C>VALID_STABLE  VALID, once high, stays until READY
///   <C>_STABLE       everything VALID announces keeps its value until READY
///   A<x>_BURST       INCR only; the kernel has no other
///   A<x>_SIZE        beats of the full bus width (narrow bursts are legal AXI, but a defect here)
///   A<x>_ALIGNED     first address on a beat's boundary (as above)
///   A<x>_BOUNDARY    a burst stays within 4 KiB
///   WLAST            high with the last beat of the burst, and only with it
///   W_WITHOUT_AW     write data are accepted before their address (legal AXI, but a defect here)
///   RLAST            as WLAST
///   R_WITHOUT_AR, B_WITHOUT_W   a response to nothing
///   RESP             EXOKAY without exclusive access
/// Not checked: X and Z, which a two-state simulation does not have.
#pragma once

#include <cstdint>
#include <deque>

#include "platform/pins.hpp"

namespace keyway::platform {

/// AXI4 between the kernel (master) and memory (slave).
class MemoryChecker {
 public:
  explicit MemoryChecker(unsigned bus_bytes) : bus_bytes_(bus_bytes) {}
  void sample(uint64_t cycle, bool reset_n, const MemoryMaster& master, const MemorySlave& slave);

 private:
  void check_stable(const MemoryMaster& master, const MemorySlave& slave) const;
  void check_burst(const char* channel, uint64_t address, uint8_t length, uint8_t size,
                   uint8_t burst) const;
  void track(const MemoryMaster& master, const MemorySlave& slave);
  void require(bool good, const char* channel, const char* rule) const;

  unsigned bus_bytes_;
  uint64_t cycle_ = 0;
  bool was_in_reset_ = true;
  MemoryMaster last_master_;
  MemorySlave last_slave_;
  std::deque<unsigned> write_beats_, read_beats_;  ///< still to come, per outstanding burst
  uint64_t responses_due_ = 0;
};

/// AXI4-Lite between the host (master) and the kernel's registers (slave).
class ControlChecker {
 public:
  void sample(uint64_t cycle, bool reset_n, const ControlMaster& master, const ControlSlave& slave);

 private:
  void check_stable(const ControlMaster& master, const ControlSlave& slave) const;
  void track(const ControlMaster& master, const ControlSlave& slave);
  void require(bool good, const char* channel, const char* rule) const;

  uint64_t cycle_ = 0;
  bool was_in_reset_ = true;
  ControlMaster last_master_;
  ControlSlave last_slave_;
  int64_t addresses_ = 0, data_ = 0, reads_ = 0;  ///< accepted and not yet answered
};

}  // namespace keyway::platform
