// SPDX-License-Identifier: Apache-2.0
/// Every kernel of this build on a board: what it says of itself, and that it answers a damaged
/// package with a verdict, at several memory timings. What kernels compute is tested in tests/rtl
/// and tests/tool.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "driver/sim_board.hpp"
#include "program/contract.hpp"
#include "program/core_config.hpp"

using namespace keyway;

TEST_CASE("the build has the default core") {
  const auto names = platform::kernel_names();
  CHECK(std::find(names.begin(), names.end(), "16x16") != names.end());
}

TEST_CASE("every kernel is what its name says, and refuses what is no package") {
  for (const std::string& name : platform::kernel_names())
    for (const char* memory : {"latency=1", "latency=60,stall=0.5,seed=2"}) {
      INFO("core " << name << ", " << memory);
      driver::SimOptions options;
      options.core = name;
      options.memory = platform::parse_memory_options(memory);
      driver::SimBoard board(options);
      const uint32_t shape = board.read_register(contract::kRegShape);
      const auto part = [&](const contract::Field& field) {
        return shape >> field.lsb & ((1U << field.bits) - 1);
      };
      const program::CoreConfig core{part(contract::shape::kLanes), part(contract::shape::kDepth),
                                     contract::ArrayKind(part(contract::shape::kArrayKind)),
                                     board.read_register(contract::kRegActivationBytes),
                                     board.read_register(contract::kRegWeightBytes)};
      CHECK(core.name() == name);
      CHECK(board.read_register(contract::kRegStatus) == 0);
      CHECK((board.read_register(contract::kRegControl) & 0xf) == 4);  // idle

      const std::vector<uint8_t> package(2 * contract::kFrameBytes, 0x11);
      const auto buffer = board.allocate(package.size());
      board.write(buffer, 0, package.data(), package.size());
      driver::KernelArguments arguments;
      arguments.package = board.address(buffer);
      arguments.package_bytes = static_cast<uint32_t>(package.size());
      board.start(arguments);
      board.wait();
      CHECK(static_cast<contract::Status>(board.read_register(contract::kRegStatus)) ==
            contract::Status::kBadHeader);
    }
}
