// SPDX-License-Identifier: Apache-2.0
/// sha256 on NIST's examples, the standard's padding made here, and kdf (with its own padding)
/// against OpenSSL for every message length that it takes.
#include <VKdf.h>
#include <VSha256.h>

#include <catch2/catch.hpp>

#include "clocked.hpp"
#include "reference.hpp"

using namespace keyway::lock_bench;

namespace {

Bytes padded(Bytes message) {
  const std::uint64_t bits = message.size() * 8;
  message.push_back(0x80);
  while (message.size() % 64 != 56) message.push_back(0);
  for (int shift = 56; shift >= 0; shift -= 8)
    message.push_back(static_cast<std::uint8_t>(bits >> shift));
  return message;
}

std::uint32_t word(const Bytes& bytes, std::size_t offset) {
  std::uint32_t value;
  std::memcpy(&value, &bytes[offset], sizeof(value));
  return value;
}

Bytes hash(Clocked<VSha256>& sha, const Bytes& message) {
  const auto blocks = padded(message);
  for (std::size_t offset = 0; offset < blocks.size(); offset += 4) {
    sha->word_i = word(blocks, offset);
    sha->word_valid_i = 1;
    sha->first_i = offset < 64;
    sha.settle();
    for (int wait = 0; !sha->word_ready_o; wait++) {
      REQUIRE(wait < 100);
      sha.tick();
    }
    sha.tick();
  }
  sha->word_valid_i = 0;
  sha.settle();
  for (int wait = 0; !sha->block_done_o; wait++) {
    REQUIRE(wait < 100);
    sha.tick();
  }
  return read_port(sha->digest_o);
}

Bytes text(const std::string& string) { return {string.begin(), string.end()}; }

Bytes derive(Clocked<VKdf>& kdf, const Bytes& message, Random& random, double pause) {
  std::bernoulli_distribution pauses(pause);
  for (std::size_t offset = 0; offset < message.size(); offset += 4) {
    while (pauses(random)) kdf.tick();
    kdf->word_i = word(message, offset);
    kdf->word_valid_i = 1;
    kdf->word_last_i = offset + 4 == message.size();
    kdf.settle();
    for (int wait = 0; !kdf->word_ready_o; wait++) {
      REQUIRE(wait < 100);
      kdf.tick();
    }
    kdf.tick();
    kdf->word_valid_i = 0;
  }
  kdf.settle();
  Bytes sums(32);  // word by word, the last one first
  std::size_t left = 8;
  for (int wait = 0; !kdf->digest_valid_o; wait++) {
    REQUIRE(wait < 300);
    if (kdf->sum_valid_o) {
      REQUIRE(left > 0);
      const std::uint32_t sum = kdf->sum_o;
      std::memcpy(&sums[4 * --left], &sum, sizeof(sum));
    }
    kdf.tick();
  }
  const auto digest = read_port(kdf->digest_o);
  REQUIRE(left == 0);
  REQUIRE(to_hex(sums) == to_hex(digest));
  kdf.tick();
  return digest;
}

}  // namespace

TEST_CASE("SHA-256: NIST's examples") {
  Clocked<VSha256> sha;
  CHECK(to_hex(hash(sha, text("abc"))) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(to_hex(hash(sha, text("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))) ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(to_hex(hash(sha, {})) ==
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(to_hex(hash(
            sha,
            text("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopq"
                 "klmnopqrlmnopqrsmnopqrstnopqrstu"))) ==
        "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
  CHECK(to_hex(hash(sha, Bytes(1000000, 'a'))) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("SHA-256 against OpenSSL for all lengths to 200 bytes") {
  Clocked<VSha256> sha;
  for (std::size_t length = 0; length <= 200; length++) {
    Random random(length);
    const auto message = random_bytes(random, length);
    INFO("seed and length " << length);
    REQUIRE(to_hex(hash(sha, message)) == to_hex(sha256(message)));
  }
}

TEST_CASE("A block of SHA-256 takes 88 cycles") {
  Clocked<VSha256> sha;
  const auto start = sha.cycles();
  hash(sha, Bytes(64 * 99));
  CHECK(sha.cycles() - start == 88 * 100);
}

TEST_CASE("kdf pads messages of 1 to 15 units") {
  Clocked<VKdf> kdf;
  for (std::size_t units = 1; units <= 15; units++) {
    Random random(units);
    const auto message = random_bytes(random, 16 * units);
    INFO("seed and units " << units);
    for (const double pause : {0.0, 0.5}) {
      REQUIRE(to_hex(derive(kdf, message, random, pause)) == to_hex(sha256(message)));
    }
  }
}

TEST_CASE("clear_i forgets a hash under way") {
  Clocked<VKdf> kdf;
  Random random(9);
  const auto message = random_bytes(random, 80);
  kdf->word_valid_i = 1;
  kdf->word_last_i = 0;
  for (int cycle = 0; cycle < 110; cycle++) kdf.tick();
  kdf->word_valid_i = 0;
  kdf->clear_i = 1;
  kdf.tick();
  kdf->clear_i = 0;
  kdf.settle();
  CHECK(read_port(kdf->digest_o) == Bytes(32));
  CHECK(to_hex(derive(kdf, message, random, 0.0)) == to_hex(sha256(message)));
}
