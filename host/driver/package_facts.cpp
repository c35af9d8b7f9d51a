// SPDX-License-Identifier: Apache-2.0
#include "driver/package_facts.hpp"

#include <optional>

#include "lock/package.hpp"
#include "simulate/decoded.hpp"

namespace keyway::driver {

PackageFacts examine(const std::vector<uint8_t>& package) {
  const lock::PackageView view = lock::parse_package(package, "package");
  const program::Program description = lock::describe(view, "package");
  PackageFacts facts;
  if (view.header.policy != lock::Policy::kPlain) return facts;
  const lock::Images images = lock::open_package(view, std::nullopt, std::nullopt);
  const simulate::DecodedProgram program =
      simulate::decode_program(description.core, images.program, images.weights.size());
  facts.input_bytes = program.input_bytes;
  facts.output_bytes = program.output_bytes;
  return facts;
}

}  // namespace keyway::driver
