// SPDX-License-Identifier: Apache-2.0
/// The start sequence between stand-ins: no byte of header, licence or frame is free, and nothing
/// leaves or stays that was not verified.
#include <catch2/catch.hpp>

#include "shell_host.hpp"

namespace keyway::rtl_test {

TEST_CASE("every byte of header block and licence counts, warm and cold") {
  const bool warm = GENERATE(false, true);
  Host host(7);
  ShellBench& bench = host.bench;
  const uint32_t header_bytes = kHeaderBlockBytes, licence_bytes = kLicenceBytes;
  for (uint32_t i = 0; i < header_bytes + licence_bytes; i += warm ? 5 : 7) {
    CAPTURE(i, warm);
    if (warm) {
      REQUIRE_STATUS(bench.run(host.arguments()), kOk);
      host.fresh_input();
    }
    const uint64_t address = i < header_bytes ? kPackage + i : kLicence + i - header_bytes;
    bench.memory.at(address) ^= static_cast<uint8_t>(1 << host.random() % 8);
    const unsigned warm_runs = bench.engine.warm_runs;
    const Status status = bench.run(host.arguments());
    REQUIRE(status != Status::kOk);
    REQUIRE(bench.engine.warm_runs == warm_runs + warm);  // it was tried
    host.check_refused();
    host.reset_memory();
  }
  host.check_recovers();
}

TEST_CASE("headers that are not for this core are refused by name") {
  Host host(8);
  const auto run = [&](const ToyPackage& package) {
    host.put(kPackage, package.bytes());
    host.put(kLicence, package.licence());
    host.fresh_input();
    const Status status = host.bench.run(host.arguments());
    if (status != Status::kOk) host.check_refused();
    return status;
  };
  for (Policy policy : {Policy::kPlain, Policy::kSealed}) {
    const ToyPackage good = resident_package(11, policy);
    ToyPackage bad = good;
    bad.lanes = 8;
    REQUIRE_STATUS(run(bad), kWrongCore);
    bad = good;
    bad.depth = 32;
    REQUIRE_STATUS(run(bad), kWrongCore);
    bad = good;
    bad.array_kind = 1;
    REQUIRE_STATUS(run(bad), kWrongCore);
    bad = good;
    bad.activation_bytes = kDefaultMemory.activation_bytes + 1;
    REQUIRE_STATUS(run(bad), kWrongCore);
    bad.activation_bytes = kDefaultMemory.activation_bytes;
    bad.weight_bytes = 32768;  // all that there is
    REQUIRE_STATUS(run(bad), kOk);
    bad.weight_bytes = 32769;
    REQUIRE_STATUS(run(bad), kWrongCore);
    bad = good;
    bad.contract_hash ^= 1;
    REQUIRE_STATUS(run(bad), kOtherVersion);
    bad.manifest_bytes = 1 << 20;  // of another version it may mean something
    REQUIRE_STATUS(run(bad), kOtherVersion);
    bad = good;
    bad.manifest_bytes = 4096 - 127;
    REQUIRE_STATUS(run(bad), kBadHeader);
    bad.manifest_bytes = 4096 - 128;
    REQUIRE_STATUS(run(bad), kOk);
    bad = good;
    bad.program_frames = 9;  // 9 payloads are more than 32 KiB
    REQUIRE_STATUS(run(bad), kWrongCore);
    const std::vector<uint8_t> file = good.bytes();
    for (auto [offset, value] : {std::pair{kHeaderMagicOffset, 0},
                                 {kHeaderPolicyOffset, 3},
                                 {kHeaderHeaderPagesOffset, 0},
                                 {kHeaderHeaderPagesOffset + 2, 1},
                                 {kHeaderProgramFramesOffset, 0},
                                 {kHeaderTotalFramesOffset, 0},
                                 {kHeaderTotalFramesOffset + 3, 1}}) {
      host.put(kPackage, file);
      host.put(kLicence, good.licence());
      host.fresh_input();
      host.bench.memory.at(kPackage + offset) = static_cast<uint8_t>(value);
      CAPTURE(offset, value);
      REQUIRE_STATUS(host.bench.run(host.arguments()), kBadHeader);
      host.check_refused();
    }
    // A later version of the format.
    host.put(kPackage, file);
    host.bench.memory.at(kPackage + kHeaderMagicOffset + kMagicNameBytes) = '2';
    REQUIRE_STATUS(host.bench.run(host.arguments()), kOtherVersion);
    host.check_refused();
    REQUIRE_STATUS(run(good), kOk);
  }
}

TEST_CASE("the header that is used is the header that was authenticated") {
  // Memory changes between the first read of the block and the stream through the tag check.
  for (bool first_is_genuine : {true, false}) {
    for (uint32_t offset = 0; offset < kHeaderBlockBytes; ++offset) {
      // A first read that names no valid package is refused before there is a second one.
      if (offset < 64 && !first_is_genuine) continue;
      CAPTURE(first_is_genuine, offset);
      Host host(9);
      ShellBench& bench = host.bench;
      int header_reads = 0;
      if (!first_is_genuine) bench.memory.at(kPackage + offset) ^= 0x10;
      bench.memory.on_read = [&](uint64_t address, uint64_t) {
        if (address == kPackage && ++header_reads == 2) bench.memory.at(kPackage + offset) ^= 0x10;
      };
      const Status status = bench.run(host.arguments());
      const bool licence_covers = offset >= kHeaderTagOffset && offset < kHeaderTagOffset + 16;
      if (!first_is_genuine && licence_covers) {
        REQUIRE_STATUS(status, kLicenceRefused);
      } else {
        REQUIRE_STATUS(status, kAuthentication);
      }
      host.check_refused();
    }
  }
}

TEST_CASE("a bit of any header page is authenticated") {
  ToyPackage package = resident_package(11);
  package.header_pages = 3;
  Host host(10, package);
  REQUIRE_STATUS(host.bench.run(host.arguments()), kOk);
  host.check_output(host.package);
  host.fresh_input();
  REQUIRE_STATUS(host.bench.run(host.other_arguments()), kOk);
  for (uint64_t offset : {128U, 4095U, 4096U, 8191U, 12287U}) {
    CAPTURE(offset);
    host.fresh_input();
    host.bench.memory.at(kPackage + offset) ^= 1;
    REQUIRE_STATUS(host.bench.run(host.arguments()), kAuthentication);
    host.check_refused();
    host.bench.memory.at(kPackage + offset) ^= 1;
  }
}

TEST_CASE("a frame that fails ends everything, whichever it is") {
  for (bool streaming : {false, true}) {
    const ToyPackage package = streaming ? streaming_package(11) : resident_package(11);
    for (uint32_t frame = 0; frame < package.total_frames(); ++frame) {
      for (bool opened : {false, true}) {
        for (uint32_t offset : {0U, 2000U, 4079U, 4080U, 4095U}) {
          CAPTURE(streaming, frame, opened, offset);
          Host host(frame + 100, package);
          ShellBench& bench = host.bench;
          bench.memory.timing = {1, 40, 0.1};
          if (opened) REQUIRE_STATUS(bench.run(host.arguments(1)), kOk);
          bench.memory.at(kPackage + 4096 * (1 + frame) + offset) ^= 4;
          REQUIRE_STATUS(bench.run(host.arguments()), kAuthentication);
          host.check_refused();
          if (offset == 0) host.check_recovers();
        }
      }
    }
  }
}

TEST_CASE("frames swapped, repeated or changed between runs are refused") {
  Host host(12, streaming_package(11));
  ShellBench& bench = host.bench;
  const std::vector<uint8_t> file = host.package.bytes();
  const uint32_t total = host.package.total_frames();
  for (uint32_t a = 0; a < total; ++a) {
    for (uint32_t b = 0; b < total; ++b) {
      if (a == b) continue;
      CAPTURE(a, b);
      REQUIRE_STATUS(bench.run(host.arguments()), kOk);
      host.check_output(host.package);
      host.fresh_input();
      // Frame a appears where frame b should be, in the second run only.
      std::copy_n(file.begin() + 4096 * (1 + a), 4096, &bench.memory.at(kPackage + 4096 * (1 + b)));
      REQUIRE_STATUS(bench.run(host.arguments()), kAuthentication);
      host.check_refused();
      host.reset_memory();
    }
  }
}

}  // namespace keyway::rtl_test
