// SPDX-License-Identifier: Apache-2.0
// Secrets do not outlive their use: not in the objects that held them, not in memory that the lock
// library gives back. Every block that this program frees is searched for the keys at stake.
#include <malloc.h>
#include <openssl/crypto.h>
#include <sys/stat.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <cstring>
#include <new>

#include "common/file.hpp"
#include "lock/keys.hpp"
#include "lock/licence.hpp"
#include "lock/package.hpp"
#include "lock/parties.hpp"
#include "lock/sample.hpp"
#include "lock/seal.hpp"
#include "lock/secret.hpp"
#include "temporary_folder.hpp"

using namespace keyway;
using namespace keyway::lock;

namespace {

constexpr size_t kMaxNeedles = 16, kNeedle = 16;  // half a key, or 8 bytes of it as hexadecimal

/// What freed memory must not hold. Does not allocate: it is used where memory is freed.
struct Watch {
  uint8_t needles[kMaxNeedles][kNeedle];
  size_t count = 0, found = 0, searched = 0;

  void search(const void* block) {
    if (block == nullptr || count == 0) return;
    ++searched;
    const size_t size = malloc_usable_size(const_cast<void*>(block));
    for (size_t i = 0; i < count; ++i) {
      found += memmem(block, size, needles[i], kNeedle) != nullptr;
    }
  }
  void add(const void* bytes) { std::memcpy(needles[count++], bytes, kNeedle); }
} watch;

void free_searched(void* block) {
  watch.search(block);
  std::free(block);
}
void* openssl_malloc(size_t size, const char*, int) { return std::malloc(size); }
void* openssl_realloc(void* block, size_t size, const char*, int) {
  return std::realloc(block, size);
}
void openssl_free(void* block, const char*, int) { free_searched(block); }

const bool openssl_is_watched =
    CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free) == 1;

void look_for(const Key& key) {
  watch.add(key.data());
  std::string hex = to_hex(key);
  watch.add(hex.data());
  wipe(hex.data(), hex.size());
}

template <typename T>
bool all_zero(const T& bytes) {
  return std::all_of(std::begin(bytes), std::end(bytes), [](auto byte) { return byte == 0; });
}

}  // namespace

void* operator new(size_t size) {
  if (void* block = std::malloc(size)) return block;
  throw std::bad_alloc();
}
void operator delete(void* block) noexcept { free_searched(block); }
void operator delete(void* block, size_t) noexcept { free_searched(block); }

TEST_CASE("a secret's storage is overwritten when it ends, a copy's too") {
  alignas(Key) unsigned char storage[2][sizeof(Key)];
  Key* key = new (storage[0]) Key(Key::random());
  Key* copy = new (storage[1]) Key(*key);
  REQUIRE(*key == *copy);
  REQUIRE_FALSE(all_zero(storage[1]));
  key->~Key();
  CHECK(all_zero(storage[0]));
  CHECK_FALSE(all_zero(storage[1]));
  copy->~Key();
  CHECK(all_zero(storage[1]));

  alignas(Owner) unsigned char party[sizeof(Owner)];
  Owner* owner = new (party) Owner(new_owner());
  owner->~Owner();
  CHECK(all_zero(party));
}

TEST_CASE("the search finds a key in memory that is given back") {
  REQUIRE(openssl_is_watched);
  const Key key = Key::random();
  watch = {};
  look_for(key);
  { const std::vector<uint8_t> careless(key.begin(), key.end()); }
  CHECK(watch.found == 1);
  { const std::string careless = to_hex(key); }
  CHECK(watch.found == 2);
  watch = {};
}

TEST_CASE("no key stays in memory that the owner's work has given back") {
  const test::TemporaryFolder folder;
  const std::string owner_file = folder.file("o.kwo"), device_file = folder.file("d.kwd"),
                    record_file = folder.file("d.kwe");
  const auto program = test::sample_program();
  {
    const Owner owner = new_owner();
    const Device device = new_device(1, "c");
    const Key a = owner_key(owner.root), d = enrolment_record(boot(device, 0), a);
    watch = {};
    for (const Key& key : {owner.root, device.fuse, a, d}) look_for(key);

    write_owner(owner, owner_file);
    write_device(device, device_file);
    enrol(device_file, read_owner(owner_file), record_file);
    enrol(device_file, read_owner(owner_file), record_file);
    const Bytes16 id = random_bytes<Bytes16>();
    look_for(package_key(owner.root, id));
    const FrameKeys keys = frame_keys(a, package_key(owner.root, id), id, Policy::kSealed);
    for (const Key& key : {keys.mac, keys.program, keys.weights}) watch.add(key.data());
    { const FrameKeys again = frame_keys(a, package_key(owner.root, id), id, Policy::kSealed); }

    const auto bytes = seal_program(program, Policy::kSealed, read_owner(owner_file));
    const PackageView package = parse_package(bytes, "p");
    look_for(package_key(owner.root, package.header.id));
    const auto licence = make_licence(package, read_owner(owner_file), read_enrolment(record_file));
    open_package(package, licence, read_device(device_file));

    // Out of a pipe, as `--owner <(gpg -d owner.kwo.gpg)` gives them.
    const std::string pipe = folder.file("pipe");
    REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
    const std::string command = "cat '" + device_file + "' > '" + pipe + "' &";
    REQUIRE(std::system(command.c_str()) == 0);
    CHECK(read_device(pipe).fuse == device.fuse);
  }
  CHECK(watch.searched > 100);
  CHECK(watch.found == 0);
  watch = {};

  struct stat status {};
  for (const std::string& file : {owner_file, device_file, record_file}) {
    REQUIRE(stat(file.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777U) == 0600U);
  }
}
