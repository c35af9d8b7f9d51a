// SPDX-License-Identifier: Apache-2.0
/// XrtBoard over stock XRT in hardware emulation, with the stand-in kernel: data, several devices
/// at once, and every way in which one of the three processes (host, XRT process, simulator) can
/// end.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "common/error.hpp"
#include "common/interrupt.hpp"
#include "driver/kernel_accelerator.hpp"
#include "driver/xrt_board.hpp"
#include "platform/standin.hpp"
#include "thrown.hpp"

using namespace keyway;
using namespace keyway::driver;
namespace fs = std::filesystem;

namespace {

constexpr size_t kPage = 4096;
using Clock = std::chrono::steady_clock;

EmulationOptions standin_options() {
  EmulationOptions options;
  options.simulator = STANDIN_SIMULATOR;
  options.xclbin = STANDIN_XCLBIN;
  return options;
}

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// Living processes below `ancestor` (zombies do not live), by name prefix.
std::set<pid_t> descendants(pid_t ancestor, const std::string& name) {
  std::set<pid_t> all{ancestor}, found;
  for (bool more = true; more;) {
    more = false;
    for (const auto& entry : fs::directory_iterator("/proc")) {
      const pid_t pid = std::atoi(entry.path().filename().c_str());
      std::ifstream file(entry.path() / "stat");
      std::string text;
      if (pid <= 0 || !std::getline(file, text)) continue;
      const std::string comm =
          text.substr(text.find('(') + 1, text.rfind(')') - text.find('(') - 1);
      char state = 0;
      int parent = 0;
      std::sscanf(text.c_str() + text.rfind(')') + 1, " %c %d", &state, &parent);
      if (all.count(parent) == 0 || all.count(pid) != 0) continue;
      all.insert(pid);
      more = true;
      if (state != 'Z' && comm.rfind(name, 0) == 0) found.insert(pid);
    }
  }
  return found;
}

bool alive(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  return std::getline(file, text) && text.find(") Z") == std::string::npos;
}

constexpr double kLong = 60;  // s: not how fast it should be, but that it happens

template <typename Condition>
bool within(double seconds, Condition condition) {
  for (const auto begin = Clock::now(); seconds_since(begin) < seconds;) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return condition();
}

/// Run folders of the XRT processes below `ancestor`.
std::set<fs::path> run_folders(pid_t ancestor) {
  std::set<fs::path> found;
  for (const pid_t pid : descendants(ancestor, "keyway_xrt"))
    found.insert(fs::read_symlink("/proc/" + std::to_string(pid) + "/cwd"));
  return found;
}

bool gone(const std::set<fs::path>& folders) {
  return std::none_of(folders.begin(), folders.end(),
                      [](const fs::path& f) { return fs::exists(f); });
}

/// Starts the kernel and does not wait.
void start_job(Board& board, uint32_t pages, uint32_t mode = 0, uint32_t cycle_limit = 0) {
  const auto content = standin::package(pages);
  const auto package = board.allocate(content.size());
  board.write(package, 0, content.data(), content.size());
  const auto in = board.allocate(pages * kPage), out = board.allocate(pages * kPage);
  KernelArguments arguments{mode, board.address(package), 0, board.address(in), board.address(out)};
  arguments.cycle_limit = cycle_limit;
  board.start(arguments);
}

void run_images(Accelerator& accelerator, size_t count, uint8_t salt) {
  accelerator.open(standin::package(1), std::nullopt);
  std::vector<std::vector<uint8_t>> images(count, std::vector<uint8_t>(kPage));
  for (size_t i = 0; i < count; ++i)
    for (size_t k = 0; k < kPage; ++k) images[i][k] = static_cast<uint8_t>(k * 5 + i + salt);
  size_t next = 0;
  accelerator.run(images, kPage, [&](size_t i, const std::vector<uint8_t>& out, const Counters* c) {
    if (i != next++ || c == nullptr) throw std::runtime_error("order");
    for (size_t k = 0; k < kPage; ++k)
      if (out[k] != (images[i][k] ^ standin::kXor)) throw std::runtime_error("data");
  });
  if (next != count) throw std::runtime_error("count");
}

}  // namespace

TEST_CASE("images through stock XRT, from a folder without write permission, nothing left behind") {
  std::set<fs::path> folders;
  const fs::path here = fs::current_path();
  fs::current_path("/proc");  // nobody can write there
  {
    KernelAccelerator accelerator(std::make_unique<XrtBoard>(standin_options()));
    CHECK_NOTHROW(run_images(accelerator, 8, 1));
    folders = run_folders(getpid());
    CHECK(folders.size() == 1);
    CHECK_FALSE(gone(folders));
  }
  fs::current_path(here);
  CHECK(gone(folders));
  CHECK(within(1, [] { return descendants(getpid(), "keyway_").empty(); }));
}

TEST_CASE("buffers larger than one XRT message") {
  XrtBoard board(standin_options());
  constexpr size_t kBytes = (5 << 20) + 12345;
  std::vector<uint8_t> data(kBytes), back(kBytes);
  for (size_t i = 0; i < kBytes; ++i) data[i] = static_cast<uint8_t>(i * 2654435761U >> 24);
  const auto buffer = board.allocate(kBytes);
  CHECK(board.address(buffer) % kPage == 0);
  board.read(buffer, 0, back.data(), kBytes);
  CHECK(back == std::vector<uint8_t>(kBytes));
  board.write(buffer, 0, data.data(), kBytes);
  board.read(buffer, 0, back.data(), kBytes);
  CHECK(back == data);
  const uint8_t byte = 0xaa;
  board.write(buffer, 1'000'003, &byte, 1);
  data[1'000'003] = byte;
  board.read(buffer, 1'000'000, back.data(), 10);
  CHECK(std::equal(back.begin(), back.begin() + 10, data.begin() + 1'000'000));
  board.free(buffer);
}

TEST_CASE("several devices at once, each with its own memory options") {
  constexpr size_t kDevices = 3;
  std::vector<std::string> errors(kDevices);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < kDevices; ++i)
    threads.emplace_back([&, i] {
      try {
        EmulationOptions options = standin_options();
        options.memory = "latency=" + std::to_string(10 + 100 * i);
        KernelAccelerator accelerator(std::make_unique<XrtBoard>(options));
        run_images(accelerator, 4, static_cast<uint8_t>(i));
        const uint64_t cycles = accelerator.board().read_register(contract::kCounterBase);
        // 33 latencies in the stand-in's serial copy of one page.
        if (cycles < 33 * (10 + 100 * i) || cycles > 33 * (10 + 100 * (i + 1)) + 1000)
          throw std::runtime_error("cycles " + std::to_string(cycles));
      } catch (const std::exception& error) {
        errors[i] = error.what();
      }
    });
  for (std::thread& thread : threads) thread.join();
  for (const std::string& error : errors) CHECK(error == "");
}

TEST_CASE("a killed simulator is an error within seconds, not a hang") {
  std::set<fs::path> folders;
  {
    XrtBoard board(standin_options());
    folders = run_folders(getpid());
    SECTION("while the kernel runs") { start_job(board, 1, standin::kModeHang); }
    SECTION("while nothing runs") {}
    const auto simulators = descendants(getpid(), "keyway_hw_emu");
    REQUIRE(simulators.size() == 1);
    const auto begin = Clock::now();
    kill(*simulators.begin(), SIGKILL);
    const std::string text = test::message_of(ErrorKind::kDevice, [&] {
      board.wait();
      while (true) board.read_register(0);
    });
    INFO(text);
    CHECK(text.find("simulator process of hw_emu died: Killed") != std::string::npos);
    CHECK(seconds_since(begin) < 5);
    CHECK(test::message_of(ErrorKind::kDevice, [&] { board.read_register(0); }) != "");
  }
  CHECK(folders.size() == 1);
  CHECK(gone(folders));
}

TEST_CASE("a run without end is aborted, and the board is good for another") {
  XrtBoard board(standin_options());
  start_job(board, 1, standin::kModeHang);
  board.abort();
  board.wait();
  CHECK(board.read_register(contract::kRegStatus) ==
        static_cast<uint32_t>(contract::Status::kAborted));
  start_job(board, 1);
  board.wait();
  CHECK(board.read_register(contract::kRegStatus) == static_cast<uint32_t>(contract::Status::kOk));
}

TEST_CASE("an interrupt reaches a run under way") {
  const common::InterruptGuard guard;
  XrtBoard board(standin_options());
  start_job(board, 1, standin::kModeHang);
  std::thread user([] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    std::raise(SIGINT);
  });
  const auto begin = Clock::now();
  board.wait();
  user.join();
  CHECK(seconds_since(begin) < 5);
  CHECK(board.read_register(contract::kRegStatus) ==
        static_cast<uint32_t>(contract::Status::kAborted));
}

TEST_CASE("a run that outlasts its cycles at the least clock is an error") {
  EmulationOptions options = standin_options();
  options.least_hertz = 65536;
  XrtBoard board(options);
  const bool deaf = GENERATE(false, true);
  const auto begin = Clock::now();
  start_job(board, 1, deaf ? standin::kModeDeaf : standin::kModeEndless, 1);
  const std::string text = test::message_of(ErrorKind::kDevice, [&] { board.wait(); });
  INFO(text);
  CHECK(text.find("did not end within 11 s") != std::string::npos);
  CHECK((text.find("obeys no abort") != std::string::npos) == deaf);
  CHECK(seconds_since(begin) < 30);
}

TEST_CASE("what stops the simulation is told by its own words") {
  XrtBoard board(standin_options());
  const std::string text = test::message_of(ErrorKind::kDevice, [&] {
    start_job(board, 1, standin::kModeCrossing);
    board.wait();
  });
  INFO(text);
  CHECK(text.find("rule AR_BOUNDARY is broken in cycle") != std::string::npos);
}

TEST_CASE("a simulator that cannot start is an error, not a hang") {
  EmulationOptions options = standin_options();
  const auto begin = Clock::now();
  SECTION("missing") {
    options.simulator = "/nowhere/simulator";
    CHECK(test::message_of(ErrorKind::kDevice, [&] {
            XrtBoard board(options);
          }).find("/nowhere/simulator") != std::string::npos);
  }
  SECTION("device file missing") {
    options.device_file = "/nowhere/dev.kwd";
    CHECK(test::message_of(ErrorKind::kDevice, [&] {
            XrtBoard board(options);
          }).find("/nowhere/dev.kwd") != std::string::npos);
  }
  SECTION("not the card's xclbin") {
    options.xclbin = STANDIN_SIMULATOR;
    CHECK(test::message_of(ErrorKind::kDevice, [&] { XrtBoard board(options); }) != "");
  }
  CHECK(seconds_since(begin) < 20);
}

TEST_CASE("a killed XRT process is an error that says so") {
  XrtBoard board(standin_options());
  const auto processes = descendants(getpid(), "keyway_xrt");
  const auto simulators = descendants(getpid(), "keyway_hw_emu");
  REQUIRE(processes.size() == 1);
  REQUIRE(simulators.size() == 1);
  kill(*processes.begin(), SIGKILL);
  CHECK(test::message_of(ErrorKind::kDevice, [&] {
          board.read_register(0);
        }).find("holds XRT ended unexpectedly (Killed)") != std::string::npos);
  CHECK(within(kLong, [&] { return !alive(*simulators.begin()); }));
}

TEST_CASE("when the host is killed, simulator and XRT process end and nothing is left") {
  int ready[2];
  REQUIRE(pipe(ready) == 0);
  const pid_t host = fork();
  if (host == 0) {
    XrtBoard board(standin_options());
    start_job(board, 1, standin::kModeHang);
    (void)!write(ready[1], "x", 1);
    board.wait();
    _exit(0);
  }
  close(ready[1]);
  char byte = 0;
  REQUIRE(read(ready[0], &byte, 1) == 1);
  const auto children = descendants(host, "keyway_");
  CHECK(children.size() == 2);
  const auto folders = run_folders(host);
  CHECK(folders.size() == 1);
  kill(host, SIGKILL);
  waitpid(host, nullptr, 0);
  for (const pid_t child : children) {
    INFO("process " << child);
    CHECK(within(kLong, [&] { return !alive(child); }));
  }
  CHECK(within(kLong, [&] { return gone(folders); }));
  close(ready[0]);
}

TEST_CASE("a card that is not there is an error") {
  CardOptions options;
  options.xclbin = STANDIN_XCLBIN;
  const std::string text = test::message_of(ErrorKind::kDevice, [&] { XrtBoard board(options); });
  INFO(text);
  CHECK(text.rfind("XRT: ", 0) == 0);
}

TEST_CASE("without unzip the error names it") {
  const std::string path = std::getenv("PATH");
  setenv("PATH", "/nowhere", 1);
  const std::string text =
      test::message_of(ErrorKind::kDevice, [&] { XrtBoard board(standin_options()); });
  setenv("PATH", path.c_str(), 1);
  CHECK(text.find("unzip") != std::string::npos);
}
