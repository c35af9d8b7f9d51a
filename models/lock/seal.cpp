// SPDX-License-Identifier: Apache-2.0
#include "lock/seal.hpp"

#include <cstring>

#include "common/error.hpp"
#include "lock/cipher.hpp"
#include "lock/package_format.hpp"

namespace keyway::lock {

using contract::FrameKind;

std::vector<uint8_t> seal_program(const program::Program& program, Policy policy,
                                  const Owner& owner) {
  if (policy == Policy::kPlain) throw Error(ErrorKind::kUsage, "'plain' is no policy of a lock");
  const auto id = random_bytes<Bytes16>();
  std::vector<uint8_t> bytes = lay_out(program, policy, id);
  PackageView view = parse_package(bytes, program.name);
  const FrameKeys keys = frame_keys(owner_key(owner.root), package_key(owner.root, id), id, policy);
  for (uint32_t i = 0; i < view.header.total_frames; ++i) {
    uint8_t* frame = bytes.data() + (size_t{view.header.header_pages} + i) * kPage;
    const FrameKind kind = kind_of(view.header, i);
    const Iv iv = frame_iv(kind, i, view.header.total_frames);
    ctr(kind == FrameKind::kProgram ? keys.program : keys.weights, iv, frame, kPayload);
    const Bytes16 tag = gmac(keys.mac, iv, {ByteView(frame, kPayload)});
    std::memcpy(frame + kPayload, tag.data(), tag.size());
  }
  const Bytes16 tag = header_tag(view, keys.mac);
  std::memcpy(bytes.data() + contract::kHeaderTagOffset, tag.data(), tag.size());
  return bytes;
}

}  // namespace keyway::lock
