// SPDX-License-Identifier: Apache-2.0
// Our use of OpenSSL (labels, counters, tags) against published vectors and against the
// definitions.
#include <catch2/catch.hpp>
#include <cstring>
#include <string>

#include "lock/cipher.hpp"
#include "lock/keys.hpp"

using namespace keyway;
using namespace keyway::lock;

namespace {
template <size_t N>
std::array<uint8_t, N> hex(const std::string& text) {
  std::array<uint8_t, N> out;
  from_hex(text, out.data(), N, "test vector");
  return out;
}
}  // namespace

TEST_CASE("kdf is SHA-256 over the padded label and the fields") {
  // SHA-256 of 32 bytes: "mac", 13 zeros, then 0..15; computed with sha256sum.
  Bytes16 field;
  for (size_t i = 0; i < field.size(); ++i) field[i] = static_cast<uint8_t>(i);
  CHECK(to_hex(kdf("mac", {field})) ==
        "892b0dba1edeb6486df53d413dec23d183444a390c9f84389ed757da7cce9f84");
  const ByteView whole(field);
  CHECK(kdf("mac", {ByteView(whole.data, 5), ByteView(whole.data + 5, 11)}) == kdf("mac", {field}));
  CHECK(kdf("mac", {field}) != kdf("prog", {field}));
}

TEST_CASE("ctr is AES-256 in counter mode from block iv || 2") {
  // Expected: the four counter blocks ...02 to ...05 through `openssl enc -aes-256-ecb`.
  const Key key(hex<32>("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"));
  std::vector<uint8_t> zeros(64, 0);
  const Iv iv = hex<12>("00112233445566778899aabb");
  ctr(key, iv, zeros.data(), zeros.size());
  CHECK(to_hex(zeros) ==
        "da86f0b34f674b1e6860c01c7a8c823d3902b355126a7bb78a8f16f091b01ebb7880e86bbd5ba5597856c58883"
        "732d8945be942ac1681361fe392b9a8d6dbd0b");
  ctr(key, iv, zeros.data(), zeros.size());
  CHECK(zeros == std::vector<uint8_t>(64, 0));
}

TEST_CASE("gmac is GCM with empty plaintext") {
  // GCM test case 13 (McGrew and Viega): AES-256, all-zero key and IV, no data at all.
  CHECK(to_hex(gmac(Key{}, Iv{}, {})) == "530f8afbc74536b9a963b4f1c4cb738b");
  const auto data = hex<16>("feedfacedeadbeeffeedfacedeadbeef");
  CHECK(gmac(Key{}, Iv{}, {ByteView(data.data(), 3), ByteView(data.data() + 3, 13)}) ==
        gmac(Key{}, Iv{}, {data}));
}

TEST_CASE("frame initialisation vectors bind kind, index and count") {
  CHECK(to_hex(frame_iv(contract::FrameKind::kWeights, 0x01020304, 0x0a0b0c0d)) ==
        "02000000010203040a0b0c0d");
}

TEST_CASE("every key depends on every input and on the policy") {
  const auto root = Key::random();
  const auto other = Key::random();
  const auto id = random_bytes<Bytes16>();
  const auto a = owner_key(root);
  const auto p = package_key(root, id);
  const auto sealed = frame_keys(a, p, id, Policy::kSealed);
  const auto blind = frame_keys(a, p, id, Policy::kBlind);
  CHECK(sealed.mac != blind.mac);
  CHECK(sealed.program != blind.program);
  CHECK(sealed.weights == blind.weights);
  for (size_t bit = 0; bit < 256; ++bit) {
    Key near = p;
    near[bit / 8] = static_cast<uint8_t>(near[bit / 8] ^ (1U << (bit % 8)));
    const auto keys = frame_keys(a, near, id, Policy::kBlind);
    CHECK(keys.mac == blind.mac);  // a wrong device must still verify and run the program
    CHECK(keys.program == blind.program);
    CHECK(keys.weights != blind.weights);  // and get nothing of the weights
    // Sealed: who has the owner's key alone can neither tag a frame nor read the program.
    CHECK(frame_keys(a, near, id, Policy::kSealed).program != sealed.program);
    CHECK(frame_keys(a, near, id, Policy::kSealed).mac != sealed.mac);
  }
  CHECK(frame_keys(other, p, id, Policy::kBlind).mac != blind.mac);
  CHECK(key_encryption_key(a, id, Policy::kSealed) != key_encryption_key(a, id, Policy::kBlind));
}
