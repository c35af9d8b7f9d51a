// SPDX-License-Identifier: Apache-2.0
#include "quantise/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "common/threads.hpp"

namespace keyway::quantise {

void for_each_index(int64_t count, int threads, const std::function<void(int64_t)>& work) {
  std::atomic<int64_t> next{0};
  std::exception_ptr failure;
  std::mutex mutex;
  const auto loop = [&] {
    try {
      for (int64_t n = next++; n < count; n = next++) work(n);
    } catch (...) {
      const std::lock_guard<std::mutex> lock(mutex);
      if (!failure) failure = std::current_exception();
      next = count;
    }
  };
  const int64_t others = std::min<int64_t>(threads, count) - 1;
  std::vector<std::thread> pool =
      common::start_threads(static_cast<size_t>(std::max<int64_t>(others, 0)), loop);
  loop();
  for (std::thread& thread : pool) thread.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace keyway::quantise
