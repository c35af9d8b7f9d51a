// SPDX-License-Identifier: Apache-2.0
/// Ctrl-C while a device works: noted, so that the device can be stopped in good order.
///
/// Without a guard SIGINT ends the process (remove_unfinished_on_signals). While one lives the
/// first SIGINT is noted only; whoever waits for a device asks `interrupted`, stops it and throws.
/// The next SIGINT ends the process as ever, whatever the device does.
///
/// Test: tests/common/test_interrupt.cpp.
#pragma once

namespace keyway::common {

/// For the thread that runs a device on behalf of a user at a terminal; one at a time.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

 private:
  void (*before_)(int);
};

/// Has SIGINT come since the guard was made?
bool interrupted();

}  // namespace keyway::common
