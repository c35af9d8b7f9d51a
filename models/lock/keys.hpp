// SPDX-License-Identifier: Apache-2.0
/// The key table of the lock (README, "Keys"): who derives what from what. Labels and field lengths
/// are those of rtl/pkg/contract.toml; the device's side is rtl/lock/licence_opener.sv.
#pragma once

#include "common/contract.hpp"
#include "lock/bytes.hpp"

namespace keyway::lock {

using contract::Policy;

Bytes32 owner_key(const Bytes32& root);                                     ///< A, from O
Bytes32 enrolment_record(const Bytes32& secret, const Bytes32& owner_key);  ///< D, from S and A
Bytes32 package_key(const Bytes32& root, const Bytes16& id);                ///< P
Bytes32 key_encryption_key(const Bytes32& record, const Bytes16& id, Policy policy);  ///< KEK

/// What frames are enciphered and authenticated with.
struct FrameKeys {
  Bytes32 mac;      ///< Kmac
  Bytes32 program;  ///< Kprog
  Bytes32 weights;  ///< Kweights
};
FrameKeys frame_keys(const Bytes32& owner_key, const Bytes32& package_key, const Bytes16& id,
                     Policy policy);

/// a xor b: wraps and unwraps a package key.
Bytes32 exclusive_or(const Bytes32& a, const Bytes32& b);

}  // namespace keyway::lock
