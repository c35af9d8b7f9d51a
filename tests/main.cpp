// SPDX-License-Identifier: Apache-2.0
/// The main program of all Catch2 tests: Catch2's own, and after a test case that failed the
/// command that repeats it.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <optional>
#include <random>
#include <string>

#include "seed.hpp"

namespace keyway::test {

namespace {

std::optional<uint64_t> taken;  // by the test case that runs

/// For a shell, between quotes; a comma and brackets mean something to Catch2.
std::string quoted(const std::string& name) {
  std::string text = "\"";
  for (const char c : name) {
    const bool for_shell = c == '"' || c == '$' || c == '`', for_catch = c == ',' || c == '[';
    if (for_shell || for_catch) text += '\\';
    text += c;
  }
  return text + '"';
}

class RepeatListener : public Catch::TestEventListenerBase {
 public:
  using TestEventListenerBase::TestEventListenerBase;
  void testCaseStarting(const Catch::TestCaseInfo& info) override {
    TestEventListenerBase::testCaseStarting(info);
    taken.reset();
  }
  void testCaseEnded(const Catch::TestCaseStats& stats) override {
    TestEventListenerBase::testCaseEnded(stats);
    if (stats.totals.assertions.failed == 0) return;
    std::error_code ignored;
    std::cout << "repeat: ";
    if (taken) std::cout << "KEYWAY_SEED=" << *taken << ' ';
    std::cout << std::filesystem::read_symlink("/proc/self/exe", ignored).string() << ' '
              << quoted(stats.testInfo.name) << std::endl;
  }
};
CATCH_REGISTER_LISTENER(RepeatListener)

}  // namespace

uint64_t seed() {
  if (!taken) {
    taken = setting("KEYWAY_SEED", std::random_device{}());
    std::cout << "KEYWAY_SEED=" << *taken << std::endl;  // now: a test may hang
  }
  return *taken;
}

uint64_t setting(const char* variable, uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text != nullptr ? std::strtoull(text, nullptr, 0) : otherwise;
}

}  // namespace keyway::test
