// SPDX-License-Identifier: Apache-2.0
#include "platform/identity.hpp"

#include "lock/parties.hpp"

namespace keyway::platform {

Identity load_identity(const std::string& path) {
  Identity identity;
  if (path.empty()) return identity;
  const lock::Device device = lock::read_device(path);
  identity.sources = device.sources;
  identity.fuse = device.fuse.bytes();
  if (lock::has(device.sources, contract::SecretSource::kPuf)) {
    const lock::PufCells cells = lock::read_cells(device.puf, lock::new_boot());
    identity.cells.assign(cells.begin(), cells.end());
    identity.helper.assign(device.puf.helper.begin(), device.puf.helper.end());
    identity.helper.insert(identity.helper.end(), device.puf.check.begin(), device.puf.check.end());
  }
  if (device.owner_key) {
    identity.owner_key = device.owner_key->bytes();
    identity.enrolled = true;
  }
  return identity;
}

}  // namespace keyway::platform
