// SPDX-License-Identifier: Apache-2.0
#include "driver/message_channel.hpp"

#include <sys/socket.h>

#include <cerrno>

namespace keyway::driver {
namespace {

bool send_all(int socket, const void* data, size_t bytes) {
  const auto* from = static_cast<const uint8_t*>(data);
  while (bytes > 0) {
    const ssize_t sent = send(socket, from, bytes, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) continue;
      return false;
    }
    from += sent;
    bytes -= static_cast<size_t>(sent);
  }
  return true;
}

bool receive_all(int socket, void* data, size_t bytes) {
  auto* to = static_cast<uint8_t*>(data);
  while (bytes > 0) {
    const ssize_t got = recv(socket, to, bytes, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    to += got;
    bytes -= static_cast<size_t>(got);
  }
  return true;
}

}  // namespace

bool send_message(int socket, Message message, const void* payload, size_t bytes) {
  message.bytes = bytes;
  return send_all(socket, &message, sizeof message) && send_all(socket, payload, bytes);
}

bool receive_message(int socket, Message& message, std::vector<uint8_t>& payload) {
  if (!receive_all(socket, &message, sizeof message)) return false;
  payload.resize(message.bytes);
  return receive_all(socket, payload.data(), payload.size());
}

}  // namespace keyway::driver
