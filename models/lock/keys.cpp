// SPDX-License-Identifier: Apache-2.0
#include "lock/keys.hpp"

#include "lock/cipher.hpp"

namespace keyway::lock {

Key puf_key(const HelperData& helper, const Key& key_bits) {
  return kdf(contract::kKdfPuf, {helper, key_bits});
}

Bytes32 puf_check(const Key& puf_key) { return kdf(contract::kKdfPufCheck, {puf_key}).bytes(); }

Key device_secret(Sources sources, const Key& fuse, const Key& puf_key,
                  const ClassFingerprints& of_class) {
  using contract::SecretSource;
  const Bytes32 none{};
  const Bytes16 mask{sources}, no_precision{};
  const auto counts = [&](SecretSource source, ByteView value, ByteView otherwise) {
    return has(sources, source) ? value : otherwise;
  };
  const ByteView fuse_field = counts(SecretSource::kFuse, fuse, none);
  const ByteView puf_field = counts(SecretSource::kPuf, puf_key, none);
  const ByteView clock_field = counts(SecretSource::kClock, of_class.clock, none);
  const ByteView precision_field =
      counts(SecretSource::kPrecision, of_class.precision, no_precision);
  return kdf(contract::kKdfSecret, {mask, fuse_field, puf_field, clock_field, precision_field});
}

Key owner_key(const Key& root) { return kdf(contract::kKdfDevice, {root}); }

Key enrolment_record(const Key& secret, const Key& owner_key) {
  return kdf(contract::kKdfEnrol, {secret, owner_key});
}

Key package_key(const Key& root, const Bytes16& id) {
  return kdf(contract::kKdfPackage, {root, id});
}

Key key_encryption_key(const Key& record, const Bytes16& id, Policy policy) {
  Bytes16 policy_field{};
  policy_field[0] = static_cast<uint8_t>(policy);
  return kdf(contract::kKdfKek, {record, id, policy_field});
}

FrameKeys frame_keys(const Key& owner_key, const Key& package_key, const Bytes16& id,
                     Policy policy) {
  // In `sealed` every key takes P, so that the owner's authentication key alone, out of one opened
  // chip, neither forges a frame nor reads a program. In `blind` tags and program must not depend
  // on P: a wrong device has to verify and decipher the program, and fail only in the weight codes,
  // which give no sign of being wrong.
  const Key if_sealed = policy == Policy::kSealed ? package_key : Key{};
  return {kdf(contract::kKdfMac, {owner_key, id, if_sealed}),
          kdf(contract::kKdfProg, {owner_key, id, if_sealed}),
          kdf(contract::kKdfWeights, {owner_key, package_key, id})};
}

Key exclusive_or(const Key& a, const Key& b) {
  Key out;
  for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<uint8_t>(a[i] ^ b[i]);
  return out;
}

}  // namespace keyway::lock
