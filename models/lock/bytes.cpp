// SPDX-License-Identifier: Apache-2.0
#include "lock/bytes.hpp"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>

#include "common/error.hpp"

namespace keyway::lock {

void fill_random(uint8_t* data, size_t size) {
  constexpr size_t kPiece = size_t{1} << 20;  // RAND_bytes takes an int
  for (size_t at = 0; at < size; at += kPiece) {
    const size_t n = std::min(kPiece, size - at);
    if (RAND_bytes(data + at, static_cast<int>(n)) != 1) {
      throw Error(ErrorKind::kDevice, "the system gives no random bytes");
    }
  }
}

std::string to_hex(ByteView bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size);
  for (size_t i = 0; i < bytes.size; ++i) {
    text += kDigits[bytes.data[i] >> 4];
    text += kDigits[bytes.data[i] & 15];
  }
  return text;
}

namespace {
int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}
}  // namespace

void from_hex(std::string_view text, uint8_t* out, size_t size, const std::string& what) {
  if (text.size() != 2 * size) {
    throw Error(ErrorKind::kFile, what + " should have " + std::to_string(2 * size) +
                                      " hexadecimal digits, not " + std::to_string(text.size()));
  }
  for (size_t i = 0; i < size; ++i) {
    const int high = digit(text[2 * i]);
    const int low = digit(text[2 * i + 1]);
    if (high < 0 || low < 0) {
      throw Error(ErrorKind::kFile, what + " is not hexadecimal");
    }
    out[i] = static_cast<uint8_t>(16 * high + low);
  }
}

bool equal(ByteView a, ByteView b) {
  return a.size == b.size && CRYPTO_memcmp(a.data, b.data, a.size) == 0;
}

void wipe(void* data, size_t size) { OPENSSL_cleanse(data, size); }

}  // namespace keyway::lock
