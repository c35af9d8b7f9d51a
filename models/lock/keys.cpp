// SPDX-License-Identifier: Apache-2.0
#include "lock/keys.hpp"

#include "lock/cipher.hpp"

namespace keyway::lock {

Bytes32 owner_key(const Bytes32& root) { return kdf(contract::kKdfDevice, {root}); }

Bytes32 enrolment_record(const Bytes32& secret, const Bytes32& owner_key) {
  return kdf(contract::kKdfEnrol, {secret, owner_key});
}

Bytes32 package_key(const Bytes32& root, const Bytes16& id) {
  return kdf(contract::kKdfPackage, {root, id});
}

Bytes32 key_encryption_key(const Bytes32& record, const Bytes16& id, Policy policy) {
  Bytes16 policy_field{};
  policy_field[0] = static_cast<uint8_t>(policy);
  return kdf(contract::kKdfKek, {record, id, policy_field});
}

FrameKeys frame_keys(const Bytes32& owner_key, const Bytes32& package_key, const Bytes16& id,
                     Policy policy) {
  // In `sealed` every key takes P, so that the owner's authentication key alone, out of one opened
  // chip, neither forges a frame nor reads a program. In `blind` tags and program must not depend
  // on P: a wrong device has to verify and decipher the program, and fail only in the weight codes,
  // which give no sign of being wrong.
  const Bytes32 if_sealed = policy == Policy::kSealed ? package_key : Bytes32{};
  return {kdf(contract::kKdfMac, {owner_key, id, if_sealed}),
          kdf(contract::kKdfProg, {owner_key, id, if_sealed}),
          kdf(contract::kKdfWeights, {owner_key, package_key, id})};
}

Bytes32 exclusive_or(const Bytes32& a, const Bytes32& b) {
  Bytes32 out;
  for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<uint8_t>(a[i] ^ b[i]);
  return out;
}

}  // namespace keyway::lock
