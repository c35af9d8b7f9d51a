// SPDX-License-Identifier: Apache-2.0
#include "platform/identity.hpp"

#include "lock/parties.hpp"

namespace keyway::platform {

Identity load_identity(const std::string& path) {
  Identity identity;
  if (path.empty()) return identity;
  const lock::Device device = lock::read_device(path);
  identity.secret = device.secret.bytes();
  if (device.owner_key) {
    identity.owner_key = device.owner_key->bytes();
    identity.enrolled = true;
  }
  return identity;
}

}  // namespace keyway::platform
