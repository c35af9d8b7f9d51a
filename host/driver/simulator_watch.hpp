// SPDX-License-Identifier: Apache-2.0
/// A thread of the XRT process that watches both neighbours, because XRT itself would hang.
///
/// Host gone: kills the simulator, removes the run folder, ends the process. Simulator gone, or not
/// there within `kLaunchSeconds` (emulation only): tells the host why in a failed reply (the
/// simulator's own last words, or how it died) and ends the process.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <functional>
#include <string>
#include <thread>

namespace keyway::driver {

class SimulatorWatch {
 public:
  static constexpr int kLaunchSeconds = 60;

  /// `lifeline`: path at which to listen for the simulator; empty without one. `report` sends a
  /// failed reply to the host.
  SimulatorWatch(int host, std::string lifeline, std::function<void(const std::string&)> report);

  /// True from the moment on at which XRT and the simulator have spoken.
  bool ready() const { return ready_; }
  /// Asks the simulator to put everything away, and returns when it has ended: with nothing, or
  /// with what it could not do.
  std::string close_simulator();

 private:
  void watch();
  void accept_simulator();
  void hear_simulator();
  [[noreturn]] void host_is_gone();
  [[noreturn]] void simulator_is_gone(const std::string& how);
  std::string cause_of_death() const;
  void kill_simulator();

  int host_;
  std::function<void(const std::string&)> report_;
  int listener_ = -1;
  std::atomic<int> lifeline_{-1};
  std::atomic<pid_t> simulator_{-1};
  std::string heard_, last_words_;
  std::atomic<bool> ready_{false}, closing_{false}, ended_{false};
  std::thread thread_;
};

}  // namespace keyway::driver
