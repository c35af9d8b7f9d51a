// SPDX-License-Identifier: Apache-2.0
#include "driver/package_facts.hpp"

#include <algorithm>
#include <limits>
#include <optional>

#include "lock/package.hpp"
#include "simulate/decoded.hpp"

namespace keyway::driver {
namespace {

constexpr uint64_t kAll = std::numeric_limits<uint64_t>::max();

}  // namespace

uint64_t estimated_cycles(const program::Program& description) {
  uint64_t sum = 0;
  for (const program::LayerInfo& layer : description.layers)
    sum += std::min(layer.ideal_cycles, kAll - sum);
  return sum;
}

uint64_t cycle_limit(uint64_t estimated, uint64_t most) {
  if (estimated > (kAll - kCycleMargin) / kCycleFactor) return most;
  return std::min(kCycleFactor * estimated + kCycleMargin, most);
}

PackageFacts examine(const std::vector<uint8_t>& package) {
  const lock::PackageView view = lock::parse_package(package, "package");
  const program::Program description = lock::describe(view, "package");
  PackageFacts facts;
  facts.estimated_cycles = estimated_cycles(description);
  if (view.header.policy != lock::Policy::kPlain) return facts;
  const lock::Images images = lock::open_package(view, std::nullopt, std::nullopt);
  const simulate::DecodedProgram program =
      simulate::decode_program(description.core, images.program, images.weights.size());
  facts.input_bytes = program.input_bytes;
  facts.output_bytes = program.output_bytes;
  return facts;
}

}  // namespace keyway::driver
