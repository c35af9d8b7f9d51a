// SPDX-License-Identifier: Apache-2.0
#include "lock/licence.hpp"

#include <cstring>

#include "common/file.hpp"
#include "lock/cipher.hpp"
#include "program/verdict.hpp"

namespace keyway::lock {

namespace {

using contract::Status;

template <size_t N>
std::array<uint8_t, N> field(const uint8_t* bytes, uint32_t offset) {
  std::array<uint8_t, N> out;
  std::memcpy(out.data(), bytes + offset, N);
  return out;
}

Bytes16 licence_head(Policy policy) {
  Bytes16 head{};
  std::memcpy(head.data(), contract::kLicenceMagic, 8);
  head[8] = static_cast<uint8_t>(policy);
  return head;
}

Key licence_tag(const Key& owner_key, const uint8_t* licence) {
  return kdf(contract::kKdfLicence, {owner_key, ByteView(licence, contract::kLicenceTagOffset)});
}

}  // namespace

std::vector<uint8_t> make_licence(const PackageView& package, const Owner& owner,
                                  const Enrolment& enrolment) {
  const Header& header = package.header;
  if (header.policy == Policy::kPlain) {
    throw Error(ErrorKind::kUsage, "a plain package runs anywhere and takes no licence");
  }
  const Key authentication_key = owner_key(owner.root);
  if (!equal(enrolment.owner, owner_fingerprint(authentication_key))) {
    throw Error(ErrorKind::kRefused, "the device is enrolled with another owner");
  }
  const Key key = package_key(owner.root, header.id);
  verify_header(package, frame_keys(authentication_key, key, header.id, header.policy));

  const Key kek = key_encryption_key(enrolment.record, header.id, header.policy);
  const Key wrapped = exclusive_or(key, kek);
  std::vector<uint8_t> licence(contract::kLicenceBytes);
  const auto put = [&](uint32_t offset, ByteView bytes) {
    std::memcpy(licence.data() + offset, bytes.data, bytes.size);
  };
  put(contract::kLicenceHeadOffset, licence_head(header.policy));
  put(contract::kLicenceIdOffset, header.id);
  put(contract::kLicenceHeaderTagOffset, header.tag);
  put(contract::kLicenceWrappedOffset, wrapped);
  if (header.policy == Policy::kSealed) {
    put(contract::kLicenceCheckOffset, kdf(contract::kKdfCheck, {kek, wrapped}));
  }
  put(contract::kLicenceTagOffset, licence_tag(authentication_key, licence.data()));
  return licence;
}

std::vector<uint8_t> read_licence(const std::string& path) {
  constexpr size_t kMaxBytes = 4096;  // of anything that may be taken for one
  auto bytes = common::read_file(path, kMaxBytes);
  const Bytes16 head = licence_head(Policy::kPlain);
  if (bytes.size() < contract::kHeaderMagicBytes ||
      std::memcmp(bytes.data(), head.data(), contract::kMagicNameBytes) != 0) {
    throw Error(ErrorKind::kFile, path + ": not a Keyway licence");
  }
  if (bytes[contract::kMagicNameBytes] != head[contract::kMagicNameBytes]) {
    throw Error(ErrorKind::kFile,
                path + ": made by another version of Keyway; its owner makes a new licence");
  }
  if (bytes.size() != contract::kLicenceBytes) {
    throw Error(ErrorKind::kFile, path + ": a licence of " + std::to_string(bytes.size()) +
                                      " bytes, which should have " +
                                      std::to_string(contract::kLicenceBytes));
  }
  return bytes;
}

Key open_licence(const PackageView& package, const std::optional<std::vector<uint8_t>>& licence,
                 const std::optional<Device>& device,
                 const std::optional<ClassFingerprints>& of_class) {
  const Header& header = package.header;
  if (!licence) throw verdict(Status::kNoLicence);
  if (!device || !device->owner_key) throw verdict(Status::kNotEnrolled);
  const Key secret = boot(*device, new_boot(), of_class);
  if (licence->size() != contract::kLicenceBytes) throw verdict(Status::kLicenceRefused);
  const uint8_t* bytes = licence->data();
  if (!equal(field<32>(bytes, contract::kLicenceTagOffset),
             licence_tag(*device->owner_key, bytes)) ||
      !equal(field<16>(bytes, contract::kLicenceHeadOffset), licence_head(header.policy)) ||
      !equal(field<16>(bytes, contract::kLicenceIdOffset), header.id) ||
      !equal(field<16>(bytes, contract::kLicenceHeaderTagOffset), header.tag)) {
    throw verdict(Status::kLicenceRefused);
  }
  const Key record = enrolment_record(secret, *device->owner_key);
  const Key kek = key_encryption_key(record, header.id, header.policy);
  const Key wrapped(field<32>(bytes, contract::kLicenceWrappedOffset));
  if (header.policy == Policy::kSealed && !equal(field<32>(bytes, contract::kLicenceCheckOffset),
                                                 kdf(contract::kKdfCheck, {kek, wrapped}))) {
    throw verdict(Status::kWrongDevice);
  }
  return exclusive_or(wrapped, kek);
}

}  // namespace keyway::lock
