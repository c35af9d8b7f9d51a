// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <catch2/catch.hpp>
#include <optional>
#include <stdexcept>
#include <vector>

#include "no_threads.hpp"
#include "quantise/parallel.hpp"

using namespace keyway;

TEST_CASE("each index is worked on once, also by the caller alone") {
  for (const bool alone : {false, true}) {
    std::optional<test::NoThreads> none;
    if (alone) none.emplace();
    for (const int threads : {0, 1, 4, 200}) {
      INFO(threads << " threads" << (alone ? ", which do not start" : ""));
      std::vector<std::atomic<int>> calls(100);
      quantise::for_each_index(100, threads, [&](int64_t n) { ++calls[static_cast<size_t>(n)]; });
      for (const std::atomic<int>& count : calls) REQUIRE(count == 1);
    }
    CHECK_THROWS_AS(quantise::for_each_index(100, 4,
                                             [](int64_t n) {
                                               if (n == 7) throw std::out_of_range("");
                                             }),
                    std::out_of_range);
  }
}
