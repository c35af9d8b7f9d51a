// SPDX-License-Identifier: Apache-2.0
#include "driver/early_waker.hpp"

#include <pthread.h>

#include <chrono>
#include <csignal>

namespace keyway::driver {
namespace {

constexpr auto kInterval = std::chrono::milliseconds(10);

extern "C" void do_nothing(int) {}

}  // namespace

EarlyWaker::EarlyWaker(std::function<bool()> armed) {
  struct sigaction action {};
  action.sa_handler = do_nothing;
  action.sa_flags = SA_RESTART;
  sigaction(SIGUSR1, &action, nullptr);
  thread_ = std::thread([this, sleeper = pthread_self(), armed = std::move(armed)] {
    for (; !stop_; std::this_thread::sleep_for(kInterval))
      if (armed()) pthread_kill(sleeper, SIGUSR1);
  });
}

EarlyWaker::~EarlyWaker() {
  stop_ = true;
  thread_.join();
}

}  // namespace keyway::driver
