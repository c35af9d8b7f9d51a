// SPDX-License-Identifier: Apache-2.0
/// The three primitives of the lock, from OpenSSL, in the form that the core has in hardware.
///
///   kdf          SHA-256(label zero-padded to 16 bytes, fields), FIPS 180-4
///   ctr          AES-256 in counter mode, first counter block = iv || 2, SP 800-38A section 6.5
///   gmac         GCM with empty plaintext, SP 800-38D section 6.4; 16-byte tag
///
/// Twins: rtl/lock/kdf.sv, rtl/lock/unsealer.sv. Formats: rtl/pkg/contract.toml.
#pragma once

#include <cstdint>
#include <initializer_list>

#include "lock/bytes.hpp"
#include "lock/secret.hpp"
#include "program/contract.hpp"

namespace keyway::lock {

using Iv = std::array<uint8_t, 12>;

/// Initialisation vector of frame `index` of a package of `total_frames` frames.
Iv frame_iv(contract::FrameKind kind, uint32_t index, uint32_t total_frames);

/// `label` has at most 16 characters.
Key kdf(const char* label, std::initializer_list<ByteView> fields);

/// Enciphers or deciphers in place.
void ctr(const Key& key, const Iv& iv, uint8_t* data, size_t size);

/// Tag over the concatenation of `parts`.
Bytes16 gmac(const Key& key, const Iv& iv, std::initializer_list<ByteView> parts);

}  // namespace keyway::lock
