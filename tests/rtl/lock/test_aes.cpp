// SPDX-License-Identifier: Apache-2.0
/// aes256, both kinds: the S-box exhaustively, FIPS 197 C.3, SP 800-38A F.5.5, random blocks with
/// random pauses against OpenSSL, throughput, clearing.
#include <VAesFast.h>
#include <VAesIterative.h>
#include <VAesSboxBench.h>

#include <catch2/catch.hpp>
#include <type_traits>

#include "clocked.hpp"
#include "reference.hpp"

using namespace keyway::lock_bench;

namespace {

struct Request {
  unsigned slot;
  Bytes block;
};

template <class Model>
class Cipher : public Clocked<Model> {
 public:
  void load(unsigned slot, const Bytes& key) {
    auto& model = *this;
    model->key_valid_i = 1;
    model->key_slot_i = static_cast<CData>(slot & 3);
    write_port(model->key_i, key);
    model.settle();
    while (!model->key_ready_o) model.tick();
    model.tick();
    model->key_valid_i = 0;
    model.settle();
    while (!model->key_ready_o) model.tick();
  }

  /// Encrypts all; each side pauses in a cycle with the given probability.
  std::vector<Bytes> encrypt(const std::vector<Request>& requests, Random& random, double pause) {
    auto& model = *this;
    std::bernoulli_distribution pauses(pause);
    std::vector<Bytes> results;
    std::size_t next = 0;
    bool offered = false;
    const auto limit = model.cycles() + 2000 + 100 * requests.size();
    while (results.size() < requests.size()) {
      REQUIRE(model.cycles() < limit);
      if (!offered && next < requests.size() && !pauses(random)) {
        offered = true;
        model->block_slot_i = static_cast<CData>(requests[next].slot & 3);
        write_port(model->block_i, requests[next].block);
      }
      model->block_valid_i = offered;
      model->result_ready_i = !pauses(random);
      model->clk_i = 0;
      model.settle();
      if (model->result_valid_o && model->result_ready_i)
        results.push_back(read_port(model->result_o));
      if (offered && model->block_ready_o) {
        offered = false;
        next++;
      }
      model.tick();
    }
    model->block_valid_i = 0;
    model->result_ready_i = 0;
    return results;
  }
};

std::uint8_t inverse(std::uint8_t a) {
  const auto product = [](unsigned x, unsigned y) {
    unsigned sum = 0;
    for (; y; y >>= 1, x = (x << 1) ^ (x & 0x80 ? 0x11b : 0)) sum ^= y & 1 ? x : 0;
    return static_cast<std::uint8_t>(sum);
  };
  for (unsigned b = 0; b < 256; b++) {
    if (product(a, b) == 1) return static_cast<std::uint8_t>(b);
  }
  return 0;
}

}  // namespace

TEST_CASE("The S-box is FIPS 197's for all 256 values") {
  VAesSboxBench box;
  for (unsigned a = 0; a < 256; a++) {
    box.a_i = static_cast<CData>(a);
    box.eval();
    // Section 5.1.1 bit by bit: b(i) + b(i+4) + b(i+5) + b(i+6) + b(i+7) + c(i).
    const unsigned b = inverse(static_cast<std::uint8_t>(a));
    unsigned expected = 0x63;
    for (unsigned i = 0; i < 8; i++) {
      for (const unsigned j : {0U, 4U, 5U, 6U, 7U}) expected ^= (b >> ((i + j) % 8) & 1) << i;
    }
    INFO("a = " << a);
    REQUIRE(unsigned{box.s_o} == expected);
  }
}

TEMPLATE_TEST_CASE("FIPS 197 C.3: AES-256", "", VAesFast, VAesIterative) {
  Cipher<TestType> cipher;
  Random random(1);
  const auto key = from_hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
  const auto plain = from_hex("00112233445566778899aabbccddeeff");
  for (const unsigned slot : {0U, 1U, 2U}) {
    cipher.load(slot, key);
    const auto result = cipher.encrypt({{slot, plain}}, random, 0.0);
    CHECK(to_hex(result[0]) == "8ea2b7ca516745bfeafc49904b496089");
  }
}

TEMPLATE_TEST_CASE("SP 800-38A F.5.5: CTR-AES256", "", VAesFast, VAesIterative) {
  Cipher<TestType> cipher;
  Random random(1);
  cipher.load(1, from_hex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"));
  std::vector<Request> requests;
  for (const auto* low : {"fcfdfeff", "fcfdff00", "fcfdff01", "fcfdff02"}) {
    requests.push_back({1, from_hex("f0f1f2f3f4f5f6f7f8f9fafb" + std::string(low))});
  }
  const auto stream = cipher.encrypt(requests, random, 0.0);
  CHECK(to_hex(stream[0] ^ from_hex("6bc1bee22e409f96e93d7e117393172a")) ==
        "601ec313775789a5b7a7f504bbf3d228");
  CHECK(to_hex(stream[1] ^ from_hex("ae2d8a571e03ac9c9eb76fac45af8e51")) ==
        "f443e3ca4d62b59aca84e990cacaf5c5");
  CHECK(to_hex(stream[2] ^ from_hex("30c81c46a35ce411e5fbc1191a0a52ef")) ==
        "2b0930daa23de94ce87017ba2d84988d");
  CHECK(to_hex(stream[3] ^ from_hex("f69f2445df4f9b17ad2b417be66c3710")) ==
        "dfc9c58db67aada613c2dd08457941a6");
}

TEMPLATE_TEST_CASE("AES against OpenSSL: random keys, slots, blocks and pauses", "", VAesFast,
                   VAesIterative) {
  for (std::uint64_t seed = 1; seed <= 20; seed++) {
    CAPTURE(seed);
    Random random(seed);
    Cipher<TestType> cipher;
    std::vector<Bytes> keys;
    for (unsigned slot = 0; slot < 3; slot++) {
      keys.push_back(random_bytes(random, 32));
      cipher.load(slot, keys.back());
    }
    std::vector<Request> requests;
    for (int i = 0; i < 200; i++)
      requests.push_back({static_cast<unsigned>(random() % 3), random_bytes(random, 16)});
    const double pause = seed % 4 == 0 ? 0.0 : 0.2 * static_cast<double>(seed % 4);
    const auto results = cipher.encrypt(requests, random, pause);
    for (std::size_t i = 0; i < requests.size(); i++) {
      INFO("block " << i << ", slot " << requests[i].slot);
      REQUIRE(to_hex(results[i]) == to_hex(aes256(keys[requests[i].slot], requests[i].block)));
    }
  }
}

TEMPLATE_TEST_CASE("Blocks per cycle", "", VAesFast, VAesIterative) {
  constexpr bool fast = std::is_same<TestType, VAesFast>::value;
  Random random(3);
  Cipher<TestType> cipher;
  cipher.load(0, random_bytes(random, 32));
  const auto start = cipher.cycles();
  cipher.encrypt(std::vector<Request>(1000, Request{0, Bytes(16)}), random, 0.0);
  const auto cycles = cipher.cycles() - start;
  CAPTURE(cycles);
  CHECK(cycles >= (fast ? 1014 : 16000));
  CHECK(cycles <= (fast ? 1020 : 16020));
}

TEMPLATE_TEST_CASE("clear_i forgets keys and blocks", "", VAesFast, VAesIterative) {
  Random random(4);
  Cipher<TestType> cipher;
  for (unsigned slot = 0; slot < 3; slot++) cipher.load(slot, random_bytes(random, 32));
  cipher->block_valid_i = 1;
  for (int i = 0; i < 40; i++) cipher.tick();
  cipher->block_valid_i = 0;
  cipher->clear_i = 1;
  cipher.tick();
  cipher->clear_i = 0;
  cipher.settle();
  CHECK(cipher->result_valid_o == 0);
  CHECK(to_hex(read_port(cipher->result_o)) == std::string(32, '0'));
  // Without keys every round key is zero: the state is round after round of unkeyed AES, for every
  // slot the same.
  const auto block = random_bytes(random, 16);
  const auto results = cipher.encrypt({{0, block}, {1, block}, {2, block}}, random, 0.0);
  CHECK(results[0] == results[1]);
  CHECK(results[0] == results[2]);
}
