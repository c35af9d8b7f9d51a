// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <csignal>

#include "common/interrupt.hpp"

using namespace keyway;

namespace {

volatile std::sig_atomic_t ended = 0;
extern "C" void end(int) { ended = ended + 1; }

}  // namespace

TEST_CASE("the first interrupt is noted, the next one ends as ever") {
  ended = 0;
  const auto before = std::signal(SIGINT, end);
  CHECK_FALSE(common::interrupted());
  {
    const common::InterruptGuard guard;
    CHECK_FALSE(common::interrupted());
    std::raise(SIGINT);
    CHECK(common::interrupted());
    CHECK(ended == 0);
    std::raise(SIGINT);
    CHECK(ended == 1);
  }
  CHECK_FALSE(common::interrupted());
  std::raise(SIGINT);
  CHECK(ended == 2);
  {
    const common::InterruptGuard guard;  // and a new one starts afresh
    std::raise(SIGINT);
    CHECK(common::interrupted());
    CHECK(ended == 2);
  }
  std::signal(SIGINT, before);
}

TEST_CASE("a process that was started to ignore interrupts goes on doing so") {
  const auto before = std::signal(SIGINT, SIG_IGN);
  {
    const common::InterruptGuard guard;
    std::raise(SIGINT);
    CHECK_FALSE(common::interrupted());
  }
  CHECK(std::signal(SIGINT, before) == SIG_IGN);
}
