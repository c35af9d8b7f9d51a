// SPDX-License-Identifier: Apache-2.0
/// What cores measure of themselves at boot: the same at every one whatever the bus does meanwhile,
/// and different for every core of this build. (KEYWAY_BOOTS: how many boots of all together.)
#include <catch2/catch.hpp>
#include <cstdlib>
#include <map>
#include <random>
#include <string>

#include "platform/kernel_model.hpp"
#include "program/core_config.hpp"
#include "seed.hpp"

using namespace keyway;
using platform::KernelInputs;
using platform::KernelOutputs;

namespace {

/// Of each core.
int boots() {
  const char* wanted = std::getenv("KEYWAY_BOOTS");
  if (wanted == nullptr) return 6;
  const auto cores = static_cast<int>(platform::kernel_names().size());
  return (std::atoi(wanted) + cores - 1) / cores;
}

/// Most cycles of a boot with all sources, of the class and else: 1 ms at 200 MHz.
constexpr int kMostCycles = 200'000;

}  // namespace

TEST_CASE("every core measures one class, at every boot, and no two cores the same") {
  std::mt19937_64 random(test::seed());
  std::map<std::string, lock::ClassFingerprints> classes;
  for (const std::string& name : platform::kernel_names()) {
    CAPTURE(name);
    const auto kernel = platform::kernel_factory(name)();
    platform::Identity identity;
    identity.sources = lock::kClassSources;
    kernel->set_identity(identity);
    KernelInputs in;
    KernelOutputs out;
    const auto step = [&] {
      kernel->settle(in, out);
      kernel->clock();
    };
    for (int boot = 0; boot < boots(); ++boot) {
      CAPTURE(boot);
      in = {};
      for (auto cycles = 4 + random() % 16; cycles > 0; --cycles) step();
      in.reset_n = true;
      std::bernoulli_distribution moves(boot % 2 == 0 ? 0.0 : 0.5);
      std::optional<lock::ClassFingerprints> found;
      int cycles = 0;
      for (; !found; ++cycles) {
        REQUIRE(cycles < kMostCycles);
        // A memory and a host that do as they like, within AXI: nobody answers them before the end.
        in.memory.arready = in.memory.awready = in.memory.wready = moves(random);
        in.control.arvalid = in.control.arvalid || moves(random);
        in.control.awvalid = in.control.awvalid || moves(random);
        in.control.wvalid = in.control.wvalid || moves(random);
        in.control.bready = in.control.rready = moves(random);
        step();
        REQUIRE_FALSE((out.memory.arvalid || out.memory.awvalid || out.memory.wvalid));
        REQUIRE_FALSE((out.control.arready || out.control.awready || out.control.wready));

        found = kernel->class_fingerprints();
      }
      if (boot == 0) {
        WARN(name << ": " << cycles << " cycles");
        for (const auto& [other, of_other] : classes) {
          CAPTURE(other);
          CHECK(of_other.clock != found->clock);
          CHECK(of_other.precision != found->precision);
        }
        classes[name] = *found;
      }
      CHECK(classes[name] == *found);
    }
    CHECK(platform::measure_class(platform::kernel_factory(name)) == classes[name]);
  }
}

TEST_CASE("a core whose secret asks for no class measures none") {
  const auto kernel = platform::kernel_factory(platform::kernel_names().front())();
  platform::Identity identity;
  identity.sources = lock::kFuseAlone;
  kernel->set_identity(identity);
  KernelInputs in;
  KernelOutputs out;
  for (int cycle = 0; cycle < 10'000; ++cycle) {
    in.reset_n = cycle >= 8;
    kernel->settle(in, out);
    kernel->clock();
    REQUIRE_FALSE(kernel->class_fingerprints());
  }
}
