// SPDX-License-Identifier: Apache-2.0
/// Shortens stock XRT's load of an xclbin in hardware emulation from ten seconds to about one.
///
/// There XRT 2.13 waits for its first command (the configuration of the scheduler) by sleep(10) and
/// looks at the command's state only afterwards; it would sleep again if the command were not
/// complete. sleep returns early when the thread handles a signal. So while one of these lives, and
/// once `armed` says that the simulator has answered (XRT is past its select, which a signal would
/// break), the thread that made it gets a signal every few milliseconds whose handler does nothing.
/// Where XRT does not sleep, nothing is different: its system calls restart (SA_RESTART) or are
/// repeated on EINTR.
#pragma once

#include <atomic>
#include <functional>
#include <thread>

namespace keyway::driver {

class EarlyWaker {
 public:
  explicit EarlyWaker(std::function<bool()> armed);
  ~EarlyWaker();
  EarlyWaker(const EarlyWaker&) = delete;
  EarlyWaker& operator=(const EarlyWaker&) = delete;

 private:
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace keyway::driver
