// SPDX-License-Identifier: Apache-2.0
#include "hw_emu/server.hpp"

#include <poll.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "common/error.hpp"
#include "hw_emu/emulation.hpp"
#include "hw_emu/xclbin.hpp"
#include "hw_emu/xrt_emulation.pb.h"

namespace keyway::hw_emu {
namespace {

enum Api : uint32_t {
  kClose = 1,
  kAllocate = 4,
  kFree = 5,
  kHostToDevice = 6,
  kDeviceToHost = 7,
  kWriteMemory = 8,
  kWriteControl = 9,
  kReadMemory = 10,
  kReadControl = 11,
  kTimestamp = 17,
  kBusStatus = 18,
  kDebugMessages = 19,
  kSetEnvironment = 20,
  kRegisterWrite = 51,
  kRegisterRead = 52,
};

constexpr size_t kCallHeaderBytes = 14;
constexpr uint64_t kMaxMessage = uint64_t{256} << 20;
constexpr uint32_t kWord = 4;

template <typename Message>
Message parse(const std::string& bytes) {
  Message message;
  if (!message.ParseFromString(bytes))
    throw Error(ErrorKind::kDevice, "XRT sent a message that is not " + message.GetTypeName());
  return message;
}

std::string acknowledge(bool valid = true) {
  Acknowledge reply;
  reply.set_valid(valid);
  return reply.SerializeAsString();
}

}  // namespace

std::string xrt_socket_path() {
  const char* id = std::getenv("EMULATION_SOCKETID");
  const char* user = std::getenv("USER");
  if (id == nullptr)
    throw Error(ErrorKind::kUsage,
                "this program is launched by XRT's hardware emulation, out of an xclbin "
                "(EMULATION_SOCKETID is not set)");
  return user == nullptr ? std::string("/tmp/xcl_sock") : "/tmp/" + std::string(user) + "/" + id;
}

void Server::serve() {
  bool ready = false;
  for (bool request = false; wait_for_request(request);) {
    if (request && !answer()) return;
    if (request && !std::exchange(ready, true) && lifeline_) {
      const std::string line = std::string(emulation::kReadyLine) + "\n";
      lifeline_.write(line.data(), line.size());
    }
    if (board_.running()) board_.advance(kTurn);
  }
}

bool Server::wait_for_request(bool& request) {
  pollfd who[2] = {{xrt_.descriptor(), POLLIN, 0}, {lifeline_.descriptor(), POLLIN, 0}};
  while (poll(who, lifeline_ ? 2 : 1, board_.running() ? 0 : -1) < 0)
    if (errno != EINTR) throw Error(ErrorKind::kDevice, std::strerror(errno));
  request = who[0].revents != 0;
  // The driver says nothing but `close`.
  return !lifeline_ || who[1].revents == 0;
}

bool Server::answer() {
  std::string bytes(kCallHeaderBytes, '\0');
  if (!xrt_.read(bytes.data(), bytes.size())) return false;
  const auto header = parse<CallHeader>(bytes);
  if (header.size() > kMaxMessage)
    throw Error(ErrorKind::kDevice,
                "XRT sent a message of " + std::to_string(header.size()) + " bytes");
  bytes.resize(header.size());
  if (!bytes.empty() && !xrt_.read(bytes.data(), bytes.size())) return false;

  bool last = false;
  const std::string reply = dispatch(header.api(), bytes, last);
  ReplyHeader reply_header;
  reply_header.set_size(reply.size());
  const std::string message = reply_header.SerializeAsString() + reply;
  xrt_.write(message.data(), message.size());
  return !last;
}

std::string Server::dispatch(uint32_t api, const std::string& call, bool& last) {
  switch (api) {
    case kClose:
      last = true;
      return acknowledge();
    case kAllocate:
    case kFree:
    case kSetEnvironment:
      return acknowledge();
    case kHostToDevice: {
      const auto request = parse<HostToDeviceCall>(call);
      board_.write_memory(request.destination() + request.seek(), request.data().data(),
                          request.data().size());
      Copied reply;
      reply.set_size(request.size());
      return reply.SerializeAsString();
    }
    case kDeviceToHost: {
      const auto request = parse<DeviceToHostCall>(call);
      if (request.size() > kMaxMessage)
        throw Error(ErrorKind::kDevice, "XRT reads too much at once");
      CopiedData reply;
      reply.set_size(request.size());
      reply.mutable_data()->resize(request.size());
      board_.read_memory(request.source() + request.skip(), reply.mutable_data()->data(),
                         request.size());
      return reply.SerializeAsString();
    }
    case kWriteMemory: {
      const auto request = parse<WriteCall>(call);
      board_.write_memory(request.address(), request.data().data(), request.data().size());
      return acknowledge();
    }
    case kReadMemory: {
      const auto request = parse<ReadCall>(call);
      ReadData reply;
      reply.set_valid(true);
      reply.mutable_data()->resize(request.size());
      board_.read_memory(request.address(), reply.mutable_data()->data(), request.size());
      return reply.SerializeAsString();
    }
    case kWriteControl: {
      const auto request = parse<WriteCall>(call);
      return acknowledge(write_control(request.address(), request.data()));
    }
    case kReadControl: {
      const auto request = parse<ReadCall>(call);
      return read_control(request.address(), request.size());
    }
    case kRegisterWrite: {
      const auto request = parse<RegisterWriteCall>(call);
      return acknowledge(
          write_control(uint64_t{request.base()} + request.offset(), request.data()));
    }
    case kRegisterRead: {
      const auto request = parse<RegisterReadCall>(call);
      return read_control(uint64_t{request.base()} + request.offset(), request.size());
    }
    case kTimestamp: {
      Timestamp reply;
      reply.set_nanoseconds(static_cast<uint64_t>(static_cast<double>(board_.cycles()) *
                                                  platform::Board::period().to_seconds() * 1e9));
      return reply.SerializeAsString();
    }
    case kBusStatus:
    case kDebugMessages:
      return Nothing().SerializeAsString();
    default:
      throw Error(ErrorKind::kDevice,
                  "XRT asked for function " + std::to_string(api) + ", which this platform lacks");
  }
}

/// Whole words of the kernel's registers; what is outside of them is not there.
std::string Server::read_control(uint64_t address, uint32_t bytes) {
  ReadData reply;
  const bool inside = address >= kControlBase && bytes <= kControlBytes &&
                      address - kControlBase <= kControlBytes - bytes;
  reply.set_valid(inside && bytes % kWord == 0);
  reply.mutable_data()->resize(bytes);
  for (uint32_t at = 0; reply.valid() && at < bytes; at += kWord) {
    const uint32_t value = board_.read_register(static_cast<uint32_t>(address - kControlBase) + at);
    std::memcpy(reply.mutable_data()->data() + at, &value, kWord);
  }
  return reply.SerializeAsString();
}

bool Server::write_control(uint64_t address, const std::string& data) {
  if (address < kControlBase || data.size() > kControlBytes ||
      address - kControlBase > kControlBytes - data.size() || data.size() % kWord != 0)
    return false;
  for (uint32_t at = 0; at < data.size(); at += kWord) {
    uint32_t value = 0;
    std::memcpy(&value, data.data() + at, kWord);
    board_.write_register(static_cast<uint32_t>(address - kControlBase) + at, value);
  }
  return true;
}

}  // namespace keyway::hw_emu
