// SPDX-License-Identifier: Apache-2.0
/// A connected Unix stream socket: whole reads and writes, and who has something to say.
/// Errors: Error(kDevice) when the other side is gone in the middle of a message.
#pragma once

#include <cstddef>
#include <string>

namespace keyway::hw_emu {

class StreamSocket {
 public:
  StreamSocket() = default;
  /// Connects to the socket at `path`, trying again for at most `seconds` while nobody listens.
  StreamSocket(const std::string& path, double seconds);
  ~StreamSocket();
  StreamSocket(StreamSocket&& other) noexcept;
  StreamSocket& operator=(StreamSocket&& other) noexcept;

  explicit operator bool() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }

  /// Reads `bytes` bytes; false at the end of the stream (before the first of them).
  bool read(void* data, size_t bytes);
  void write(const void* data, size_t bytes);

 private:
  int descriptor_ = -1;
};

}  // namespace keyway::hw_emu
