// SPDX-License-Identifier: Apache-2.0
/// The package file (.kwp): header pages with a readable manifest, then frames. Formats and what is
/// authenticated by what: rtl/pkg/contract.toml, "package and licence".
///
/// Errors: kFile for what is no package, kAuthentication for a package that is not whole or not
/// what its owner made, kRefused for a device or licence that has no right to it, kFit for a
/// program whose frames exceed the weight memory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lock/bytes.hpp"
#include "lock/keys.hpp"
#include "lock/manifest.hpp"
#include "lock/parties.hpp"
#include "program/contract.hpp"

namespace keyway::lock {

/// The fields of a package's first 128 bytes.
struct Header {
  Policy policy = Policy::kPlain;
  uint32_t lanes = 0, depth = 0;
  contract::ArrayKind array_kind{};
  uint32_t activation_bytes = 0, weight_bytes = 0;
  bool resident = false;
  Bytes16 id{};
  uint32_t manifest_bytes = 0;
  uint32_t header_pages = 0;
  uint32_t program_frames = 0;
  uint32_t total_frames = 0;
  Bytes16 tag{};
};

/// A package whose sizes are consistent; views into the bytes it was parsed from.
struct PackageView {
  Header header;
  ByteView header_pages;
  ByteView manifest;
  ByteView frame(uint32_t index) const;

  ByteView bytes;
};

/// Checks everything that needs no key: magic, contract, sizes; for a plain package,
/// which has no owner, the digest of the whole file (against damage, not against malice).
PackageView parse_package(ByteView bytes, const std::string& name);

/// The manifest's description (parse_manifest), which the core never reads, held against the
/// header, which it does: kFile where they name different cores.
program::Program describe(const PackageView& package, const std::string& name);

/// Checks the header pages' tag. Throws Error(kAuthentication).
void verify_header(const PackageView& package, const FrameKeys& keys);

/// Frame payloads in the clear, as they go to the core's weight memory.
struct Images {
  std::vector<uint8_t> program;  ///< program_frames payloads
  std::vector<uint8_t> weights;  ///< the others
};

/// Plain package of a program. Locked ones come from lock_network.hpp.
std::vector<uint8_t> make_plain_package(const program::Program& program);

/// What an enrolled device makes of package and licence: verifies and deciphers as the core does
/// (rtl/lock/lock_unit.sv, rtl/shell/conductor.sv), on a core of that class. For a plain package
/// device and licence are not needed and not used.
Images open_package(const PackageView& package, const std::optional<std::vector<uint8_t>>& licence,
                    const std::optional<Device>& device,
                    const std::optional<ClassFingerprints>& of_class = std::nullopt);

}  // namespace keyway::lock
