// SPDX-License-Identifier: Apache-2.0
/// Requests and replies between the host and its XRT process (xrt_board.hpp, xrt_process.cpp) over
/// a Unix stream socket that both inherit. One request is answered by one reply, in order; an abort
/// alone has none, and may come while a wait is not answered yet. A reply may also come unasked:
/// the last words of an XRT process that gives up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace keyway::driver {

enum class Operation : uint32_t {
  kOpen,          ///< a: device index; payload: path of the xclbin
  kAllocate,      ///< a: bytes -> a: buffer, b: address
  kFree,          ///< a: buffer
  kWrite,         ///< a: buffer, b: offset; payload: data
  kRead,          ///< a: buffer, b: offset, c: bytes -> payload: data
  kStart,         ///< payload: KernelArguments
  kWait,          ///< a: seconds that it may take, 0: any; answered when the run is done
  kAbort,         ///< not answered
  kReadRegister,  ///< a: offset -> a: value
  kClose,         ///< answered when everything is put away; the process then ends
};

enum class Outcome : uint32_t { kDone, kFailed };  ///< kFailed: payload is a sentence that says why

/// Header on the wire, then `bytes` bytes of payload. Both ends are the same build on one machine.
struct Message {
  uint32_t kind = 0;  ///< Operation of a request, Outcome of a reply
  uint32_t reserved = 0;
  uint64_t a = 0, b = 0, c = 0;
  uint64_t bytes = 0;
};

/// Both return false when the other side is gone.
bool send_message(int socket, Message message, const void* payload, size_t bytes);
bool receive_message(int socket, Message& message, std::vector<uint8_t>& payload);

}  // namespace keyway::driver
