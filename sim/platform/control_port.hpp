// SPDX-License-Identifier: Apache-2.0
/// AXI4-Lite master on the kernel's register bus. Accesses wait in a queue and are made one at a
/// time; all pins are registered (`drive` before, `sample` after the kernel has settled).
///
/// Errors: an answer other than OKAY is an Error(kDevice) that names the register.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "platform/pins.hpp"

namespace keyway::platform {

class ControlPort {
 public:
  struct Access {
    bool write = false;
    uint32_t offset = 0;
    uint32_t value = 0;  ///< to write, or what was read
  };

  void reset();
  void post(const Access& access) { queue_.push_back(access); }
  bool busy() const { return !queue_.empty(); }

  void drive(ControlMaster& pins);
  /// Returns the access that this cycle completed.
  std::optional<Access> sample(const ControlMaster& master, const ControlSlave& slave);

 private:
  std::deque<Access> queue_;
  bool started_ = false;  ///< the front access is on the pins
  bool address_due_ = false, data_due_ = false;
};

}  // namespace keyway::platform
