// SPDX-License-Identifier: Apache-2.0
#include "reference.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <memory>
#include <stdexcept>

namespace keyway::lock_bench {

namespace {

using Context = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

void require(int result, const char* what) {
  if (result != 1) throw std::runtime_error(std::string("OpenSSL: ") + what);
}

Context new_context() { return {EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free}; }

Bytes encrypt(const EVP_CIPHER* cipher, const Bytes& key, const Bytes& iv, const Bytes& data) {
  auto context = new_context();
  require(EVP_EncryptInit_ex(context.get(), cipher, nullptr, key.data(),
                             iv.empty() ? nullptr : iv.data()),
          "cannot start the cipher");
  EVP_CIPHER_CTX_set_padding(context.get(), 0);
  Bytes out(data.size());
  int count = 0;
  require(EVP_EncryptUpdate(context.get(), out.data(), &count, data.data(),
                            static_cast<int>(data.size())),
          "cannot encrypt");
  return out;
}

Bytes big_endian(std::uint32_t value) {
  Bytes out;
  for (int shift = 24; shift >= 0; shift -= 8)
    out.push_back(static_cast<std::uint8_t>(value >> shift));
  return out;
}

void put_little_endian(Bytes& bytes, std::size_t offset, std::uint32_t value) {
  for (std::size_t k = 0; k < 4; k++)
    bytes[offset + k] = static_cast<std::uint8_t>(value >> (8 * k));
}

Bytes policy_field(Policy policy) {
  Bytes field(16);
  field[0] = static_cast<std::uint8_t>(policy);
  return field;
}

Bytes slice(const Bytes& bytes, std::size_t offset, std::size_t count) {
  const auto first = bytes.begin() + static_cast<std::ptrdiff_t>(offset);
  return {first, first + static_cast<std::ptrdiff_t>(count)};
}

}  // namespace

Bytes from_hex(const std::string& hex) {
  Bytes out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    out.push_back(static_cast<std::uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return out;
}

std::string to_hex(const Bytes& bytes) {
  static const char digits[] = "0123456789abcdef";
  std::string out;
  for (const auto byte : bytes) {
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

Bytes random_bytes(Random& random, std::size_t count) {
  Bytes out(count);
  for (auto& byte : out) byte = static_cast<std::uint8_t>(random());
  return out;
}

Bytes operator+(const Bytes& a, const Bytes& b) {
  Bytes out = a;
  out.insert(out.end(), b.begin(), b.end());
  return out;
}

Bytes operator^(const Bytes& a, const Bytes& b) {
  Bytes out = a;
  for (std::size_t i = 0; i < out.size(); i++) out[i] = static_cast<std::uint8_t>(a[i] ^ b[i]);
  return out;
}

void flip_bit(Bytes& bytes, std::size_t bit) {
  bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] ^ (1U << (bit % 8)));
}

Bytes reverse_bits(Bytes bytes) {
  for (auto& byte : bytes) {
    unsigned reversed = 0;
    for (unsigned i = 0; i < 8; i++) reversed |= (byte >> i & 1U) << (7 - i);
    byte = static_cast<std::uint8_t>(reversed);
  }
  return bytes;
}

Bytes sha256(const Bytes& message) {
  Bytes out(32);
  require(EVP_Digest(message.data(), message.size(), out.data(), nullptr, EVP_sha256(), nullptr),
          "SHA-256");
  return out;
}

Bytes kdf(const std::string& label, std::initializer_list<Bytes> fields) {
  Bytes message(label.begin(), label.end());
  message.resize(16);
  for (const auto& field : fields) message = message + field;
  return sha256(message);
}

Bytes aes256(const Bytes& key, const Bytes& block) {
  return encrypt(EVP_aes_256_ecb(), key, {}, block);
}

Bytes aes256_ctr(const Bytes& key, const Bytes& counter_block, const Bytes& data) {
  return encrypt(EVP_aes_256_ctr(), key, counter_block, data);
}

Bytes gmac(const Bytes& key, const Bytes& iv, const Bytes& data) {
  auto context = new_context();
  require(EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key.data(), iv.data()),
          "GCM");
  int count = 0;
  require(
      EVP_EncryptUpdate(context.get(), nullptr, &count, data.data(), static_cast<int>(data.size())),
      "GCM associated data");
  std::uint8_t none = 0;
  require(EVP_EncryptFinal_ex(context.get(), &none, &count), "GCM end");
  Bytes tag(16);
  require(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, 16, tag.data()), "GCM tag");
  return tag;
}

Bytes initialisation_vector(Kind kind, std::uint32_t index, std::uint32_t total) {
  return Bytes{static_cast<std::uint8_t>(kind), 0, 0, 0} + big_endian(index) + big_endian(total);
}

Frame seal(const Bytes& mac, const Bytes& key, Kind kind, std::uint32_t index, std::uint32_t total,
           const Bytes& payload) {
  const auto iv = initialisation_vector(kind, index, total);
  const auto ciphertext = aes256_ctr(key, iv + big_endian(2), payload);
  return {kind, index, total, false, ciphertext + gmac(mac, iv, ciphertext)};
}

void seal_header(const Bytes& mac, std::uint32_t total, Bytes& pages) {
  const auto rest =
      slice(pages, 0, kHeaderTag) + slice(pages, kHeaderTag + 16, pages.size() - kHeaderTag - 16);
  const auto tag = gmac(mac, initialisation_vector(Kind::kHeader, 0, total), rest);
  std::copy(tag.begin(), tag.end(), pages.begin() + kHeaderTag);
}

Owner::Owner(Random& random) : root(random_bytes(random, 32)), owner_key(kdf("device", {root})) {}

Device Owner::new_device(Random& random) const {
  return {random_bytes(random, 32), owner_key, true};
}

Bytes Owner::package_key(const Package& package) const {
  return kdf("package", {root, package.id});
}

Package Owner::new_package(Random& random, Policy policy, std::size_t header_pages,
                           std::size_t program_frames, std::size_t weight_frames) const {
  Package package;
  package.policy = policy;
  package.id = random_bytes(random, 16);
  const auto total = static_cast<std::uint32_t>(program_frames + weight_frames);
  const auto p = package_key(package);
  const auto if_sealed = policy == Policy::kSealed ? p : Bytes(32);
  const auto mac = kdf("mac", {owner_key, package.id, if_sealed});
  const auto prog = kdf("prog", {owner_key, package.id, if_sealed});
  const auto weights = kdf("weights", {owner_key, p, package.id});

  auto& header = package.header;
  header.kind = Kind::kHeader;
  header.total = total;
  header.bytes = Bytes(128) + random_bytes(random, header_pages * kPage - 128);
  const std::string magic = "KEYWAYP1";
  std::copy(magic.begin(), magic.end(), header.bytes.begin());
  header.bytes[8] = static_cast<std::uint8_t>(policy);
  header.bytes[9] = 16;
  header.bytes[10] = 16;
  std::copy(package.id.begin(), package.id.end(), header.bytes.begin() + 16);
  put_little_endian(header.bytes, 36, static_cast<std::uint32_t>(header_pages));
  put_little_endian(header.bytes, 40, static_cast<std::uint32_t>(program_frames));
  put_little_endian(header.bytes, 44, total);
  seal_header(mac, total, header.bytes);

  for (std::uint32_t index = 0; index < total; index++) {
    const bool program = index < program_frames;
    package.payloads.push_back(random_bytes(random, kPage - 16));
    package.frames.push_back(seal(mac, program ? prog : weights,
                                  program ? Kind::kProgram : Kind::kWeights, index, total,
                                  package.payloads.back()));
  }
  return package;
}

Bytes Owner::licence(const Package& package, const Device& device, const Bytes& check) const {
  const auto d = kdf("enrol", {device.secret, device.owner_key});
  const auto kek = kdf("kek", {d, package.id, policy_field(package.policy)});
  const auto wrapped = package_key(package) ^ kek;
  const std::string magic = "KEYWAYL1";
  Bytes head(magic.begin(), magic.end());
  head.push_back(static_cast<std::uint8_t>(package.policy));
  head.resize(16);
  const auto header_tag = slice(package.header.bytes, kHeaderTag, 16);
  auto check_value = check;
  if (check.empty())
    check_value = package.policy == Policy::kSealed ? kdf("check", {kek, wrapped}) : Bytes(32);
  const auto tag = kdf("licence", {owner_key, head, package.id, header_tag, wrapped, check_value});
  return head + package.id + header_tag + wrapped + check_value + tag;
}

Bytes tagged(const Owner& owner, const Bytes& licence) {
  const auto contents = slice(licence, 0, 112);
  return contents + kdf("licence", {owner.owner_key, contents});
}

Keys derived_keys(const Device& device, const Package& package, const Bytes& licence) {
  Keys keys;
  const auto& a = device.owner_key;
  const auto wrapped = slice(licence, 48, 32);
  keys.d = kdf("enrol", {device.secret, a});
  keys.kek = kdf("kek", {keys.d, package.id, policy_field(package.policy)});
  keys.p = wrapped ^ keys.kek;
  const auto if_sealed = package.policy == Policy::kSealed ? keys.p : Bytes(32);
  keys.mac = kdf("mac", {a, package.id, if_sealed});
  keys.prog = kdf("prog", {a, package.id, if_sealed});
  keys.weights = kdf("weights", {a, keys.p, package.id});
  return keys;
}

}  // namespace keyway::lock_bench
