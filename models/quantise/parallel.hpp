// SPDX-License-Identifier: Apache-2.0
/// Independent pieces of work over a few threads.
#pragma once

#include <cstdint>
#include <functional>

namespace keyway::quantise {

/// Calls work(0) .. work(count - 1), each once, in any order and from up to `threads` threads (the
/// caller's among them). The first exception stops the rest and is thrown again here.
void for_each_index(int64_t count, int threads, const std::function<void(int64_t)>& work);

}  // namespace keyway::quantise
