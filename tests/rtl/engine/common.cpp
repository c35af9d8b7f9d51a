// SPDX-License-Identifier: Apache-2.0
#include "common.hpp"

#include <catch2/catch.hpp>
#include <cstdio>

#include "golden.hpp"

namespace keyway::test {

namespace {

std::string text(const char* format, size_t block, size_t byte, int expected, int actual) {
  std::array<char, 160> buffer{};
  std::snprintf(buffer.data(), buffer.size(), format, block, byte, expected, actual, expected,
                actual);
  return buffer.data();
}

}  // namespace

std::string difference(const std::vector<StoredBlock>& expected,
                       const std::vector<StoredBlock>& actual) {
  if (expected.size() != actual.size()) {
    return "expected " + std::to_string(expected.size()) + " stores, got " +
           std::to_string(actual.size());
  }
  for (size_t i = 0; i < expected.size(); ++i) {
    const StoredBlock& e = expected[i];
    const StoredBlock& a = actual[i];
    if (e.offset != a.offset || e.bytes != a.bytes || e.data.size() != a.data.size()) {
      return "store " + std::to_string(i) + ": expected offset " + std::to_string(e.offset) + ", " +
             std::to_string(e.bytes) + " bytes, " + std::to_string(e.data.size()) +
             " with padding; got " + std::to_string(a.offset) + ", " + std::to_string(a.bytes) +
             ", " + std::to_string(a.data.size());
    }
    for (size_t k = 0; k < e.data.size(); ++k) {
      if (e.data[k] != a.data[k]) {
        return text("store %zu, byte %zu: expected 0x%02x, got 0x%02x (%d, %d)", i, k, e.data[k],
                    a.data[k]);
      }
    }
  }
  return "";
}

RunResult check(const Scenario& scenario, const Stalls& stalls, uint64_t seed) {
  Golden golden(scenario.shape());
  const Bytes image = scenario.image();
  golden.write_weights(image);
  const auto expected = golden.run(scenario.input_bytes(), scenario.frames(), scenario.inputs());
  Bench bench(seed);
  bench.write_weights(image);
  RunResult result =
      bench.run(scenario.input_bytes(), scenario.frames(), stalls, false, 0, scenario.inputs());
  REQUIRE_FALSE(result.error);
  REQUIRE(difference(expected, result.stored) == "");
  return result;
}

}  // namespace keyway::test
