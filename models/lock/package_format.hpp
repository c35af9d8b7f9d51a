// SPDX-License-Identifier: Apache-2.0
/// What those who write packages and those who read them share: how a program is cut into pages,
/// and what tags and digests are over. For this folder alone; others use package.hpp and
/// lock_network.hpp.
#pragma once

#include <cstdint>
#include <vector>

#include "lock/package.hpp"

namespace keyway::lock {

inline constexpr uint32_t kPage = contract::kFrameBytes;
inline constexpr uint32_t kPayload = contract::kPayloadBytes;
/// At least so many frames for each header page: a manifest is at most a quarter of the file.
inline constexpr uint32_t kFramesPerHeaderPage = 3;

/// Frames before `program_frames` hold the program, the others weights.
contract::FrameKind kind_of(const Header& header, uint32_t index);

/// The tag that a locked package's header should have.
Bytes16 header_tag(const PackageView& package, const Key& mac_key);

/// A plain package has no owner, so its tag field holds the digest of all other bytes.
Bytes16 plain_digest(ByteView bytes);

/// Payloads of all frames, deciphered and each verified; `keys` is null for a plain package, which
/// has none. Throws Error(kAuthentication).
Images read_frames(const PackageView& package, const FrameKeys* keys);

/// Header pages and frames in the clear, tags empty; the last payload of an image and what the
/// quarter rule adds are random. Throws Error(kFit) for a program whose frames exceed the weight
/// memory.
std::vector<uint8_t> lay_out(const program::Program& program, Policy policy, const Bytes16& id);

}  // namespace keyway::lock
