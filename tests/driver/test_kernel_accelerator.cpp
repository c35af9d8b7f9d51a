// SPDX-License-Identifier: Apache-2.0
/// KernelAccelerator over a board with the stand-in kernel (verdicts, data, overlap), and over a
/// fake board that records the order of its calls and can fail.
#include <catch2/catch.hpp>
#include <fstream>
#include <map>

#include "common/error.hpp"
#include "driver/kernel_accelerator.hpp"
#include "driver/sim_board.hpp"
#include "platform/standin.hpp"
#include "program/verdict.hpp"
#include "thrown.hpp"

using namespace keyway;
using namespace keyway::driver;

namespace {

constexpr size_t kPage = 4096;

std::unique_ptr<Board> standin_board() {
  return std::make_unique<driver::SimBoard>(driver::SimOptions{});
}

std::vector<std::vector<uint8_t>> images(size_t count) {
  std::vector<std::vector<uint8_t>> all(count, std::vector<uint8_t>(kPage));
  for (size_t i = 0; i < count; ++i)
    for (size_t k = 0; k < kPage; ++k) all[i][k] = static_cast<uint8_t>(k * 3 + i);
  return all;
}

/// Registers and memory of a kernel that is done at once; `log` has every call.
class FakeBoard : public Board {
 public:
  struct State {
    std::string log;
    std::map<uint32_t, uint32_t> registers{{contract::kRegId, contract::kCoreId},
                                           {contract::kRegVersion, contract::kCoreVersion},
                                           {contract::kRegContract, contract::kContractHash},
                                           {contract::kRegStatus, 1}};
    int live_buffers = 0;
    bool running = false;
    int waits_until_failure = -1;
  };
  explicit FakeBoard(State& state) : state_(state) {}

  Buffer allocate(size_t bytes) override {
    CHECK(bytes % kPage == 0);
    ++state_.live_buffers;
    return next_++;
  }
  void free(Buffer) override { --state_.live_buffers; }
  uint64_t address(Buffer buffer) const override { return static_cast<uint64_t>(buffer) * 0x10000; }
  void write(Buffer buffer, size_t, const void*, size_t) override {
    state_.log += "w" + std::to_string(buffer) + " ";
  }
  void read(Buffer buffer, size_t, void*, size_t) override {
    state_.log += "r" + std::to_string(buffer) + " ";
  }
  void start(const KernelArguments& arguments) override {
    CHECK_FALSE(state_.running);
    state_.running = true;
    last = arguments;
    state_.log += "start(" + std::to_string(arguments.input >> 16) + ">" +
                  std::to_string(arguments.output >> 16) +
                  (arguments.count > 1 ? "x" + std::to_string(arguments.count) : "") + ") ";
  }
  void wait() override {
    state_.running = false;
    state_.log += "wait ";
    if (state_.waits_until_failure-- == 0) throw Error(ErrorKind::kDevice, "it broke");
  }
  void abort() override {
    CHECK(state_.running);
    state_.log += "abort ";
  }
  uint32_t read_register(uint32_t offset) override {
    CHECK_FALSE(state_.running);  // counters and status are of a run that is done
    return state_.registers[offset];
  }
  KernelArguments last;

 private:
  State& state_;
  Buffer next_ = 1;
};

}  // namespace

TEST_CASE("images go through the kernel in order, and the counters with them") {
  KernelAccelerator accelerator(standin_board());
  CHECK(accelerator.open_counters() == nullptr);
  accelerator.open(standin::package(1), std::nullopt);
  REQUIRE(accelerator.open_counters() != nullptr);
  CHECK((*accelerator.open_counters())[size_t(contract::Counter::kReadBytes)] == 128);
  const auto in = images(5);
  size_t next = 0;
  accelerator.run(in, kPage,
                  [&](size_t i, const std::vector<uint8_t>& out, const Counters* counters) {
                    CHECK(i == next++);
                    REQUIRE(out.size() == kPage);
                    for (size_t k = 0; k < kPage; ++k)
                      if (out[k] != (in[i][k] ^ standin::kXor))
                        FAIL("image " << i << ", byte " << k);
                    REQUIRE(counters != nullptr);
                    CHECK((*counters)[size_t(contract::Counter::kReadBytes)] == 128 + kPage);
                    CHECK((*counters)[size_t(contract::Counter::kWriteBytes)] == kPage);
                    CHECK((*counters)[size_t(contract::Counter::kTotal)] > kPage / 16);
                  });
  CHECK(next == 5);
  accelerator.run({}, kPage,
                  [](size_t, const std::vector<uint8_t>&, const Counters*) { FAIL("none"); });
}

TEST_CASE("transfers overlap runs, buffers are two and go away") {
  FakeBoard::State state;
  {
    KernelAccelerator accelerator(std::make_unique<FakeBoard>(state));
    accelerator.open(standin::package(1), standin::licence(0));
    state.log.clear();
    accelerator.run(images(3), kPage, [](size_t, const std::vector<uint8_t>&, const Counters*) {});
    // Buffers 3 and 4 are inputs, 5 and 6 outputs.
    CHECK(state.log == "w3 start(3>5) w4 wait start(4>6) w3 r5 wait start(3>5) r6 wait r5 ");
    CHECK(state.live_buffers == 2);
  }
  CHECK(state.live_buffers == 0);
}

TEST_CASE("a batch is one start, and its counters come with its last input") {
  FakeBoard::State state;
  KernelAccelerator accelerator(std::make_unique<FakeBoard>(state));
  std::vector<uint8_t> package = standin::package(1);  // resident
  const auto counted = [&](size_t count, size_t batch, bool open = true) {
    std::string with_counters;
    if (open) accelerator.open(package, std::nullopt);
    state.log.clear();
    accelerator.run(
        images(count), kPage,
        [&](size_t i, const std::vector<uint8_t>&, const Counters* counters) {
          if (counters != nullptr) with_counters += std::to_string(i) + " ";
        },
        batch);
    return with_counters;
  };
  CHECK(counted(6, 3) == "0 3 5 ");
  CHECK(state.log ==
        "w2 start(2>4) w3 w3 w3 wait start(3>5x3) w2 w2 r4 wait start(2>4x2) r5 r5 r5 wait r4 r4 ");
  CHECK(counted(2, 100) == "0 1 ");
  // Weights are there now; and nobody knows after a failure.
  CHECK(counted(6, 3, false) == "2 5 ");
  CHECK(counted(3, 3, false) == "2 ");
  state.waits_until_failure = 0;
  CHECK_THROWS_AS(counted(3, 3, false), Error);
  CHECK(counted(3, 3, false) == "0 2 ");
  standin::Job streaming;
  streaming.resident = false;  // weights are read anew by every start
  package = standin::package(streaming);
  CHECK(counted(3, 3) == "0 1 2 ");
  for (const size_t batch : {size_t{0}, size_t{65536}}) {
    CHECK(test::error_of([&] { counted(3, batch); }).kind() == ErrorKind::kUsage);
  }
}

TEST_CASE("an error ends the run, delivers nothing more and leaves the kernel idle") {
  FakeBoard::State state;
  KernelAccelerator accelerator(std::make_unique<FakeBoard>(state));
  accelerator.open(standin::package(1), std::nullopt);
  SECTION("the device fails in the second run") {
    state.waits_until_failure = 1;
    size_t delivered = 0;
    const auto error = test::error_of([&] {
      accelerator.run(images(4), kPage,
                      [&](size_t, const std::vector<uint8_t>&, const Counters*) { ++delivered; });
    });
    CHECK(error.kind() == ErrorKind::kDevice);
    CHECK(std::string(error.what()) == "it broke");
    CHECK(delivered == 1);
  }
  SECTION("the caller gives up") {
    CHECK_THROWS_AS(accelerator.run(images(4), kPage,
                                    [](size_t, const std::vector<uint8_t>&, const Counters*) {
                                      throw std::runtime_error("enough");
                                    }),
                    std::runtime_error);
    const std::string last = "abort wait ";
    CHECK(state.log.substr(state.log.size() - last.size()) == last);
  }
  SECTION("a run is refused") {
    state.registers[contract::kRegStatus] =
        static_cast<uint32_t>(contract::Status::kAuthentication);
    state.log.clear();
    CHECK_THROWS_AS(accelerator.run(images(2), kPage,
                                    [](size_t, const std::vector<uint8_t>&, const Counters*) {}),
                    Error);
    CHECK(state.log.find('r') == state.log.find("rt("));  // no read of an output
  }
  CHECK_FALSE(state.running);
  CHECK(state.live_buffers == 1);
}

TEST_CASE("the core is told how large its buffers are") {
  FakeBoard::State state;
  auto board = std::make_unique<FakeBoard>(state);
  FakeBoard& fake = *board;
  KernelAccelerator accelerator(std::move(board));
  accelerator.open(standin::package(1), std::nullopt);
  CHECK(fake.last.package_bytes == 4 * kPage);
  CHECK(fake.last.input_bytes == 0);
  CHECK(fake.last.output_bytes == 0);
  const auto nothing = [](size_t, const std::vector<uint8_t>&, const Counters*) {};
  accelerator.run(images(1), 3 * kPage - 1, nothing);
  CHECK(fake.last.package_bytes == 4 * kPage);
  CHECK(fake.last.input_bytes == kPage);
  CHECK(fake.last.output_bytes == 3 * kPage);
  accelerator.run(images(2), kPage, nothing, 2);
  CHECK(fake.last.count == 2);
  CHECK(fake.last.input_bytes == 2 * kPage);
  CHECK(fake.last.output_bytes == 2 * kPage);
  CHECK(test::error_of([&] { accelerator.run(images(3), size_t{1} << 31, nothing, 2); }).kind() ==
        ErrorKind::kUsage);
}

TEST_CASE("the core is told how many cycles it may take") {
  FakeBoard::State state;
  auto board = std::make_unique<FakeBoard>(state);
  FakeBoard& fake = *board;
  constexpr uint64_t kUnit = uint64_t{1} << contract::kCycleLimitBits;
  constexpr uint64_t kMost = 100 * kUnit;
  KernelAccelerator accelerator(std::move(board), kMost);
  const auto units = [&](uint64_t estimate, size_t inputs, size_t batch) {
    standin::Job job;
    job.estimated_cycles = estimate;
    accelerator.open(standin::package(job), std::nullopt);
    // Of an opening: 16 KiB are 1,024 words.
    CHECK(fake.last.cycle_limit == (kCycleMargin + kCycleFactor * 1024) / kUnit + 1);
    accelerator.run(
        images(inputs), kPage, [](size_t, const std::vector<uint8_t>&, const Counters*) {}, batch);
    return fake.last.cycle_limit;
  };
  constexpr uint64_t kLimit = kCycleMargin + kCycleFactor * 10'000;
  CHECK(units(0, 1, 1) == kCycleMargin / kUnit + 1);
  CHECK(units(10'000, 1, 1) == kLimit / kUnit + 1);
  CHECK(units(10'000, 4, 3) == 3 * kLimit / kUnit + 1);  // for three inputs
  CHECK(units(1'000'000, 1, 1) == kMost / kUnit + 1);
  CHECK(units(INT64_MAX, 1, 1) == kMost / kUnit + 1);  // a manifest may say anything
  CHECK(cycle_limit(UINT64_MAX, kMost) == kMost);
  CHECK_THAT(verdict(contract::Status::kCycleLimit).what(),
             Catch::Contains(" " + std::to_string(kCycleFactor) + " times "));
  CHECK(cycle_limit(UINT64_MAX, UINT64_MAX) == UINT64_MAX);
}

TEST_CASE("a plain program that no core could run does not reach the device") {
  const auto refused = [](const std::string& program, size_t input, size_t output) {
    FakeBoard::State state;
    KernelAccelerator accelerator(std::make_unique<FakeBoard>(state));
    standin::Job job;
    job.program = program;
    const auto error = test::error_of([&] {
      accelerator.open(standin::package(job), std::nullopt);
      state.log.clear();  // opening runs nothing
      accelerator.run({std::vector<uint8_t>(input)}, output,
                      [](size_t, const std::vector<uint8_t>&, const Counters*) {});
    });
    CHECK(state.log.empty());
    CHECK(error.kind() == ErrorKind::kFile);
    return std::string(error.what());
  };
  CHECK(refused("STORE rows=4095 width=4095 blocks=1\nEND\n", kPage, kPage).find("malformed") == 0);
  CHECK(refused("TABLE table_address=1048575\nEND\n", kPage, kPage).find("malformed") == 0);
  CHECK(refused("LOAD_INPUT source=256 rows=1 width=1 blocks=1\nEND rows=1\n", kPage, kPage) ==
        "the program reads more than its manifest says");
  CHECK(refused("STORE destination=65536 rows=1 width=1 blocks=1\nEND\n", kPage, kPage) ==
        "the program writes more than its manifest says");
}

TEST_CASE("every verdict of the core is its own error") {
  using contract::Status;
  const std::tuple<Status, ErrorKind, const char*> verdicts[] = {
      {Status::kNoLicence, ErrorKind::kRefused, "no licence was given"},
      {Status::kNotEnrolled, ErrorKind::kRefused, "not enrolled"},
      {Status::kLicenceRefused, ErrorKind::kRefused, "the licence is another owner's"},
      {Status::kWrongDevice, ErrorKind::kRefused, "another device"},
      {Status::kAuthentication, ErrorKind::kAuthentication, "fails authentication"},
      {Status::kBadHeader, ErrorKind::kAuthentication, "header"},
      {Status::kOtherVersion, ErrorKind::kFile, "another version of Keyway"},
      {Status::kWrongCore, ErrorKind::kFit,
       "the device has 8x32 with 64 KiB for activations and 128 KiB for weights"},
      {Status::kBusError, ErrorKind::kDevice, "bus"},
      {Status::kBadProgram, ErrorKind::kDevice, "instruction"},
      {Status::kOutsideBuffer, ErrorKind::kDevice, "outside the buffers"},
      {Status::kAborted, ErrorKind::kDevice, "interrupted"},
      {Status::kCycleLimit, ErrorKind::kDevice, "--max-cycles"},
      {Status::kNone, ErrorKind::kDevice, "unexpected status 0"},
      {static_cast<Status>(77), ErrorKind::kDevice, "unexpected status 77"}};
  for (const auto& [status, kind, words] : verdicts) {
    FakeBoard::State state;
    state.registers[contract::kRegShape] = 8 | 32 << 8;
    state.registers[contract::kRegActivationBytes] = 64 * 1024;
    state.registers[contract::kRegWeightBytes] = 128 * 1024;
    KernelAccelerator accelerator(std::make_unique<FakeBoard>(state));
    state.registers[contract::kRegStatus] = static_cast<uint32_t>(status);
    const auto error = test::error_of([&] { accelerator.open(standin::package(1), std::nullopt); });
    INFO(error.what());
    CHECK(error.kind() == kind);
    CHECK(std::string(error.what()).find(words) != std::string::npos);
    CHECK(accelerator.open_counters() == nullptr);
  }
}

TEST_CASE("the kernel's own verdicts arrive") {
  KernelAccelerator accelerator(standin_board());  // a blank device
  const auto refusal = [&](const std::optional<std::vector<uint8_t>>& licence) {
    return test::message_of(ErrorKind::kRefused,
                            [&] { accelerator.open(standin::sealed_package(), licence); });
  };
  CHECK(refusal(std::nullopt).find("no licence") != std::string::npos);
  CHECK(refusal(standin::licence(0)).find("not enrolled") != std::string::npos);
  standin::Job other;
  other.core = "8x8";
  CHECK(test::message_of(ErrorKind::kFit,
                         [&] { accelerator.open(standin::package(other), std::nullopt); }) ==
        "the package was compiled for another core: it needs 8x8 with 256 KiB for activations and "
        "512 KiB for weights, the device has 16x16 with 0 KiB for activations and 0 KiB for "
        "weights");
  accelerator.open(standin::package(1), std::nullopt);  // and a good one still opens
}

TEST_CASE("a core of another contract is refused before use") {
  const std::pair<uint32_t, uint32_t> strange[] = {{contract::kRegId, 0},
                                                   {contract::kRegVersion, 1U << 16 | 1},
                                                   {contract::kRegContract, 0x12345678}};
  for (const auto& [offset, value] : strange) {
    FakeBoard::State state;
    state.registers[offset] = value;
    CHECK(test::error_of([&] {
            KernelAccelerator accelerator(std::make_unique<FakeBoard>(state));
          }).kind() == ErrorKind::kDevice);
  }
}

TEST_CASE("files that cannot be a package or licence do not reach the device") {
  FakeBoard::State state;
  KernelAccelerator accelerator(std::make_unique<FakeBoard>(state));
  state.log.clear();
  auto package = standin::package(2);
  const auto open = [&](const std::vector<uint8_t>& bytes) {
    return test::error_of([&] { accelerator.open(bytes, std::nullopt); }).kind();
  };
  CHECK(open({}) == ErrorKind::kAuthentication);
  CHECK(open(std::vector<uint8_t>(package.begin(), package.end() - 1)) ==
        ErrorKind::kAuthentication);
  CHECK(open(std::vector<uint8_t>(package.begin(), package.end() - 4096)) ==
        ErrorKind::kAuthentication);
  package.resize(package.size() + 4096);
  CHECK(open(package) == ErrorKind::kAuthentication);
  CHECK(test::error_of([&] {
          accelerator.open(standin::package(1), std::vector<uint8_t>(143));
        }).kind() == ErrorKind::kRefused);
  CHECK(state.log.empty());
  CHECK(test::error_of([&] { accelerator.run(images(1), kPage, {}); }).kind() == ErrorKind::kUsage);
}
