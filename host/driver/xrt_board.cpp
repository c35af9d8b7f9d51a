// SPDX-License-Identifier: Apache-2.0
#include "driver/xrt_board.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <sstream>
#include <thread>
#include <utility>

#include "common/error.hpp"
#include "common/interrupt.hpp"
#include "driver/companions.hpp"
#include "hw_emu/emulation.hpp"

extern char** environ;

namespace keyway::driver {
namespace {

constexpr int kCloseMilliseconds = 65'000;  // then the process is killed
constexpr int kSpawnTries = 200;
constexpr int kChildSocket = 3;         // descriptor of the socket in the XRT process
constexpr int kLookMilliseconds = 100;  // how often a wait looks for an interrupt
constexpr double kGraceSeconds = 10;    // that a run may take besides its cycles

std::string absolute(const std::string& path) {
  return path.empty() ? path : std::filesystem::absolute(path).string();
}

std::string variable(const char* name, const std::string& value) {
  return std::string(name) + "=" + value;
}

/// Stock XRT unpacks the xclbin's simulation with a program that its package does not ask for.
void require_unzip() {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "/usr/bin:/bin" : path);
  for (std::string folder; std::getline(folders, folder, ':');)
    if (access((folder + "/unzip").c_str(), X_OK) == 0) return;
  throw Error(ErrorKind::kDevice,
              "XRT's hardware emulation needs the program unzip, which is not in PATH "
              "(Debian: apt-get install unzip)");
}

/// The caller's environment with `changes`; variables that would leak from an outer run are
/// dropped.
std::vector<std::string> merged_environment(const std::vector<std::string>& changes) {
  std::vector<std::string> merged = changes;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const std::string key = text.substr(0, text.find('=') + 1);
    bool drop = key.rfind("KEYWAY_", 0) == 0 || key == "XCL_EMULATION_MODE=" ||
                key == "EMULATION_SOCKETID=";
    for (const std::string& change : changes) drop |= change.rfind(key, 0) == 0;
    if (!drop) merged.push_back(text);
  }
  return merged;
}

}  // namespace

XrtBoard::XrtBoard(const EmulationOptions& options) : least_hertz_(options.least_hertz) {
  require_unzip();
  const std::string xclbin =
      options.xclbin.empty() ? emulation_xclbin(options.core) : absolute(options.xclbin);
  const std::string simulator =
      options.simulator.empty() ? simulator_program() : absolute(options.simulator);
  if (access(simulator.c_str(), X_OK) != 0)
    throw Error(ErrorKind::kDevice, simulator + ": " + std::strerror(errno));
  std::vector<std::string> environment = folder_.environment(true);
  environment.push_back(variable(emulation::kSimulatorVariable, simulator));
  environment.push_back(variable(emulation::kLifelineVariable, folder_.lifeline()));
  environment.push_back(variable(emulation::kDeviceVariable, absolute(options.device_file)));
  environment.push_back(variable(emulation::kMemoryVariable, options.memory));
  environment.push_back(variable(emulation::kWaveVariable, absolute(options.wave)));
  environment.push_back(variable(emulation::kTraceVariable, absolute(options.trace)));
  launch(environment);
  open(xclbin, 0);
}

XrtBoard::XrtBoard(const CardOptions& options) : least_hertz_(options.least_hertz) {
  launch(folder_.environment(false));
  open(absolute(options.xclbin), options.index);
}

XrtBoard::~XrtBoard() { shut_down(); }

void XrtBoard::close() {
  const std::string problem = shut_down();
  if (!problem.empty()) throw Error(ErrorKind::kFile, problem);
}

void XrtBoard::open(const std::string& xclbin, unsigned index) {
  try {
    send(Operation::kOpen, index, 0, 0, xclbin.data(), xclbin.size());
    while (!answered_within(kLookMilliseconds))  // XRT takes ten seconds
      if (common::interrupted()) fail("interrupted while the device was opened");
    receive();
  } catch (...) {
    shut_down();  // no destructor for an object that never was
    throw;
  }
}

void XrtBoard::launch(const std::vector<std::string>& environment) {
  const std::string program = folder_.adopt(xrt_program());
  int sockets[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0)
    throw Error(ErrorKind::kDevice, std::string("socketpair: ") + std::strerror(errno));
  socket_ = sockets[0];

  std::vector<std::string> variables = merged_environment(environment);
  std::vector<char*> environment_pointers;
  for (std::string& entry : variables) environment_pointers.push_back(entry.data());
  environment_pointers.push_back(nullptr);
  std::string name = "keyway_xrt", descriptor = std::to_string(kChildSocket), log = folder_.log();
  char* arguments[] = {name.data(), descriptor.data(), nullptr};

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  posix_spawn_file_actions_adddup2(&actions, sockets[1], kChildSocket);
  posix_spawn_file_actions_addchdir_np(&actions, folder_.path().c_str());
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  // A process group of its own: XRT sends fatal signals to its whole group.
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  posix_spawnattr_setpgroup(&attributes, 0);
  int error = ETXTBSY;  // while another thread's child still holds the fresh copy open for writing
  for (int i = 0; error == ETXTBSY && i < kSpawnTries; ++i) {
    if (i > 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    error = posix_spawn(&process_, program.c_str(), &actions, &attributes, arguments,
                        environment_pointers.data());
  }
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  ::close(sockets[1]);
  if (error != 0) {
    process_ = -1;
    shut_down();
    throw Error(ErrorKind::kDevice, program + ": " + std::strerror(error));
  }
}

Message XrtBoard::call(Operation operation, uint64_t a, uint64_t b, uint64_t c, const void* payload,
                       size_t bytes) {
  send(operation, a, b, c, payload, bytes);
  return receive();
}

void XrtBoard::send(Operation operation, uint64_t a, uint64_t b, uint64_t c, const void* payload,
                    size_t bytes) {
  if (failed_) throw Error(ErrorKind::kDevice, "the device has failed before");
  const Message request{static_cast<uint32_t>(operation), 0, a, b, c, 0};
  // A process that gave up has left its last words: a request that cannot be sent is no reason not
  // to read them.
  send_message(socket_, request, payload, bytes);
}

bool XrtBoard::answered_within(int milliseconds) {
  pollfd process{socket_, POLLIN, 0};
  return poll(&process, 1, milliseconds) > 0;
}

Message XrtBoard::receive() {
  Message reply;
  if (!receive_message(socket_, reply, payload_)) fail(obituary());
  if (reply.kind != static_cast<uint32_t>(Outcome::kDone))
    fail(std::string(payload_.begin(), payload_.end()));
  return reply;
}

void XrtBoard::fail(const std::string& reason) {
  failed_ = true;
  throw Error(ErrorKind::kDevice, reason);
}

/// Why the XRT process ended without a word.
std::string XrtBoard::obituary() {
  int status = 0;
  std::string text = "the process that holds XRT ended unexpectedly";
  if (waitpid(process_, &status, 0) == process_) {
    process_ = -1;
    if (WIFSIGNALED(status)) text += std::string(" (") + strsignal(WTERMSIG(status)) + ")";
  }
  const std::string complaint = folder_.complaint();
  return complaint.empty() ? text : text + ": " + complaint;
}

/// Ends both processes. What could not be put away, or nothing.
std::string XrtBoard::shut_down() noexcept {
  std::string problem;
  if (socket_ >= 0 && process_ > 0 && !failed_) {
    // The answer comes when trace and waveform are written.
    send_message(socket_, {static_cast<uint32_t>(Operation::kClose), 0, 0, 0, 0, 0}, nullptr, 0);
    pollfd answer{socket_, POLLIN, 0};
    Message reply;
    if (poll(&answer, 1, kCloseMilliseconds) > 0 && receive_message(socket_, reply, payload_) &&
        reply.kind != static_cast<uint32_t>(Outcome::kDone))
      problem.assign(payload_.begin(), payload_.end());
  }
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
  if (process_ > 0) {
    // The closed socket makes the process end and take the simulator with it; then it is killed.
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(2);
    while (waitpid(process_, nullptr, WNOHANG) == 0) {
      if (std::chrono::steady_clock::now() > end) {
        kill(-process_, SIGKILL);
        waitpid(process_, nullptr, 0);
        break;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    process_ = -1;
  }
  return problem;
}

Board::Buffer XrtBoard::allocate(size_t bytes) {
  const Message reply = call(Operation::kAllocate, bytes);
  const auto buffer = static_cast<Buffer>(reply.a);
  addresses_[buffer] = reply.b;
  return buffer;
}

void XrtBoard::free(Buffer buffer) {
  call(Operation::kFree, static_cast<uint64_t>(buffer));
  addresses_.erase(buffer);
}

uint64_t XrtBoard::address(Buffer buffer) const {
  const auto found = addresses_.find(buffer);
  if (found == addresses_.end()) throw Error(ErrorKind::kDevice, "no such device buffer");
  return found->second;
}

void XrtBoard::write(Buffer buffer, size_t offset, const void* data, size_t bytes) {
  call(Operation::kWrite, static_cast<uint64_t>(buffer), offset, 0, data, bytes);
}

void XrtBoard::read(Buffer buffer, size_t offset, void* data, size_t bytes) {
  call(Operation::kRead, static_cast<uint64_t>(buffer), offset, bytes);
  if (payload_.size() != bytes) fail("the process that holds XRT answered with another length");
  std::memcpy(data, payload_.data(), bytes);
}

void XrtBoard::start(const KernelArguments& arguments) {
  call(Operation::kStart, 0, 0, 0, &arguments, sizeof arguments);
  const double cycles = std::ldexp(arguments.cycle_limit, contract::kCycleLimitBits);
  seconds_ = cycles == 0 ? 0 : static_cast<unsigned>(kGraceSeconds + cycles / least_hertz_);
}

void XrtBoard::wait() {
  send(Operation::kWait, seconds_);
  bool aborted = false;
  while (!answered_within(kLookMilliseconds))
    if (common::interrupted() && !std::exchange(aborted, true)) abort();
  receive();
}

void XrtBoard::abort() { send(Operation::kAbort); }

uint32_t XrtBoard::read_register(uint32_t offset) {
  return static_cast<uint32_t>(call(Operation::kReadRegister, offset).a);
}

}  // namespace keyway::driver
