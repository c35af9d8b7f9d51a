// SPDX-License-Identifier: Apache-2.0
#include "hw_emu/stream_socket.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

#include "common/error.hpp"

namespace keyway::hw_emu {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw Error(ErrorKind::kDevice, what + ": " + std::strerror(errno));
}

}  // namespace

StreamSocket::StreamSocket(const std::string& path, double seconds) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    throw Error(ErrorKind::kDevice, path + ": too long for a socket's name");
  std::memcpy(address.sun_path, path.data(), path.size());
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (true) {
    // After a connection that failed, a socket's state is unspecified (POSIX): take a new one.
    descriptor_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor_ < 0) fail("socket");
    if (connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
      return;
    close(std::exchange(descriptor_, -1));
    if (std::chrono::steady_clock::now() > end) fail("connection to " + path);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

StreamSocket::~StreamSocket() {
  if (descriptor_ >= 0) close(descriptor_);
}

StreamSocket::StreamSocket(StreamSocket&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

StreamSocket& StreamSocket::operator=(StreamSocket&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

bool StreamSocket::read(void* data, size_t bytes) {
  auto* to = static_cast<char*>(data);
  for (size_t done = 0; done < bytes;) {
    const ssize_t got = recv(descriptor_, to + done, bytes - done, 0);
    if (got > 0) {
      done += static_cast<size_t>(got);
    } else if (got == 0 || errno != EINTR) {
      if (done == 0) return false;
      throw Error(ErrorKind::kDevice, "the other side went away within a message");
    }
  }
  return true;
}

void StreamSocket::write(const void* data, size_t bytes) {
  const auto* from = static_cast<const char*>(data);
  for (size_t done = 0; done < bytes;) {
    const ssize_t sent = send(descriptor_, from + done, bytes - done, MSG_NOSIGNAL);
    if (sent >= 0)
      done += static_cast<size_t>(sent);
    else if (errno != EINTR)
      fail("send");
  }
}

}  // namespace keyway::hw_emu
