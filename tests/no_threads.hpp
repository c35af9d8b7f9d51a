// SPDX-License-Identifier: Apache-2.0
/// A system that has no thread to give.
#pragma once

#include <pthread.h>

#include <catch2/catch.hpp>
#include <cstddef>

namespace keyway::test {

/// While it lives no thread can be started: each would have a stack larger than all addresses.
class NoThreads {
 public:
  NoThreads() {
    REQUIRE(pthread_getattr_default_np(&before_) == 0);
    pthread_attr_t endless = before_;
    REQUIRE(pthread_attr_setstacksize(&endless, size_t{1} << 50) == 0);
    REQUIRE(pthread_setattr_default_np(&endless) == 0);
  }
  ~NoThreads() {
    pthread_setattr_default_np(&before_);
    pthread_attr_destroy(&before_);
  }
  NoThreads(const NoThreads&) = delete;
  NoThreads& operator=(const NoThreads&) = delete;

 private:
  pthread_attr_t before_{};
};

}  // namespace keyway::test
