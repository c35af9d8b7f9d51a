// SPDX-License-Identifier: Apache-2.0
/// The whole board in process, with the stand-in kernel: runs, faults that must be noticed, several
/// boards at once, trace.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <optional>
#include <sstream>
#include <thread>

#include "common/error.hpp"
#include "driver/sim_board.hpp"
#include "lock/parties.hpp"
#include "platform/rack.hpp"
#include "platform/standin.hpp"
#include "temporary_folder.hpp"
#include "thrown.hpp"

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

/// A job of `pages` pages on a board: buffers, start, verdict.
struct Job {
  Job(SimBoard& s, uint32_t pages, unsigned salt) : board(s), input(pattern(pages * kPage, salt)) {
    const auto content = standin::package(pages);
    package = board.allocate(content.size());
    board.write(package, 0, content.data(), content.size());
    in = board.allocate(input.size());
    out = board.allocate(input.size());
    board.write(in, 0, input.data(), input.size());
  }
  void start(uint32_t mode = 0) {
    board.start({mode, board.address(package), 0, board.address(in), board.address(out)});
  }
  void check_output() {
    std::vector<uint8_t> output(input.size());
    board.read(out, 0, output.data(), output.size());
    for (size_t i = 0; i < output.size(); ++i)
      if (output[i] != (input[i] ^ standin::kXor)) {
        FAIL("byte " << i << ": expected " << (input[i] ^ standin::kXor) << ", got " << +output[i]);
      }
  }
  uint32_t cycles() { return board.read_register(contract::kCounterBase); }

  SimBoard& board;
  std::vector<uint8_t> input;
  driver::Board::Buffer package{}, in{}, out{};
};

}  // namespace

TEST_CASE("a run on the board") {
  SimBoard board(SimOptions{});
  CHECK(board.read_register(contract::kRegId) == contract::kCoreId);
  Job job(board, 3, 1);
  for (int i = 0; i < 2; ++i) {
    job.start();
    CHECK(board.running());
    board.wait();
    CHECK_FALSE(board.running());
    CHECK(board.read_register(contract::kRegStatus) ==
          static_cast<uint32_t>(contract::Status::kOk));
    job.check_output();
  }
}

TEST_CASE("time stands still while the kernel is idle") {
  SimBoard board(SimOptions{});
  Job job(board, 1, 1);
  job.start();
  board.wait();
  const uint64_t before = board.cycles();
  board.advance(100'000);
  CHECK(board.cycles() == before);
  board.read_register(contract::kRegStatus);
  CHECK(board.cycles() - before < 32);
}

TEST_CASE("memory timing changes cycles, never data") {
  std::vector<uint32_t> cycles;
  for (const char* memory :
       {"latency=1", "latency=60", "latency=300", "latency=60,stall=0.4,seed=9",
        "latency=60,stall=0.4,seed=9", "latency=60,stall=0.4,seed=10"}) {
    SimOptions options;
    options.memory = parse_memory_options(memory);
    SimBoard board(options);
    Job job(board, 2, 3);
    job.start();
    board.wait();
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
    SimBoard board(options);
    Job job(board, 1, 1);
    const std::string text = test::message_of(ErrorKind::kDevice, [&] {
      job.start(mode);
      board.wait();
    });
    CHECK(text.find(rule) != std::string::npos);
    CHECK(text.find("cycle") != std::string::npos);
    // The device stays failed.
    CHECK(test::message_of(ErrorKind::kDevice, [&] { board.read_register(contract::kRegId); }) ==
          text);
  }
  // A fresh board in the same slot works.
  SimBoard board(SimOptions{});
  Job job(board, 1, 1);
  job.start();
  board.wait();
  job.check_output();
}

TEST_CASE("a kernel that hangs ends the run") {
  BoardConfig config;
  config.kernel = kernel_factory("16x16");
  config.hang_cycles = 200'000;
  Rack::Slot board(config);
  const auto content = standin::package(1);
  board.write_memory(uint64_t{1} << 32, content.data(), content.size());
  board.write_register(contract::kArgMode, standin::kModeHang);
  board.write_register(contract::kArgPackage, 0);
  board.write_register(contract::kArgPackage + 4, 1);
  board.write_register(contract::kRegControl, 1);
  const auto wait = [&] {
    while (board.running()) board.advance(Rack::kTurn);
  };
  CHECK(test::message_of(ErrorKind::kDevice, wait).find("hangs") != std::string::npos);
}

TEST_CASE("a wrong address is the kernel's bus error, not the platform's") {
  SimBoard board(SimOptions{});
  Job job(board, 1, 1);
  board.start({0, board.address(job.package), 0, board.address(job.in), 0x1000});
  board.wait();
  CHECK(board.read_register(contract::kRegStatus) ==
        static_cast<uint32_t>(contract::Status::kBusError));
}

TEST_CASE("device buffers") {
  SimBoard board(SimOptions{});
  const auto a = board.allocate(5000), b = board.allocate(1), c = board.allocate(kPage);
  CHECK(board.address(a) % kPage == 0);
  CHECK(board.address(b) >= board.address(a) + 5000);
  CHECK(board.address(c) != board.address(b));
  const uint64_t hole = board.address(b);
  const uint8_t mark = 0xee;
  board.write(b, 0, &mark, 1);
  board.free(b);
  const auto d = board.allocate(kPage);
  CHECK(board.address(d) == hole);
  uint8_t byte = 1;
  board.read(d, 0, &byte, 1);
  CHECK(byte == 0);
  CHECK_THROWS_AS(board.read(b, 0, &byte, 1), Error);
  CHECK_THROWS_AS(board.write(d, kPage, &byte, 1), Error);
  CHECK_THROWS_AS(board.allocate(size_t{17} << 30), Error);
}

TEST_CASE("several boards at once, each in its own thread") {
  constexpr unsigned kBoards = 4;
  std::vector<std::thread> threads;
  std::vector<std::string> errors(kBoards);
  std::vector<std::unique_ptr<SimBoard>> boards;
  for (unsigned i = 0; i < kBoards; ++i) {
    SimOptions options;
    options.memory.latency = 20 + i;
    boards.push_back(std::make_unique<SimBoard>(options));
  }
  for (unsigned i = 0; i < kBoards; ++i)
    threads.emplace_back([&, i] {
      try {
        Job job(*boards[i], 2 + i, i);
        for (int run = 0; run < 3; ++run) {
          job.start();
          boards[i]->wait();
        }
        std::vector<uint8_t> output(job.input.size());
        boards[i]->read(job.out, 0, output.data(), output.size());
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
  for (size_t i = 0; i < 2 * Rack::kSlots; ++i) SimBoard board(SimOptions{});
  std::vector<std::unique_ptr<SimBoard>> boards;
  for (size_t i = 0; i < Rack::kSlots; ++i)
    boards.push_back(std::make_unique<SimBoard>(SimOptions{}));
  CHECK_THROWS_AS(SimBoard(SimOptions{}), Error);
}

TEST_CASE("the device file drives the identity pins") {
  const test::TemporaryFolder folder;
  const std::string path = folder.file("d.kwd");
  const auto verdict = [&](const std::optional<std::string>& file, uint8_t licensed) {
    SimOptions options;
    options.device_file = file.value_or("");
    SimBoard board(options);
    const auto package = standin::sealed_package(), licence = standin::licence(licensed);
    const auto p = board.allocate(package.size()), l = board.allocate(licence.size());
    board.write(p, 0, package.data(), package.size());
    board.write(l, 0, licence.data(), licence.size());
    board.start({1, board.address(p), board.address(l), 0, 0});
    board.wait();
    return static_cast<contract::Status>(board.read_register(contract::kRegStatus));
  };
  lock::Device device = lock::new_device(1, "");
  device.fuse[0] = 42;
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
    SimBoard board(options);
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::kFit);
    CHECK(std::string(error.what()).find("16x16") != std::string::npos);
  }
}

TEST_CASE("a waveform is a file that viewers know") {
  const test::TemporaryFolder folder;
  const std::string path = folder.file("wave.fst");
  SimOptions options;
  options.wave = path;
  {
    SimBoard board(options);
    Job job(board, 1, 1);
    job.start();
    board.wait();
    CHECK_FALSE(std::filesystem::exists(path));
  }
  CHECK((std::filesystem::status(path).permissions() & std::filesystem::perms::others_read) ==
        std::filesystem::perms::none);
  std::ifstream file(path, std::ios::binary);
  CHECK(file.get() == 0);  // FST: a header block of 329 bytes
  CHECK(std::filesystem::file_size(path) > 1000);
  options.wave = "/nowhere/wave.fst";
  CHECK_THROWS_AS(SimBoard(options), Error);
}

TEST_CASE("a trace appears when the board goes off, and shows runs and bus") {
  const test::TemporaryFolder folder;
  const std::string path = folder.file("trace.json");
  SimOptions options;
  options.trace = path;
  {
    SimBoard board(options);
    Job job(board, 1, 1);
    job.start();
    board.wait();
    CHECK_FALSE(std::filesystem::exists(path));
  }
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  for (const char* part : {"\"traceEvents\"", "\"bus read\"", "\"name\":\"run\"",
                           "\"name\":\"read\"", "\"name\":\"write\""})
    CHECK(text.str().find(part) != std::string::npos);
  CHECK(text.str().substr(text.str().size() - 4) == "\n]}\n");
}
