// SPDX-License-Identifier: Apache-2.0
#include "driver/simulator_watch.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "common/error.hpp"
#include "hw_emu/emulation.hpp"

namespace keyway::driver {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int kDeviceStatus = static_cast<int>(ErrorKind::kDevice);
constexpr auto kCloseTime = std::chrono::seconds(60);  // a long waveform takes its time

int listen_at(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener < 0 ||
      bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(listener, 1) != 0)
    throw Error(ErrorKind::kDevice, path + ": " + std::strerror(errno));
  return listener;
}

}  // namespace

SimulatorWatch::SimulatorWatch(int host, std::string lifeline,
                               std::function<void(const std::string&)> report)
    : host_(host), report_(std::move(report)) {
  if (!lifeline.empty()) listener_ = listen_at(lifeline);
  thread_ = std::thread([this] { watch(); });
  thread_.detach();  // it lives as long as the process
}

void SimulatorWatch::watch() {
  const auto deadline = Clock::now() + std::chrono::seconds(kLaunchSeconds);
  while (!ended_) {
    pollfd who[3] = {{host_, POLLRDHUP, 0}, {listener_, POLLIN, 0}, {lifeline_, POLLIN, 0}};
    const bool launching = listener_ >= 0;
    const int ready = poll(who, 3, launching ? 1000 : -1);
    if (ready < 0) continue;  // EINTR
    if (who[0].revents != 0) host_is_gone();
    if (who[1].revents != 0) accept_simulator();
    if (who[2].revents != 0) hear_simulator();
    if (launching && Clock::now() > deadline)
      simulator_is_gone("did not start within " + std::to_string(kLaunchSeconds) + " s");
  }
}

void SimulatorWatch::accept_simulator() {
  const int lifeline = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (lifeline < 0) return;
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(lifeline, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0) simulator_ = peer.pid;
  lifeline_ = lifeline;
  close(listener_);
  listener_ = -1;
}

void SimulatorWatch::hear_simulator() {
  char text[4096];
  const ssize_t got = recv(lifeline_, text, sizeof text, 0);
  if (got < 0 && errno == EINTR) return;
  if (got <= 0) {
    if (closing_) {
      ended_ = true;
      return;
    }
    simulator_is_gone(cause_of_death());
  }
  heard_.append(text, static_cast<size_t>(got));
  for (size_t end = 0; (end = heard_.find('\n')) != std::string::npos; heard_.erase(0, end + 1)) {
    const std::string line = heard_.substr(0, end);
    if (line == emulation::kReadyLine) ready_ = true;
    if (line.rfind(emulation::kErrorPrefix, 0) == 0)
      last_words_ = line.substr(std::strlen(emulation::kErrorPrefix));
  }
}

/// It is a child of this process (XRT's fork and the script's exec keep its number).
std::string SimulatorWatch::cause_of_death() const {
  if (!last_words_.empty()) return "failed: " + last_words_;
  int status = 0;
  const auto deadline = Clock::now() + std::chrono::seconds(1);
  while (waitpid(simulator_, &status, WNOHANG) == 0 && Clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  if (WIFSIGNALED(status)) return std::string("died: ") + strsignal(WTERMSIG(status));
  return "ended unexpectedly";
}

void SimulatorWatch::simulator_is_gone(const std::string& how) {
  report_("the simulator process of hw_emu " + how);
  kill_simulator();
  _exit(kDeviceStatus);
}

void SimulatorWatch::host_is_gone() {
  kill_simulator();
  if (!closing_) {
    std::error_code ignored;
    const auto folder = std::filesystem::current_path(ignored);
    std::filesystem::current_path("/", ignored);
    // The host made it and would have removed it.
    if (folder.filename().string().rfind("keyway-", 0) == 0)
      std::filesystem::remove_all(folder, ignored);
  }
  _exit(kDeviceStatus);
}

std::string SimulatorWatch::close_simulator() {
  closing_ = true;
  if (simulator_ <= 0) return "";
  const std::string line = std::string(emulation::kCloseLine) + "\n";
  send(lifeline_, line.data(), line.size(), MSG_NOSIGNAL);
  const auto deadline = Clock::now() + kCloseTime;
  while (!ended_ && Clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  const bool ended = ended_;
  if (!ended) kill(simulator_, SIGKILL);
  waitpid(simulator_, nullptr, 0);
  return ended ? last_words_ : "the simulator did not end in time";
}

void SimulatorWatch::kill_simulator() {
  if (simulator_ <= 0) return;
  kill(simulator_, SIGTERM);  // it removes what it has not finished writing
  const auto deadline = Clock::now() + std::chrono::seconds(1);
  while (Clock::now() < deadline) {
    if (waitpid(simulator_, nullptr, WNOHANG) != 0) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  kill(simulator_, SIGKILL);
  waitpid(simulator_, nullptr, 0);  // not every init reaps orphans
}

}  // namespace keyway::driver
