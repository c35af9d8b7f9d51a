// SPDX-License-Identifier: Apache-2.0
#include "common/threads.hpp"

#include <new>
#include <system_error>

namespace keyway::common {

std::vector<std::thread> start_threads(size_t count, const std::function<void()>& work) {
  std::vector<std::thread> threads;
  threads.reserve(count);
  try {
    while (threads.size() < count) threads.emplace_back(work);
  } catch (const std::system_error&) {  // as many as there are
  } catch (const std::bad_alloc&) {
  }
  return threads;
}

}  // namespace keyway::common
