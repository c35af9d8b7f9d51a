// SPDX-License-Identifier: Apache-2.0
/// Serves XRT's hardware emulation: every request becomes an access to the simulated board.
///
/// XRT and this process talk in request and reply, one at a time (messages: xrt_emulation.proto).
/// While the kernel runs, the server lets `kTurn` cycles pass between two looks at its sockets, so
/// XRT's polling neither stops the simulation nor waits for long.
///
/// Ends when XRT says so or is gone, or when the lifeline says `close` or breaks
/// (hw_emu/emulation.hpp). Throws Error(kDevice) when the board fails or XRT breaks the protocol.
#pragma once

#include <cstdint>
#include <string>

#include "hw_emu/stream_socket.hpp"
#include "platform/rack.hpp"

namespace keyway::hw_emu {

class Server {
 public:
  /// `lifeline` may be unconnected.
  Server(platform::Rack::Slot& board, StreamSocket xrt, StreamSocket& lifeline)
      : board_(board), xrt_(std::move(xrt)), lifeline_(lifeline) {}

  void serve();

 private:
  static constexpr uint64_t kTurn = 4096;

  bool wait_for_request(bool& request);  ///< false: the host closes or is gone
  bool answer();                         ///< false after the last request
  std::string dispatch(uint32_t api, const std::string& call, bool& last);
  std::string read_control(uint64_t address, uint32_t bytes);
  bool write_control(uint64_t address, const std::string& data);

  platform::Rack::Slot& board_;
  StreamSocket xrt_;
  StreamSocket& lifeline_;
};

/// Where XRT listens, from its environment variables. Throws Error(kUsage) without them.
std::string xrt_socket_path();

}  // namespace keyway::hw_emu
