// SPDX-License-Identifier: Apache-2.0
/// Threads that share work which one thread could do alone.
#pragma once

#include <cstddef>
#include <functional>
#include <thread>
#include <vector>

namespace keyway::common {

/// Starts up to `count` threads that each call `work`; `work` does not throw. Where the system has
/// no more threads to give, those that it gave do the work: there may be none, so the caller needs
/// to be able to go on alone. Errors: std::bad_alloc before a thread has started.
std::vector<std::thread> start_threads(size_t count, const std::function<void()>& work);

}  // namespace keyway::common
