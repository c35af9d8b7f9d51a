// SPDX-License-Identifier: Apache-2.0
/// keyway_xrt SOCKET: the process that holds XRT for one XrtBoard (xrt_board.hpp says why). Serves
/// the requests of message_channel.hpp on the inherited descriptor until the host closes or is
/// gone.
///
/// At the end of an emulation nothing of XRT is closed: stock XRT takes up to ten seconds for that
/// and frees nothing but this process's own. A card is closed properly.
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>

#include "common/error.hpp"
#include "driver/early_waker.hpp"
#include "driver/message_channel.hpp"
#include "driver/simulator_watch.hpp"
#include "driver/xrt_card.hpp"
#include "hw_emu/emulation.hpp"

namespace {

using namespace keyway;
using namespace keyway::driver;

class XrtProcess {
 public:
  explicit XrtProcess(int socket)
      : socket_(socket),
        emulation_(std::getenv(emulation::kLifelineVariable) != nullptr),
        watch_(socket, emulation_ ? std::getenv(emulation::kLifelineVariable) : "",
               [this](const std::string& reason) { reply_failure(reason); }) {}

  int serve() {
    Message request;
    std::vector<uint8_t> payload;
    while (receive_message(socket_, request, payload)) {
      const auto operation = static_cast<Operation>(request.kind);
      if (operation == Operation::kClose) return close();
      try {
        if (operation == Operation::kAbort) {
          if (card_) card_->abort();
          continue;
        }
        Message reply;
        std::vector<uint8_t> data;
        handle(operation, request, payload, reply, data);
        send_reply(reply, data.data(), data.size());
      } catch (const Error& error) {
        reply_failure(error.what());
      } catch (const std::exception& error) {
        reply_failure(std::string("XRT: ") + error.what());
      }
    }
    return EXIT_FAILURE;
  }

 private:
  void handle(Operation operation, const Message& request, const std::vector<uint8_t>& payload,
              Message& reply, std::vector<uint8_t>& data) {
    const auto buffer = static_cast<Board::Buffer>(request.a);
    if (operation == Operation::kOpen) {
      const EarlyWaker waker([this] { return emulation_ && watch_.ready(); });
      card_ = std::make_unique<XrtCard>(static_cast<unsigned>(request.a),
                                        std::string(payload.begin(), payload.end()));
      return;
    }
    if (!card_) throw Error(ErrorKind::kDevice, "no device is open");
    switch (operation) {
      case Operation::kAllocate: {
        const Board::Buffer made = card_->allocate(request.a);
        reply.a = static_cast<uint64_t>(made);
        reply.b = card_->address(made);
        break;
      }
      case Operation::kFree:
        card_->free(buffer);
        break;
      case Operation::kWrite:
        card_->write(buffer, request.b, payload);
        break;
      case Operation::kRead:
        data.resize(request.c);
        card_->read(buffer, request.b, data);
        break;
      case Operation::kStart: {
        KernelArguments arguments;
        if (payload.size() != sizeof arguments) throw Error(ErrorKind::kDevice, "bad request");
        std::memcpy(&arguments, payload.data(), sizeof arguments);
        card_->start(arguments);
        break;
      }
      case Operation::kWait:
        card_->wait(static_cast<unsigned>(request.a), [this] { return abort_came(); });
        break;
      case Operation::kReadRegister:
        reply.a = card_->read_register(static_cast<uint32_t>(request.a));
        break;
      default:
        throw Error(ErrorKind::kDevice, "bad request");
    }
  }

  /// During a wait nothing but an abort may come.
  bool abort_came() {
    pollfd host{socket_, POLLIN, 0};
    Message request;
    std::vector<uint8_t> nothing;
    return poll(&host, 1, 0) > 0 && receive_message(socket_, request, nothing) &&
           static_cast<Operation>(request.kind) == Operation::kAbort;
  }

  int close() {
    std::string problem;
    if (emulation_)
      problem = watch_.close_simulator();
    else
      card_.reset();
    if (problem.empty())
      send_reply({}, nullptr, 0);
    else
      reply_failure(problem);
    return EXIT_SUCCESS;
  }

  void send_reply(const Message& reply, const void* data, size_t bytes) {
    const std::lock_guard<std::mutex> lock(sending_);
    send_message(socket_, reply, data, bytes);
  }

  void reply_failure(const std::string& reason) {
    Message reply;
    reply.kind = static_cast<uint32_t>(Outcome::kFailed);
    send_reply(reply, reason.data(), reason.size());
  }

  int socket_;
  bool emulation_;
  std::mutex sending_;
  std::unique_ptr<XrtCard> card_;
  SimulatorWatch watch_;
};

/// XRT writes to a simulator that has just died. The watch hears of that too and ends this process
/// with the cause; XRT's thread waits for it here rather than end everything without a word.
extern "C" void wait_for_the_watch(int signal) {
  const timespec long_enough{2, 0};
  nanosleep(&long_enough, nullptr);
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return static_cast<int>(ErrorKind::kUsage);
  const int socket = std::atoi(argv[1]);
  fcntl(socket, F_SETFD, FD_CLOEXEC);  // what XRT launches must not keep it open
  std::signal(SIGPIPE, wait_for_the_watch);
  auto* process = new XrtProcess(socket);  // see the header: never destroyed
  _exit(process->serve());
}
