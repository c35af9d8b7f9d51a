// SPDX-License-Identifier: Apache-2.0
#include "lock/renew.hpp"

#include <utility>

#include "common/error.hpp"
#include "lock/keys.hpp"
#include "lock/package_format.hpp"
#include "lock/seal.hpp"

namespace keyway::lock {

std::vector<uint8_t> renew_package(const PackageView& package, const Owner& owner,
                                   std::optional<Policy> policy) {
  const Header& header = package.header;
  if (header.policy == Policy::kPlain) {
    throw Error(ErrorKind::kUsage, "the package is not locked, so it has no key to renew");
  }
  program::Program program = describe(package, "package");
  const FrameKeys keys = frame_keys(owner_key(owner.root), package_key(owner.root, header.id),
                                    header.id, header.policy);
  verify_header(package, keys);
  Images images = read_frames(package, &keys);
  program.program_image = std::move(images.program);
  program.weight_image = std::move(images.weights);
  return seal_program(program, policy.value_or(header.policy), owner);
}

}  // namespace keyway::lock
