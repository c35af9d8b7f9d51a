// SPDX-License-Identifier: Apache-2.0
/// The whole board in process, with the stand-in kernel: runs, faults that must be noticed, several
/// boards at once, trace.
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <functional>
#include <numeric>
#include <optional>
#include <sstream>
#include <thread>

#include "common/error.hpp"
#include "driver/sim_shell.hpp"
#include "lock/parties.hpp"
#include "platform/simulation.hpp"
#include "platform/standin.hpp"

using namespace keyway;
using namespace keyway::driver;
using namespace keyway::platform;

namespace {

constexpr size_t kPage = 4096;

std::vector<uint8_t> pattern(size_t bytes, unsigned salt) {
  std::vector<uint8_t> data(bytes);
  for (size_t i = 0; i < bytes; ++i) data[i] = static_cast<uint8_t>(i * 7 + (i >> 8) + salt);
  return data;
}

/// A job of `pages` pages on a shell: buffers, start, verdict.
struct Job {
  Job(SimShell& s, uint32_t pages, unsigned salt) : shell(s), input(pattern(pages * kPage, salt)) {
    const auto content = standin::package(pages);
    package = shell.allocate(content.size());
    shell.write(package, 0, content.data(), content.size());
    in = shell.allocate(input.size());
    out = shell.allocate(input.size());
    shell.write(in, 0, input.data(), input.size());
  }
  void start(uint32_t mode = 0) {
    shell.start({mode, shell.address(package), 0, shell.address(in), shell.address(out)});
  }
  void check_output() {
    std::vector<uint8_t> output(input.size());
    shell.read(out, 0, output.data(), output.size());
    for (size_t i = 0; i < output.size(); ++i)
      if (output[i] != (input[i] ^ standin::kXor)) {
        FAIL("byte " << i << ": expected " << (input[i] ^ standin::kXor) << ", got " << +output[i]);
      }
  }
  uint32_t cycles() { return shell.read_register(contract::kCounterBase); }

  SimShell& shell;
  std::vector<uint8_t> input;
  driver::Shell::Buffer package{}, in{}, out{};
};

std::string failure(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::kDevice);
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a run on the board") {
  SimShell shell(SimOptions{});
  CHECK(shell.read_register(contract::kRegId) == contract::kCoreId);
  Job job(shell, 3, 1);
  for (int i = 0; i < 2; ++i) {
    job.start();
    CHECK(shell.running());
    shell.wait();
    CHECK_FALSE(shell.running());
    CHECK(shell.read_register(contract::kRegStatus) ==
          static_cast<uint32_t>(contract::Status::kOk));
    job.check_output();
  }
}

TEST_CASE("time stands still while the kernel is idle") {
  SimShell shell(SimOptions{});
  Job job(shell, 1, 1);
  job.start();
  shell.wait();
  const uint64_t before = shell.cycles();
  shell.advance(100'000);
  CHECK(shell.cycles() == before);
  shell.read_register(contract::kRegStatus);
  CHECK(shell.cycles() - before < 32);
}

TEST_CASE("memory timing changes cycles, never data") {
  std::vector<uint32_t> cycles;
  for (const char* memory :
       {"latency=1", "latency=60", "latency=300", "latency=60,stall=0.4,seed=9",
        "latency=60,stall=0.4,seed=9", "latency=60,stall=0.4,seed=10"}) {
    SimOptions options;
    options.memory = parse_memory_options(memory);
    SimShell shell(options);
    Job job(shell, 2, 3);
    job.start();
    shell.wait();
    job.check_output();
    cycles.push_back(job.cycles());
  }
  INFO(cycles[0] << " " << cycles[1] << " " << cycles[2] << " " << cycles[3]);
  // 32 reads, 32 writes and the header: 65 latencies in this serial kernel.
  CHECK(cycles[1] - cycles[0] == 65 * 59);
  CHECK(cycles[2] - cycles[1] == 65 * 240);
  CHECK(cycles[3] > cycles[1]);
  CHECK(cycles[3] == cycles[4]);
  CHECK(cycles[3] != cycles[5]);
}

TEST_CASE("a kernel that breaks the protocol ends the run with the rule's name") {
  const std::pair<uint32_t, const char*> faults[] = {
      {standin::kModeCrossing, "rule AR_BOUNDARY"},
      {standin::kModeWithdrawn, "rule ARVALID_STABLE"},
      {standin::kModeEarlyLast, "rule WLAST"},
      {standin::kModeUnstable, "rule W_STABLE"}};
  for (const auto& [mode, rule] : faults) {
    INFO(rule);
    SimOptions options;
    options.memory.stall = 0.98;  // so that handshakes wait, whenever they come
    SimShell shell(options);
    Job job(shell, 1, 1);
    const std::string text = failure([&] {
      job.start(mode);
      shell.wait();
    });
    CHECK(text.find(rule) != std::string::npos);
    CHECK(text.find("cycle") != std::string::npos);
    // The device stays failed.
    CHECK(failure([&] { shell.read_register(contract::kRegId); }) == text);
  }
  // A fresh board in the same slot works.
  SimShell shell(SimOptions{});
  Job job(shell, 1, 1);
  job.start();
  shell.wait();
  job.check_output();
}

TEST_CASE("a kernel that hangs ends the run") {
  DeviceConfig config;
  config.kernel = kernel_factory("16x16");
  config.hang_cycles = 200'000;
  Simulation::Board board(config);
  const auto content = standin::package(1);
  board.write_memory(uint64_t{1} << 32, content.data(), content.size());
  board.write_register(contract::kArgMode, standin::kModeHang);
  board.write_register(contract::kArgPackage, 0);
  board.write_register(contract::kArgPackage + 4, 1);
  board.write_register(contract::kRegControl, 1);
  CHECK(failure([&] { board.wait(); }).find("hangs") != std::string::npos);
}

TEST_CASE("a wrong address is the kernel's bus error, not the platform's") {
  SimShell shell(SimOptions{});
  Job job(shell, 1, 1);
  shell.start({0, shell.address(job.package), 0, shell.address(job.in), 0x1000});
  shell.wait();
  CHECK(shell.read_register(contract::kRegStatus) ==
        static_cast<uint32_t>(contract::Status::kBusError));
}

TEST_CASE("device buffers") {
  SimShell shell(SimOptions{});
  const auto a = shell.allocate(5000), b = shell.allocate(1), c = shell.allocate(kPage);
  CHECK(shell.address(a) % kPage == 0);
  CHECK(shell.address(b) >= shell.address(a) + 5000);
  CHECK(shell.address(c) != shell.address(b));
  const uint64_t hole = shell.address(b);
  const uint8_t mark = 0xee;
  shell.write(b, 0, &mark, 1);
  shell.free(b);
  const auto d = shell.allocate(kPage);
  CHECK(shell.address(d) == hole);
  uint8_t byte = 1;
  shell.read(d, 0, &byte, 1);
  CHECK(byte == 0);
  CHECK_THROWS_AS(shell.read(b, 0, &byte, 1), Error);
  CHECK_THROWS_AS(shell.write(d, kPage, &byte, 1), Error);
  CHECK_THROWS_AS(shell.allocate(size_t{17} << 30), Error);
}

TEST_CASE("several boards at once, each in its own thread") {
  constexpr unsigned kBoards = 4;
  std::vector<std::thread> threads;
  std::vector<std::string> errors(kBoards);
  std::vector<std::unique_ptr<SimShell>> shells;
  for (unsigned i = 0; i < kBoards; ++i) {
    SimOptions options;
    options.memory.latency = 20 + i;
    shells.push_back(std::make_unique<SimShell>(options));
  }
  for (unsigned i = 0; i < kBoards; ++i)
    threads.emplace_back([&, i] {
      try {
        Job job(*shells[i], 2 + i, i);
        for (int run = 0; run < 3; ++run) {
          job.start();
          shells[i]->wait();
        }
        std::vector<uint8_t> output(job.input.size());
        shells[i]->read(job.out, 0, output.data(), output.size());
        for (size_t k = 0; k < output.size(); ++k)
          if (output[k] != (job.input[k] ^ standin::kXor)) errors[i] = "wrong data";
      } catch (const std::exception& error) {
        errors[i] = error.what();
      }
    });
  for (std::thread& thread : threads) thread.join();
  for (const std::string& error : errors) CHECK(error.empty());
}

TEST_CASE("slots are used again, and are finite") {
  for (size_t i = 0; i < 2 * Simulation::kSlots; ++i) SimShell shell(SimOptions{});
  std::vector<std::unique_ptr<SimShell>> shells;
  for (size_t i = 0; i < Simulation::kSlots; ++i)
    shells.push_back(std::make_unique<SimShell>(SimOptions{}));
  CHECK_THROWS_AS(SimShell(SimOptions{}), Error);
}

TEST_CASE("the device file drives the identity pins") {
  const std::string path =
      (std::filesystem::temp_directory_path() / ("keyway_dev_" + std::to_string(getpid())))
          .string();
  const auto verdict = [&](const std::optional<std::string>& file, uint8_t licensed) {
    SimOptions options;
    options.device_file = file.value_or("");
    SimShell shell(options);
    const auto package = standin::sealed_package(), licence = standin::licence(licensed);
    const auto p = shell.allocate(package.size()), l = shell.allocate(licence.size());
    shell.write(p, 0, package.data(), package.size());
    shell.write(l, 0, licence.data(), licence.size());
    shell.start({1, shell.address(p), shell.address(l), 0, 0});
    shell.wait();
    return static_cast<contract::Status>(shell.read_register(contract::kRegStatus));
  };
  lock::Device device = lock::new_device(1, "");
  device.secret[0] = 42;
  lock::write_device(device, path);
  CHECK(verdict(std::nullopt, 42) == contract::Status::kNotEnrolled);
  CHECK(verdict(path, 42) == contract::Status::kNotEnrolled);
  device.owner_key = lock::Key{};
  lock::write_device(device, path);
  CHECK(verdict(path, 42) == contract::Status::kOk);
  CHECK(verdict(path, 43) == contract::Status::kWrongDevice);
  std::filesystem::remove(path);
  CHECK_THROWS_AS(verdict(path, 42), Error);
}

TEST_CASE("an unknown core is named with the known ones") {
  SimOptions options;
  options.core = "5x5";
  try {
    SimShell shell(options);
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::kFit);
    CHECK(std::string(error.what()).find("16x16") != std::string::npos);
  }
}

TEST_CASE("a waveform is a file that viewers know") {
  const std::string path =
      (std::filesystem::temp_directory_path() / ("keyway_wave_" + std::to_string(getpid())))
          .string();
  SimOptions options;
  options.wave = path;
  {
    SimShell shell(options);
    Job job(shell, 1, 1);
    job.start();
    shell.wait();
    CHECK_FALSE(std::filesystem::exists(path));
  }
  CHECK((std::filesystem::status(path).permissions() & std::filesystem::perms::others_read) ==
        std::filesystem::perms::none);
  std::ifstream file(path, std::ios::binary);
  CHECK(file.get() == 0);  // FST: a header block of 329 bytes
  CHECK(std::filesystem::file_size(path) > 1000);
  std::filesystem::remove(path);
  options.wave = "/nowhere/wave.fst";
  CHECK_THROWS_AS(SimShell(options), Error);
}

TEST_CASE("a trace appears when the board goes off, and shows runs and bus") {
  const std::string path =
      (std::filesystem::temp_directory_path() / ("keyway_trace_" + std::to_string(getpid())))
          .string();
  SimOptions options;
  options.trace = path;
  {
    SimShell shell(options);
    Job job(shell, 1, 1);
    job.start();
    shell.wait();
    CHECK_FALSE(std::filesystem::exists(path));
  }
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  for (const char* part : {"\"traceEvents\"", "\"bus read\"", "\"name\":\"run\"",
                           "\"name\":\"read\"", "\"name\":\"write\""})
    CHECK(text.str().find(part) != std::string::npos);
  CHECK(text.str().substr(text.str().size() - 4) == "\n]}\n");
  std::filesystem::remove(path);
}
