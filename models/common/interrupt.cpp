// SPDX-License-Identifier: Apache-2.0
#include "common/interrupt.hpp"

#include <atomic>
#include <csignal>

namespace keyway::common {
namespace {

using Handler = void (*)(int);

std::atomic<bool> noted{false};
std::atomic<Handler> next{SIG_DFL};

extern "C" void note(int number) {
  if (!noted.exchange(true)) return;
  const Handler handler = next.load();
  std::signal(number, handler);
  std::raise(number);
}

}  // namespace

InterruptGuard::InterruptGuard() : before_(std::signal(SIGINT, SIG_IGN)) {
  if (before_ == SIG_IGN) return;  // whoever started this process wants it so
  noted = false;
  next = before_;
  std::signal(SIGINT, note);
}

InterruptGuard::~InterruptGuard() {
  std::signal(SIGINT, before_);
  noted = false;
}

bool interrupted() { return noted.load(); }

}  // namespace keyway::common
