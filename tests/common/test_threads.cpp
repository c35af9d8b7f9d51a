// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <catch2/catch.hpp>

#include "common/threads.hpp"
#include "no_threads.hpp"

using namespace keyway;

namespace {

int calls_by(size_t count) {
  std::atomic<int> calls{0};
  for (std::thread& thread : common::start_threads(count, [&] { ++calls; })) thread.join();
  return calls;
}

}  // namespace

TEST_CASE("as many threads start as are asked for") {
  CHECK(calls_by(3) == 3);
  CHECK(calls_by(0) == 0);
}

TEST_CASE("a system without threads gives none, and is no error") {
  const test::NoThreads none;
  CHECK(calls_by(3) == 0);
}
