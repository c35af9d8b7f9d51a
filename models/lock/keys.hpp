// SPDX-License-Identifier: Apache-2.0
/// The key table of the lock (README, "Keys"): who derives what from what. Labels and field lengths
/// are those of rtl/pkg/contract.toml; the device's side is rtl/lock/licence_opener.sv.
#pragma once

#include "lock/bytes.hpp"
#include "lock/fuzzy_extractor.hpp"
#include "lock/secret.hpp"
#include "program/contract.hpp"

namespace keyway::lock {

using contract::Policy;

/// Which sources a device secret is made of: a sum of contract::SecretSource.
using Sources = uint8_t;
constexpr bool has(Sources sources, contract::SecretSource source) {
  return (sources & static_cast<Sources>(source)) != 0;
}

/// What a core measures of itself (rtl/probe/class_probe.sv): the same in all devices with one
/// bitstream, and no secret.
struct ClassFingerprints {
  Bytes32 clock{};
  Bytes16 precision{};
  bool operator==(const ClassFingerprints& other) const {
    return clock == other.clock && precision == other.precision;
  }
};
inline constexpr Sources kClassSources = static_cast<Sources>(contract::SecretSource::kClock) |
                                         static_cast<Sources>(contract::SecretSource::kPrecision);

inline constexpr Sources kFuseAlone = static_cast<Sources>(contract::SecretSource::kFuse);

Key puf_key(const HelperData& helper, const Key& key_bits);  ///< of the corrected cells
Bytes32 puf_check(const Key& puf_key);  ///< public: tells whether the cells gave that key
/// S. Of a source that is not among `sources` nothing counts.
Key device_secret(Sources sources, const Key& fuse, const Key& puf_key,
                  const ClassFingerprints& of_class = {});
Key owner_key(const Key& root);                                               ///< A, from O
Key enrolment_record(const Key& secret, const Key& owner_key);                ///< D, from S and A
Key package_key(const Key& root, const Bytes16& id);                          ///< P
Key key_encryption_key(const Key& record, const Bytes16& id, Policy policy);  ///< KEK

/// What frames are enciphered and authenticated with.
struct FrameKeys {
  Key mac;      ///< Kmac
  Key program;  ///< Kprog
  Key weights;  ///< Kweights
};
FrameKeys frame_keys(const Key& owner_key, const Key& package_key, const Bytes16& id,
                     Policy policy);

/// a xor b: wraps and unwraps a package key.
Key exclusive_or(const Key& a, const Key& b);

}  // namespace keyway::lock
