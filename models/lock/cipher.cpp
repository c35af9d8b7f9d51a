// SPDX-License-Identifier: Apache-2.0
#include "lock/cipher.hpp"

#include <openssl/evp.h>

#include <cassert>
#include <cstring>
#include <memory>

#include "common/error.hpp"

namespace keyway::lock {

namespace {

struct FreeCipher {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
struct FreeDigest {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, FreeCipher>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, FreeDigest>;

void must(bool ok) {
  if (!ok) throw Error(ErrorKind::kDevice, "OpenSSL refuses AES-256 or SHA-256");
}

}  // namespace

Iv frame_iv(contract::FrameKind kind, uint32_t index, uint32_t total_frames) {
  Iv iv{};
  iv[0] = static_cast<uint8_t>(kind);
  for (size_t i = 0; i < 4; ++i) {
    const auto shift = static_cast<uint32_t>(8 * (3 - i));
    iv[4 + i] = static_cast<uint8_t>(index >> shift);
    iv[8 + i] = static_cast<uint8_t>(total_frames >> shift);
  }
  return iv;
}

Key kdf(const char* label, std::initializer_list<ByteView> fields) {
  uint8_t head[16] = {};
  const size_t length = std::strlen(label);
  assert(length <= sizeof head);
  std::memcpy(head, label, length);
  const DigestContext context(EVP_MD_CTX_new());
  must(context && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1 &&
       EVP_DigestUpdate(context.get(), head, sizeof head) == 1);
  for (const ByteView& field : fields) {
    must(EVP_DigestUpdate(context.get(), field.data, field.size) == 1);
  }
  Key out;
  must(EVP_DigestFinal_ex(context.get(), out.data(), nullptr) == 1);
  return out;
}

void ctr(const Key& key, const Iv& iv, uint8_t* data, size_t size) {
  uint8_t block[16] = {};
  std::memcpy(block, iv.data(), iv.size());
  block[15] = 2;
  const CipherContext context(EVP_CIPHER_CTX_new());
  int written = 0;
  must(context &&
       EVP_EncryptInit_ex(context.get(), EVP_aes_256_ctr(), nullptr, key.data(), block) == 1 &&
       EVP_EncryptUpdate(context.get(), data, &written, data, static_cast<int>(size)) == 1 &&
       static_cast<size_t>(written) == size);
}

Bytes16 gmac(const Key& key, const Iv& iv, std::initializer_list<ByteView> parts) {
  const CipherContext context(EVP_CIPHER_CTX_new());
  int written = 0;
  must(context &&
       EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key.data(), iv.data()) == 1);
  for (const ByteView& part : parts) {
    must(EVP_EncryptUpdate(context.get(), nullptr, &written, part.data,
                           static_cast<int>(part.size)) == 1);
  }
  Bytes16 tag;
  uint8_t none[16];
  must(EVP_EncryptFinal_ex(context.get(), none, &written) == 1 &&
       EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, 16, tag.data()) == 1);
  return tag;
}

}  // namespace keyway::lock
