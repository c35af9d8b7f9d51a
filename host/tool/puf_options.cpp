// SPDX-License-Identifier: Apache-2.0
#include "tool/puf_options.hpp"

#include <vector>

#include "lock/parties.hpp"

namespace keyway::tool {

EnvironmentOptions add_environment_options(CLI::App& command, lock::Environment& environment) {
  return {command.add_option("--celsius", environment.celsius, "Temperature at which it boots")
              ->capture_default_str(),
          command.add_option("--volts", environment.volts, "Supply, as a part of the nominal one")
              ->capture_default_str(),
          command.add_option("--years", environment.years, "Its age")->capture_default_str()};
}

void add_puf_option(CLI::App& command, std::string& kind) {
  command.add_option("--puf", kind, "Kind of the PUF's cells: sram or ro (ring oscillators)")
      ->check(CLI::IsMember(
          std::vector<std::string>(std::begin(lock::kPufKindNames), std::end(lock::kPufKindNames))))
      ->capture_default_str();
}

lock::PufKind puf_kind(const std::string& name) { return lock::puf_kind(name, "--puf"); }

std::string default_puf_kind() {
  return lock::kPufKindNames[static_cast<size_t>(lock::DevicePuf{}.kind)];
}

}  // namespace keyway::tool
