// SPDX-License-Identifier: Apache-2.0
/// Timeline of one device in the Chrome trace format (JSON), which Perfetto and chrome://tracing
/// open. One microsecond on screen is one clock cycle. Tracks: runs, the array (busy, or the cause
/// of its stall), the bus in both directions, the unsealer, the load and store queues.
///
/// It sees bus handshakes and the kernel's event pins only, which depend on the public shape of the
/// program: a trace holds no secret and no data. Bus and unit spans that are at most `kMerge`
/// cycles apart are drawn as one.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "common/file.hpp"
#include "platform/pins.hpp"

namespace keyway::platform {

class ActivityTrace {
 public:
  ActivityTrace(const std::string& path, const std::string& device);
  ~ActivityTrace();  ///< the file appears only after close()

  void sample(uint64_t cycle, bool running, const KernelInputs& in, const KernelOutputs& out);
  void close();

 private:
  static constexpr uint64_t kMerge = 8;
  enum Track : unsigned { kRun, kArray, kReadBus, kWriteBus, kUnsealer, kLoad, kStore, kTracks };

  struct Span {
    const char* label = nullptr;
    uint64_t begin = 0, end = 0;  ///< [begin, end)
  };

  void extend(Track track, const char* label, uint64_t cycle, uint64_t merge);
  void flush(Track track);

  common::AtomicFile file_;
  std::string pending_;
  std::array<Span, kTracks> spans_{};
  bool closed_ = false;
};

}  // namespace keyway::platform
