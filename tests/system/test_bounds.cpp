// SPDX-License-Identifier: Apache-2.0
// A host that is handed a bad package: whatever its program asks for, the device touches the
// buffers of the run and nothing else of the host's memory, and the run ends, by itself or when the
// host says.
#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <thread>

#include "common/error.hpp"
#include "common/interrupt.hpp"
#include "driver/func_accelerator.hpp"
#include "driver/kernel_accelerator.hpp"
#include "program/listing.hpp"
#include "system/board.hpp"
#include "system/bus_spy.hpp"

using namespace keyway;
using contract::Status;
using driver::Counters;
using test::Bytes;

namespace {

constexpr const char* kCore = "16x16";
constexpr uint8_t kUntouched = 0xa5;
constexpr size_t kPage = contract::kFrameBytes;

/// A 16x16 program by hand, in the description of some network. Short parameters (m 2, shift 1, hi
/// 127) are at weight words 40 and 41.
program::Program handwritten(const std::string& listing) {
  program::Program program = test::random_program(kCore, 3);
  program.program_image = program::assemble(listing);
  program.program_image.resize(size_t{42} * 64);
  for (size_t lane = 0; lane < 16; ++lane) {
    const uint8_t second[] = {2, 0, 1 << 2, 127};
    std::copy(std::begin(second), std::end(second), &program.program_image[41 * 64 + 4 * lane]);
  }
  program.weight_image.clear();
  return program;
}

/// A board with a program's buffers and a neighbour behind each of them.
struct Tenants {
  explicit Tenants(const Bytes& package_bytes, const driver::SimOptions& options = {})
      : board(options, test::BusSpy::factory(kCore, record)),
        package(board, package_bytes),
        package_neighbour(board, 4 * kPage, kUntouched),
        input(board, kPage, 1),
        input_neighbour(board, 512 * kPage, kUntouched),
        output(board, kPage, kUntouched),
        output_neighbour(board, 512 * kPage, kUntouched) {}

  bool neighbours_untouched() const {
    for (const test::Region* region : {&package_neighbour, &input_neighbour, &output_neighbour}) {
      const Bytes bytes = region->read();
      if (std::any_of(bytes.begin(), bytes.end(), [](uint8_t b) { return b != kUntouched; }))
        return false;
    }
    return true;
  }
  bool inside() const {
    return std::all_of(record.bursts.begin(), record.bursts.end(), [&](const test::Burst& burst) {
      if (burst.write) return burst.inside(output.address(), output.bytes());
      return burst.inside(package.address(), package.bytes()) ||
             burst.inside(input.address(), input.bytes());
    });
  }

  test::BusRecord record;
  driver::SimBoard board;
  test::Region package, package_neighbour, input, input_neighbour, output, output_neighbour;
};

}  // namespace

TEST_CASE("a plain program reads and writes nothing outside its buffers") {
  const std::string layer =
      "LAYER kernel_h=1 kernel_w=1 blocks=1 stride_y=1 stride_x=1 input_height=4 input_width=16 "
      "ones=1 short_parameters=1\n";
  const std::vector<std::pair<const char*, std::string>> programs = {
      {"1 MiB behind the input",
       "LOAD_INPUT source=65536 rows=1 width=16 blocks=1\nSTORE rows=1 width=16 blocks=1\n"
       "END rows=1\n"},
      {"a word behind the input",
       "LOAD_INPUT source=241 rows=1 width=16 blocks=1\nSTORE rows=1 width=16 blocks=1\n"
       "END rows=1\n"},
      {"far behind the input",
       "LOAD_INPUT source=268435455 rows=1 width=16 blocks=1\nSTORE rows=1 width=16 blocks=1\n"
       "END rows=1\n"},
      {"1 MiB behind the output", "STORE destination=65536 rows=1 width=16 blocks=1\nEND\n"},
      {"a word behind the output", "STORE destination=241 rows=1 width=16 blocks=1\nEND\n"},
      {"far behind the output", "STORE destination=268435455 rows=1 width=16 blocks=1\nEND\n"},
      // In 32 bits, 256 bytes.
      {"4 GiB of input", "LOAD_INPUT rows=1552 width=673 blocks=257\nEND rows=1552\n"},
      {"4 GiB of output", "STORE rows=1552 width=673 blocks=257\nEND\n"},
      {"while the array works",
       layer + "MULTIPLY height=4 width=16 output_base=200 parameter_address=40\n"
               "LOAD_INPUT source=4096 rows=1 width=16 blocks=1 base=64\n"
               "STORE destination=131072 wait_products=1 rows=1 width=16 blocks=1\n"
               "END rows=1 products=1\n"},
  };
  for (const auto& [what, listing] : programs) {
    INFO(what);
    Tenants t(lock::make_plain_package(handwritten(listing)));
    CHECK(test::run_kernel(t.board, test::arguments(t.package, nullptr, t.input, t.output)) ==
          Status::kOutsideBuffer);
    CHECK(t.inside());
    CHECK(t.neighbours_untouched());
    const Bytes bytes = t.output.read();
    CHECK(std::all_of(bytes.begin(), bytes.end(), [](uint8_t b) { return b == kUntouched; }));
  }
}

TEST_CASE("transfers up to the last byte of a buffer are served") {
  Tenants t(lock::make_plain_package(
      handwritten("LOAD_INPUT source=240 rows=1 width=16 blocks=1\n"
                  "LAYER kernel_h=1 kernel_w=1 blocks=1 stride_y=1 stride_x=1 input_height=4 "
                  "input_width=16 ones=1 short_parameters=1\n"
                  "MULTIPLY wait_rows=1 height=1 width=1 output_base=200 parameter_address=40\n"
                  "STORE wait_products=1 destination=240 rows=1 width=16 blocks=1\n"
                  "END rows=1 products=1\n")));
  CHECK(test::run_kernel(t.board, test::arguments(t.package, nullptr, t.input, t.output)) ==
        Status::kOk);
  CHECK(t.inside());
  CHECK(t.neighbours_untouched());
  const Bytes bytes = t.output.read();
  CHECK(std::count(bytes.end() - 256, bytes.end(), uint8_t{1}) == 256);
}

TEST_CASE("strides that lead out of the buffers, or around 4 GiB, end the run") {
  const Bytes package =
      lock::make_plain_package(handwritten("LOAD_INPUT rows=1 width=16 blocks=1\n"
                                           "LOAD_INPUT turn=2 rows=1 width=16 blocks=1 base=64\n"
                                           "STORE rows=1 width=16 blocks=1\nEND rows=1\n"));
  struct Case {
    uint32_t count, input_stride, output_stride;
    Status status;
  };
  const uint32_t half = 1U << 31;
  for (const Case& c :
       {Case{16, 256, 256, Status::kOk}, Case{17, 256, 0, Status::kOutsideBuffer},
        Case{17, 0, 256, Status::kOutsideBuffer}, Case{2, 8192, 0, Status::kOutsideBuffer},
        Case{2, 0, 8192, Status::kOutsideBuffer},
        // Two of these are 4 GiB, where addresses of 28 bits begin again.
        Case{3, half, 0, Status::kOutsideBuffer}, Case{3, 0, half, Status::kOutsideBuffer}}) {
    CAPTURE(c.count, c.input_stride, c.output_stride);
    Tenants t(package);
    driver::KernelArguments arguments = test::arguments(t.package, nullptr, t.input, t.output);
    arguments.count = c.count;
    arguments.input_stride = c.input_stride;
    arguments.output_stride = c.output_stride;
    CHECK(test::run_kernel(t.board, arguments) == c.status);
    CHECK(t.inside());
    CHECK(t.neighbours_untouched());
  }
  // A buffer as large as an address can say: the third input begins where 28 bits do not reach.
  Tenants t(package);
  driver::KernelArguments arguments = test::arguments(t.package, nullptr, t.input, t.output);
  arguments.count = 3;
  arguments.input_bytes = UINT32_MAX;
  arguments.input_stride = half;
  CHECK(test::run_kernel(t.board, arguments) == Status::kBadProgram);
}

TEST_CASE("the shape of a resident package does not read behind a smaller one's buffers") {
  const test::Party party;
  driver::SimOptions options;
  options.device_file = party.device_file();
  // Resident: 15 pages of input. Started next: a package of 256 bytes of input, in a page.
  const std::string tail =
      "LAYER kernel_h=1 kernel_w=1 blocks=1 stride_y=1 stride_x=1 input_height=4 input_width=16 "
      "ones=1 short_parameters=1\n"
      "MULTIPLY wait_rows=1 height=1 width=1 output_base=2000 parameter_address=40\n"
      "STORE wait_products=1 rows=1 width=16 blocks=1\n";
  const test::Model large =
      test::locked_model(handwritten("LOAD_INPUT rows=4 width=960 blocks=1 row_pitch=960\n" + tail +
                                     "END rows=4 products=1\n"),
                         lock::Policy::kSealed, party.owner());
  const test::Model small = test::locked_model(
      handwritten("LOAD_INPUT rows=1 width=16 blocks=1\n" + tail + "END rows=1 products=1\n"),
      lock::Policy::kSealed, party.owner());
  for (const bool plain : {false, true}) {
    CAPTURE(plain);
    Tenants t(plain ? lock::make_plain_package(small.program) : small.package, options);
    const test::Region large_package(t.board, large.package), large_input(t.board, 15 * kPage, 3);
    const test::Region large_licence(t.board, party.licence(large));
    const test::Region small_licence(t.board, party.licence(small));
    const auto resident = test::arguments(large_package, &large_licence, large_input, t.output);
    REQUIRE(test::run_kernel(t.board, resident) == Status::kOk);
    REQUIRE(test::run_kernel(t.board, resident) == Status::kOk);
    t.record.bursts.clear();
    CHECK(test::run_kernel(t.board, test::arguments(t.package, plain ? nullptr : &small_licence,
                                                    t.input, t.output)) == Status::kOk);
    for (const test::Burst& burst : t.record.bursts) {
      CAPTURE(burst.address, burst.bytes);
      CHECK((burst.inside(t.package.address(), t.package.bytes()) ||
             burst.inside(t.input.address(), t.input.bytes()) ||
             burst.inside(t.output.address(), t.output.bytes()) ||
             burst.inside(small_licence.address(), small_licence.bytes())));
    }
  }
}

namespace {

/// Two products of 2.1 million cycles each, and a manifest that knows of none.
const char* const kLong =
    "LAYER kernel_h=1 kernel_w=1 blocks=4095 stride_y=1 stride_x=1 input_height=1 input_width=1 "
    "ones=1 short_parameters=1\n"
    "MULTIPLY height=16 width=32 parameter_address=40\n"
    "MULTIPLY height=16 width=32 parameter_address=40\n"
    "END products=2\n";

program::Program with_estimate(program::Program program, uint64_t cycles) {
  for (program::LayerInfo& layer : program.layers) layer.ideal_cycles = 0;
  program.layers.front().ideal_cycles = cycles;
  return program;
}

std::unique_ptr<driver::SimBoard> plain_board() {
  return std::make_unique<driver::SimBoard>(driver::SimOptions{});
}

/// Opens a plain package and runs one input; the error, or nothing.
std::string run_once(driver::Accelerator& accelerator, const program::Program& program) {
  try {
    accelerator.open(lock::make_plain_package(program), std::nullopt);
    accelerator.run({Bytes(program.input_image.bytes())}, program.output_image.bytes(),
                    [](size_t, const Bytes&, const Counters*) {});
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::kDevice);
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a program that takes longer than it should is stopped, on every target alike") {
  const program::Program program = handwritten(kLong);
  struct Case {
    uint64_t estimate, most;
    bool stopped;
  };
  for (const Case& c : {Case{0, driver::kMostCycles, true},  // a million is not enough
                        Case{100'000'000, 1'500'000, true},  // the manifest says too much
                        Case{4'200'000, driver::kMostCycles, false}}) {
    CAPTURE(c.estimate, c.most);
    const program::Program claimed = with_estimate(program, c.estimate);
    driver::KernelAccelerator kernel(plain_board(), c.most);
    driver::FuncAccelerator func("", "", 1, c.most);
    const std::string said = run_once(kernel, claimed);
    CHECK((said.find("--max-cycles") != std::string::npos) == c.stopped);
    CHECK(run_once(func, claimed) == said);
    // The device is good for another program.
    CHECK(run_once(kernel, with_estimate(handwritten("END\n"), 0)) == "");
  }
}

TEST_CASE("an interrupt stops the core, which forgets what it holds") {
  const common::InterruptGuard guard;
  auto owned = plain_board();
  driver::SimBoard& board = *owned;
  driver::KernelAccelerator kernel(std::move(owned));
  std::thread user([] {
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    std::raise(SIGINT);
  });
  const std::string said = run_once(kernel, with_estimate(handwritten(kLong), 4'200'000'000));
  user.join();
  CHECK(said.find("interrupted") == 0);
  CHECK(test::status_of(board) == Status::kAborted);
  CHECK_FALSE(board.running());
}
