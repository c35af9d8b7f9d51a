// SPDX-License-Identifier: Apache-2.0
/// ghash, both kinds: the GHASH values that McGrew and Viega's GCM paper (appendix B) prints, and
/// random data against OpenSSL's GMAC, of which GHASH is AES(K, IV || 1) short.
#include <VGhashParallel.h>
#include <VGhashSerial.h>

#include <catch2/catch.hpp>

#include "clocked.hpp"
#include "reference.hpp"

using namespace keyway::lock_bench;

namespace {

template <class Model>
class Hash : public Clocked<Model> {
 public:
  void load(const Bytes& key) {
    auto& model = *this;
    write_port(model->key_i, key);
    model->key_valid_i = 1;
    model.tick();
    model->key_valid_i = 0;
  }

  Bytes hash(const Bytes& blocks, Random& random, double pause) {
    auto& model = *this;
    std::bernoulli_distribution pauses(pause);
    for (std::size_t offset = 0; offset < blocks.size(); offset += 16) {
      while (pauses(random)) model.tick();
      const auto first = blocks.begin() + static_cast<std::ptrdiff_t>(offset);
      write_port(model->block_i, Bytes(first, first + 16));
      model->block_valid_i = 1;
      model->block_first_i = offset == 0;
      model->block_last_i = offset + 16 == blocks.size();
      model.settle();
      while (!model->block_ready_o) {
        REQUIRE(!model->digest_valid_o);
        model.tick();
      }
      model.tick();
      model->block_valid_i = 0;
    }
    model.settle();
    for (int wait = 0; !model->digest_valid_o; wait++) {
      REQUIRE(wait < 200);
      model.tick();
    }
    return reverse_bits(read_port(model->digest_o));
  }
};

}  // namespace

TEMPLATE_TEST_CASE("GHASH values of the GCM specification", "", VGhashParallel, VGhashSerial) {
  Random random(1);
  Hash<TestType> hash;
  // Test case 2: AES-128, zero key, one block of ciphertext.
  hash.load(from_hex("66e94bd4ef8a2c3b884cfa59ca342b2e"));
  CHECK(
      to_hex(hash.hash(from_hex("0388dace60b6a392f328c2b971b2fe7800000000000000000000000000000080"),
                       random, 0)) == "f38cbb1ad69223dcc3457ae5b6b0f885");
  // Test case 4: associated data and ciphertext, both padded.
  hash.load(from_hex("b83b533708bf535d0aa6e52980d53b78"));
  CHECK(to_hex(hash.hash(from_hex("feedfacedeadbeeffeedfacedeadbeefabaddad2000000000000000000000000"
                                  "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
                                  "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e09100000000"
                                  "00000000000000a000000000000001e0"),
                         random, 0)) == "698e57f70e6ecc7fd9463b7260a9ae5f");
  // Test case 14: AES-256, zero key.
  hash.load(from_hex("dc95c078a2408989ad48a21492842087"));
  CHECK(
      to_hex(hash.hash(from_hex("cea7403d4d606b6e074ec5d3baf39d1800000000000000000000000000000080"),
                       random, 0)) == "83de425c5edc5d498f382c441041ca92");
}

TEMPLATE_TEST_CASE("GMAC with AES-256: a vector of NIST's validation system", "", VGhashParallel,
                   VGhashSerial) {
  // gcmEncryptExtIV256.rsp: 96-bit IV, no plaintext, 128 bits of associated data.
  const auto key = from_hex("78dc4e0aaf52d935c3c01eea57428f00ca1fd475f5da86a49c8dd73d68c8e223");
  const auto iv = from_hex("d79cf22d504cc793c3fb6c8a");
  const auto data = from_hex("b96baa8c1c75a671bfb2d08d06be5f36");
  const auto* tag = "3e5d486aa2e30b22e040b85723a06e76";
  CHECK(to_hex(gmac(key, iv, data)) == tag);
  Random random(1);
  Hash<TestType> hash;
  hash.load(aes256(key, Bytes(16)));
  const auto length = from_hex("00000000000000800000000000000000");
  const auto mask = aes256(key, iv + Bytes{0, 0, 0, 1});
  CHECK(to_hex(hash.hash(data + length, random, 0) ^ mask) == tag);
}

TEMPLATE_TEST_CASE("GHASH against OpenSSL's GMAC", "", VGhashParallel, VGhashSerial) {
  for (std::uint64_t seed = 1; seed <= 60; seed++) {
    CAPTURE(seed);
    Random random(seed);
    Hash<TestType> hash;
    const auto key = random_bytes(random, 32);
    const auto iv = random_bytes(random, 12);
    const auto data = random_bytes(random, 16 * (1 + random() % 40));
    hash.load(aes256(key, Bytes(16)));
    Bytes length(16);
    length[7] = static_cast<std::uint8_t>(data.size() * 8);
    length[6] = static_cast<std::uint8_t>(data.size() * 8 >> 8);
    const auto expected = gmac(key, iv, data) ^ aes256(key, iv + Bytes{0, 0, 0, 1});
    for (const double pause : {0.0, 0.5})
      REQUIRE(to_hex(hash.hash(data + length, random, pause)) == to_hex(expected));
  }
}

TEST_CASE("blocks come every cycle, messages of any length without a gap between them") {
  Random random(7);
  Hash<VGhashParallel> alone, together;
  const auto key = random_bytes(random, 16);
  alone.load(key);
  together.load(key);
  std::vector<Bytes> messages, digests;
  for (std::size_t blocks : {1, 1, 2, 1, 3, 4, 1, 5, 2, 2, 7}) {
    messages.push_back(random_bytes(random, 16 * blocks));
    digests.push_back(alone.hash(messages.back(), random, 0.5));
  }
  together.tick();
  std::size_t seen = 0;
  const auto look = [&] {
    together.settle();
    if (!together->digest_valid_o) return;
    REQUIRE(seen < digests.size());
    CHECK(to_hex(reverse_bits(read_port(together->digest_o))) == to_hex(digests[seen++]));
  };
  for (const auto& message : messages) {
    for (std::size_t offset = 0; offset < message.size(); offset += 16) {
      const auto first = message.begin() + static_cast<std::ptrdiff_t>(offset);
      write_port(together->block_i, Bytes(first, first + 16));
      together->block_valid_i = 1;
      together->block_first_i = offset == 0;
      together->block_last_i = offset + 16 == message.size();
      look();
      REQUIRE(together->block_ready_o);
      together.tick();
    }
  }
  together->block_valid_i = 0;
  for (int cycle = 0; cycle < 4; cycle++) {
    look();
    together.tick();
  }
  CHECK(seen == digests.size());
}

TEMPLATE_TEST_CASE("clear_i forgets H", "", VGhashParallel, VGhashSerial) {
  Random random(5);
  Hash<TestType> hash;
  hash.load(random_bytes(random, 16));
  REQUIRE(hash.hash(random_bytes(random, 64), random, 0) != Bytes(16));
  hash->clear_i = 1;
  hash.tick();
  hash->clear_i = 0;
  CHECK(hash.hash(random_bytes(random, 64), random, 0) == Bytes(16));
}
