// SPDX-License-Identifier: Apache-2.0
// A host that owns memory, bus and registers of an authorised device tries to make it run something
// else, lend its residency, or let out a byte too early. It gets refusals, and nothing is written.
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "program/listing.hpp"
#include "seed.hpp"
#include "system/board.hpp"

using namespace keyway;
using contract::Status;
using test::Bytes;

namespace {

constexpr uint8_t kUntouched = 0xa5;
constexpr size_t kFrame = contract::kFrameBytes;

/// A board with the victim's package A in memory, and what the malicious host has besides.
struct Scene {
  explicit Scene(lock::Policy policy, uint64_t seed)
      : a(test::locked_model(network(seed), policy, party.owner())),
        b(test::locked_model(network(seed + 1), policy, party.owner())),
        foreign(test::locked_model(network(seed + 2), policy, stranger.owner())),
        plain(test::plain_model(network(seed + 3))),
        board(options(party)),
        image(a.random_input(seed)),
        want(a.expected(image)),
        package(board, a.package),
        licence(board, party.licence(a)),
        input(board, image),
        output(board, std::max(a.program.output_image.bytes(), size_t{1 << 16}), kUntouched) {}

  static program::Program network(uint64_t seed) { return test::random_program("16x16", seed); }
  static driver::SimOptions options(const test::Party& party) {
    driver::SimOptions options;
    options.device_file = party.device_file();
    return options;
  }

  driver::KernelArguments arguments() const {
    return test::arguments(package, &licence, input, output);
  }
  Status run() { return test::run_kernel(board, arguments()); }
  Status run(const test::Region& other_package, const test::Region* other_licence) {
    return test::run_kernel(board, test::arguments(other_package, other_licence, input, output));
  }
  bool untouched() const {
    const Bytes bytes = output.read();
    return std::all_of(bytes.begin(), bytes.end(), [](uint8_t byte) { return byte == kUntouched; });
  }
  bool right() const {
    const Bytes bytes = output.read();
    return std::equal(want.begin(), want.end(), bytes.begin());
  }
  void erase_output() { output.write(Bytes(size_t{1 << 16}, kUntouched)); }
  size_t frames() const { return a.package.size() / kFrame; }

  test::Party party, stranger;
  test::Model a, b, foreign, plain;
  driver::SimBoard board;
  Bytes image, want;
  test::Region package, licence, input, output;
};

}  // namespace

TEST_CASE("residency is lent to nobody") {
  for (const auto policy : {lock::Policy::kSealed, lock::Policy::kBlind}) {
    Scene s(policy, 11);
    const test::Region other(s.board, s.b.package);
    const test::Region other_licence(s.board, s.party.licence(s.b));
    const test::Region strange(s.board, s.party.strange_licence(s.a));
    const test::Region foreign(s.board, s.foreign.package);
    const test::Region foreign_licence(s.board, s.stranger.licence(s.foreign));
    const auto resident = [&] {
      REQUIRE(s.run() == Status::kOk);
      REQUIRE(s.run() == Status::kOk);
      REQUIRE(s.right());
      s.erase_output();
    };
    resident();
    CHECK(s.run(other, &s.licence) == Status::kLicenceRefused);
    CHECK(s.untouched());
    resident();
    CHECK(s.run(s.package, &other_licence) == Status::kLicenceRefused);
    CHECK(s.untouched());
    resident();
    CHECK(s.run(s.package, nullptr) == Status::kNoLicence);
    CHECK(s.untouched());
    resident();
    CHECK(s.run(foreign, &foreign_licence) == Status::kLicenceRefused);
    CHECK(s.untouched());
    resident();
    if (policy == lock::Policy::kSealed) {
      CHECK(s.run(s.package, &strange) == Status::kWrongDevice);
      CHECK(s.untouched());
    } else {
      CHECK(s.run(s.package, &strange) ==
            Status::kOk);  // answers by other weights, not the resident ones
      CHECK_FALSE(s.right());
      s.erase_output();
    }
    resident();
    // The header of A with a program of B: the same licence, frames of another package.
    Bytes mixed = s.b.package;
    std::copy_n(s.a.package.begin(), kFrame, mixed.begin());
    mixed.resize(s.a.package.size());
    const test::Region mixture(s.board, mixed);
    s.package.write(mixed);
    CHECK(s.run() == Status::kOk);  // resident: not a byte of the mixture is used
    CHECK(s.right());
    s.erase_output();
    const test::Region fresh(s.board, s.plain.package);
    const test::Region plain_input(s.board, s.plain.random_input(1));
    // A plain program clears what was resident; after it the mixture has to open anew, and cannot.
    CHECK(test::run_kernel(s.board, test::arguments(fresh, nullptr, plain_input, s.output)) ==
          Status::kOk);
    s.erase_output();
    CHECK(s.run() == Status::kAuthentication);
    CHECK(s.untouched());
    CHECK(s.run(mixture, &s.licence) == Status::kAuthentication);
    CHECK(s.untouched());
  }
}

TEST_CASE("frames that are swapped, repeated, flipped or another package's are refused") {
  const uint64_t seed = test::seed();
  std::mt19937_64 random(seed);
  Scene s(lock::Policy::kSealed, 23);
  const auto refused = [&](const Bytes& bad, size_t at) {
    INFO("seed " << seed << ", frame " << at);
    s.package.write(bad);
    CHECK(s.run() == Status::kAuthentication);
    CHECK(s.untouched());
  };
  const auto frame = [](Bytes& bytes, size_t i) {
    return bytes.begin() + static_cast<std::ptrdiff_t>(i * kFrame);
  };
  for (size_t i = 1; i < s.frames(); ++i) {
    const size_t j = i % (s.frames() - 1) + 1;
    Bytes bad = s.a.package;
    if (i != j) {
      std::swap_ranges(frame(bad, i), frame(bad, i) + kFrame, frame(bad, j));
      refused(bad, i);
      bad = s.a.package;
      std::copy_n(frame(s.a.package, j), kFrame, frame(bad, i));
      refused(bad, i);
    }
    bad = s.a.package;
    bad[i * kFrame + random() % kFrame] ^= static_cast<uint8_t>(1U << (random() % 8));
    refused(bad, i);
  }
  s.package.write(s.a.package);
  CHECK(s.run() == Status::kOk);
  CHECK(s.right());
}

TEST_CASE("memory that changes while the device reads it never gives a wrong output") {
  const uint64_t seed = test::seed();
  std::mt19937_64 random(seed);
  Scene s(lock::Policy::kSealed, 37);
  const test::Region plain(s.board, s.plain.package);
  const test::Region plain_input(s.board, s.plain.random_input(1));
  int refusals = 0;
  for (int i = 0; i < 60; ++i) {
    // Forget what is open, so that every round reads everything.
    REQUIRE(test::run_kernel(s.board, test::arguments(plain, nullptr, plain_input, s.output)) ==
            Status::kOk);
    s.erase_output();
    s.package.write(s.a.package);
    const uint64_t before = s.board.cycles();
    s.board.start(s.arguments());
    s.board.advance(random() % 12000);
    Bytes bad = s.a.package;
    if (i % 2 == 0) {
      bad[random() % kFrame] ^= 1;  // the header pages' first
    } else {
      bad = s.b.package;
      bad.resize(s.a.package.size());
    }
    s.package.write(bad);
    const uint64_t changed = s.board.cycles() - before;
    s.board.wait();
    INFO("seed " << seed << ", round " << i << ", changed after " << changed << " cycles");
    const Status status = test::status_of(s.board);
    if (status == Status::kOk) {
      CHECK(s.right());
    } else {
      ++refusals;
      CHECK((status == Status::kAuthentication || status == Status::kLicenceRefused ||
             status == Status::kBadHeader || status == Status::kWrongCore));
      CHECK(s.untouched());
    }
  }
  CHECK(refusals > 0);
}

/// A plain package whose program stores the whole activation memory of a 16x16 core.
Bytes dump_package(const program::Program& any) {
  program::Program program = any;
  program.program_image = program::assemble(
      "STORE rows=4 width=2048 blocks=1 row_pitch=4096\n"
      "STORE rows=4 width=2048 blocks=1 row_pitch=4096 base=2048 destination=8192\n"
      "END\n");
  program.weight_image.clear();
  return lock::make_plain_package(program);
}

TEST_CASE("several inputs of a start leave no activations behind") {
  Scene s(lock::Policy::kSealed, 61);
  const test::Region dump(s.board, dump_package(s.plain.program));
  const test::Region memory(s.board, s.a.program.core.activation_bytes, kUntouched);
  const auto dumped = [&] {
    REQUIRE(test::run_kernel(s.board, test::arguments(dump, nullptr, s.input, memory)) ==
            Status::kOk);
    const Bytes bytes = memory.read();
    return std::all_of(bytes.begin(), bytes.end(), [](uint8_t byte) { return byte == 0; });
  };
  driver::KernelArguments several = s.arguments();
  several.count = 3;  // of the same input, to the same place
  REQUIRE(test::run_kernel(s.board, several) == Status::kOk);
  CHECK(s.right());
  CHECK(dumped());
  s.board.start(several);
  s.board.advance(9000);
  s.package.write(s.b.package);  // refused somewhere on the way, or too late to matter
  s.board.wait();
  CHECK(dumped());
}

TEST_CASE("frames that change while several inputs run: all outputs are right, or none is there") {
  for (const auto policy : {lock::Policy::kSealed, lock::Policy::kBlind}) {
    Scene s(policy, 67);
    const uint64_t seed = test::seed();
    INFO("KEYWAY_SEED=" << seed);
    std::mt19937_64 random(seed);
    const size_t stride = (s.want.size() + 15) / 16 * 16;
    driver::KernelArguments several = s.arguments();
    several.count = 4;
    several.output_stride = static_cast<uint32_t>(stride);
    size_t refused = 0;
    for (int round = 0; round < 20; ++round) {
      const test::Region plain(s.board, s.plain.package);
      const test::Region plain_input(s.board, s.plain.random_input(1));
      REQUIRE(test::run_kernel(s.board, test::arguments(plain, nullptr, plain_input, s.output)) ==
              Status::kOk);  // A is cold again
      s.erase_output();
      Bytes changed = s.a.package;
      const size_t pages = s.frames() - changed[contract::kHeaderHeaderPagesOffset];
      changed[changed.size() - 1 - random() % (pages * kFrame)] ^= 1;
      s.board.start(several);
      s.board.advance(random() % 12000);
      s.package.write(changed);
      s.board.wait();
      const Status status = test::status_of(s.board);
      if (status == Status::kOk) {
        const Bytes bytes = s.output.read();
        for (size_t i = 0; i < several.count; ++i) {
          CHECK(std::equal(s.want.begin(), s.want.end(),
                           bytes.begin() + static_cast<std::ptrdiff_t>(i * stride)));
        }
      } else {
        CHECK(status == Status::kAuthentication);
        CHECK(s.untouched());
        ++refused;
      }
      s.package.write(s.a.package);
    }
    CHECK(refused > 0);
  }
}

TEST_CASE("arguments that change after the start change nothing") {
  Scene s(lock::Policy::kSealed, 41);
  const test::Region other(s.board, s.b.package);
  const test::Region elsewhere(s.board, size_t{1 << 16}, kUntouched);
  const test::Region plain(s.board, s.plain.package);
  const test::Region plain_input(s.board, s.plain.random_input(1));
  for (const uint64_t delay : {0, 40, 500, 4000, 7500}) {
    // A plain run forgets what is open, so that every round is a cold one of more than 8,000
    // cycles.
    REQUIRE(test::run_kernel(s.board, test::arguments(plain, nullptr, plain_input, s.output)) ==
            Status::kOk);
    s.erase_output();
    s.board.start(s.arguments());
    s.board.advance(delay + 1);
    for (const auto& argument : contract::kArguments) {
      const uint64_t value =
          std::string(argument.name) == "package" ? other.address() : elsewhere.address();
      s.board.write_register(argument.offset, static_cast<uint32_t>(value));
      if (argument.is_pointer)
        s.board.write_register(argument.offset + 4, static_cast<uint32_t>(value >> 32));
    }
    REQUIRE(s.board.running());  // a start after the end would be another run
    s.board.write_register(contract::kRegControl, 1);
    s.board.wait();
    CHECK(test::status_of(s.board) == Status::kOk);
    CHECK(s.right());
    const Bytes there = elsewhere.read();
    CHECK(std::all_of(there.begin(), there.end(), [](uint8_t byte) { return byte == kUntouched; }));
  }
}

TEST_CASE("no register holds a byte of a key or of the identity") {
  Scene s(lock::Policy::kSealed, 43);
  REQUIRE(s.run() == Status::kOk);
  const auto device = lock::read_device(s.party.device_file());
  for (uint32_t offset = 0; offset < 0x1000; offset += 4) {
    const uint32_t value = s.board.read_register(offset);
    if (value == 0) continue;
    for (size_t i = 0; i + 4 <= 32; ++i) {
      uint32_t secret = 0, owner = 0;
      for (size_t k = 0; k < 4; ++k) {
        secret |= uint32_t{device.fuse[i + k]} << (8 * k);
        owner |= uint32_t{(*device.owner_key)[i + k]} << (8 * k);
      }
      CHECK(value != secret);
      CHECK(value != owner);
    }
  }
}

TEST_CASE("a device that belongs to nobody opens nothing locked") {
  Scene s(lock::Policy::kBlind, 47);
  driver::SimOptions blank;
  driver::SimBoard board(blank);
  const test::Region package(board, s.a.package);
  const test::Region licence(board, s.party.licence(s.a));
  const test::Region input(board, s.image);
  const test::Region output(board, s.want.size(), kUntouched);
  CHECK(test::run_kernel(board, test::arguments(package, &licence, input, output)) ==
        Status::kNotEnrolled);
  CHECK(output.read() == Bytes(s.want.size(), kUntouched));
}
