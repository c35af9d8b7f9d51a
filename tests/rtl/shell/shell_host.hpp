// SPDX-License-Identifier: Apache-2.0
/// A host for the tests of the start sequence: packages, licences and an input in memory, and what
/// a run of them must leave there.
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "shell_bench.hpp"
#include "toy_package.hpp"

namespace keyway::rtl_test {

using namespace contract;

inline constexpr uint64_t kBase = ShellBench::kBase;
inline constexpr uint64_t kPackage = kBase, kOther = kBase + 0x20000, kLicence = kBase + 0x40000,
                          kOtherLicence = kBase + 0x41000, kInput = kBase + 0x50000,
                          kOutput = kBase + 0x60000;

inline std::string name(Status status) {
  return "status " + std::to_string(static_cast<int>(status));
}
#define REQUIRE_STATUS(actual, expected) REQUIRE(name(actual) == name(Status::expected))

/// A bench with a host: two packages, their licences, an input; knows what a run must write.
struct Host {
  explicit Host(uint64_t seed, ToyPackage first = resident_package(11),
                ToyPackage second = resident_package(22))
      : bench(seed), random(seed), package(std::move(first)), other(std::move(second)) {
    reset_memory();
  }
  ShellBench bench;
  std::mt19937_64 random;
  ToyPackage package, other;

  void put(uint64_t address, const std::vector<uint8_t>& bytes) {
    std::copy(bytes.begin(), bytes.end(), &bench.memory.at(address));
  }
  void reset_memory() {
    put(kPackage, package.bytes());
    put(kOther, other.bytes());
    put(kLicence, package.licence());
    put(kOtherLicence, other.licence());
    fresh_input();
  }
  void fresh_input() {
    for (uint32_t i = 0; i < kToyInputBytes; ++i) {
      bench.memory.at(kInput + i) = static_cast<uint8_t>(random());
    }
    std::fill_n(&bench.memory.at(kOutput), 4096, uint8_t{0xee});
  }
  Arguments arguments(uint32_t mode = 0) const {
    return arguments_of(package, kPackage, kLicence, mode);
  }
  Arguments other_arguments(uint32_t mode = 0) const {
    return arguments_of(other, kOther, kOtherLicence, mode);
  }
  /// Buffers of exactly the sizes that are needed.
  static Arguments arguments_of(const ToyPackage& what, uint64_t at, uint64_t licence,
                                uint32_t mode) {
    Arguments arguments;
    arguments.mode = mode;
    arguments.package = at;
    arguments.licence = what.policy == Policy::kPlain ? 0 : licence;
    arguments.input = kInput;
    arguments.output = kOutput;
    arguments.package_bytes = (what.header_pages + what.total_frames()) * kFrameBytes;
    arguments.input_bytes = kToyInputBytes;
    arguments.output_bytes = kToyOutputOffset + 16 * kToyOutputWords;
    return arguments;
  }

  /// The output area is what a run of `ran` must leave there.
  void check_output(const ToyPackage& ran) {
    const bool streaming = ran.resident == 0;
    const uint32_t from = streaming ? 700 : kToyDestination + 700;
    std::vector<Word> image = ran.memory(streaming ? 600 : kToyDestination);
    if (streaming) image.erase(image.begin() + 600, image.begin() + 600 + 510);  // second group
    std::vector<uint8_t> expected(4096, 0xee);
    Word sum{};
    for (uint32_t i = 0; i < kToyInputBytes; ++i) sum[i % 16] ^= bench.memory.at(kInput + i);
    for (uint32_t i = 0; i < 16 * kToyOutputWords; ++i) {
      expected[kToyOutputOffset + i] = image[from + i / 16][i % 16] ^ sum[i % 16];
    }
    for (uint32_t i = 0; i < 4096; ++i) {
      CAPTURE(i);
      REQUIRE(int{bench.memory.at(kOutput + i)} == int{expected[i]});
    }
  }
  /// Nothing was written, nothing stays: no key, no weights, and the next run is cold.
  void check_refused() {
    REQUIRE(bench.memory.writes.empty());
    for (uint32_t i = 0; i < 4096; ++i) REQUIRE(int{bench.memory.at(kOutput + i)} == 0xee);
    REQUIRE_FALSE(bench.lock.has_key());
    REQUIRE(bench.engine.clean());
    REQUIRE_FALSE(bench.engine.running());
    REQUIRE(bench.memory.idle());
  }
  /// After a refusal everything works again from scratch.
  void check_recovers() {
    reset_memory();
    bench.memory.error_pages.clear();
    bench.memory.on_read = {};
    const unsigned opens = bench.lock.opens, warm = bench.engine.warm_runs;
    REQUIRE_STATUS(bench.run(arguments()), kOk);
    check_output(package);
    if (package.policy != Policy::kPlain) REQUIRE(bench.lock.opens == opens + 1);
    REQUIRE(bench.engine.warm_runs == warm);
  }
};

}  // namespace keyway::rtl_test
