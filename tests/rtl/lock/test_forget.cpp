// SPDX-License-Identifier: Apache-2.0
/// Where secrets are and where they are not. The models of this test show every register and wire
/// of lock_unit (Verilator --public-flat-rw, read through VPI): it looks for every piece of eight
/// bytes of every secret in all of them.
///
///   keys in use             only u_unsealer's cipher holds keys, and only u_unsealer holds H;
///                           S, A, D, KEK and P are nowhere but on the pins
///   after clear_i, refusal  no secret is anywhere, every wide register is zero
///   at all times            no secret is on an output
#include <VLockOpen.h>
#include <VLockOpenIterative.h>

#include <algorithm>
#include <map>

#include "lock_bench.hpp"
#include "rtl/vpi_state.hpp"

using namespace keyway::lock_bench;
namespace test = keyway::test;

namespace {

template <class Model>
std::map<std::string, Bytes> variables(LockBench<Model>& lock) {
  return test::read_state(lock.context());
}

/// Everything that must not be seen, by name.
std::map<std::string, Bytes> secrets(const World& world) {
  const auto h = aes256(world.keys.mac, Bytes(16));
  return {{"S", world.device.secret},
          {"A", world.device.owner_key},
          {"D", world.keys.d},
          {"KEK", world.keys.kek},
          {"P", world.keys.p},
          {"Kmac", world.keys.mac},
          {"Kprog", world.keys.prog},
          {"Kweights", world.keys.weights},
          {"H", h},
          {"H as element", reverse_bits(h)}};
}

/// Does `bytes` hold eight consecutive bytes of `secret`?
bool holds(const Bytes& bytes, const Bytes& secret) {
  for (std::size_t k = 0; k + 8 <= secret.size(); k++) {
    const auto first = secret.begin() + static_cast<std::ptrdiff_t>(k);
    if (std::search(bytes.begin(), bytes.end(), first, first + 8) != bytes.end()) return true;
  }
  return false;
}

/// Path of variable -> name of a secret in it.
template <class Model>
std::map<std::string, std::string> findings(LockBench<Model>& lock, const World& world) {
  std::map<std::string, std::string> found;
  for (const auto& [path, bytes] : variables(lock)) {
    for (const auto& [name, secret] : secrets(world)) {
      if (holds(bytes, secret)) found[path] = name;
    }
  }
  return found;
}

template <class Model>
void no_secret_anywhere(LockBench<Model>& lock, const World& world) {
  for (const auto& [path, name] : findings(lock, world)) FAIL_CHECK(path << " holds " << name);
}

/// All registers but the queues of frame descriptors, whose pointers are among them.
template <class Model>
std::map<std::string, Bytes> registers(LockBench<Model>& lock) {
  std::map<std::string, Bytes> all;
  for (const auto& [path, bytes] : variables(lock)) {
    if (path.substr(path.size() - 2) == "_q" && path.find("frames_q") == std::string::npos) {
      all[path] = bytes;
    }
  }
  return all;
}

/// Everything wider than 64 bits that a clock edge writes.
template <class Model>
void wide_registers_are_zero(LockBench<Model>& lock) {
  std::size_t wide = 0;
  for (const auto& [path, bytes] : registers(lock)) {
    if (bytes.size() <= 8) continue;
    wide++;
    INFO(path);
    CHECK(to_hex(bytes) == std::string(2 * bytes.size(), '0'));
  }
  CHECK(wide > 10);
}

template <class Model>
constexpr std::size_t kKeyBytes = std::is_same<Model, VLockOpen>::value ? 15 * 3 * 16 : 3 * 32;

}  // namespace

TEMPLATE_TEST_CASE("While a licence is open only the unsealer holds keys", "", VLockOpen,
                   VLockOpenIterative) {
  World world(60);
  LockBench<TestType> lock(world.device);
  lock.settle();
  // The search can find: the pins show S and A.
  REQUIRE(findings(lock, world).at("TOP.lock_unit.secret_i") == "S");
  REQUIRE(lock.open(world.package.header.bytes, world.licence).status == kOk);
  lock.insert({Bytes(32), Bytes(32), false});
  lock.settle();
  for (int frames = 0; frames < 2; frames++) {
    bool mac = false, program = false, weights = false, hash = false;
    for (const auto& [path, name] : findings(lock, world)) {
      INFO(path << " holds " << name);
      const bool hash_key = name == "H as element" || name == "H";
      CHECK(path.find(hash_key ? "lock_unit.u_unsealer." : "lock_unit.u_unsealer.u_aes.") !=
            std::string::npos);
      mac |= name == "Kmac";
      program |= name == "Kprog";
      weights |= name == "Kweights";
      hash |= hash_key;
    }
    // One name a path: the pipelined cipher's first two stages hold halves of all three keys.
    CHECK((mac || program || weights));
    CHECK(hash);
    std::size_t key_bytes = 0;
    for (const auto& [path, bytes] : variables(lock)) {
      if (path.substr(path.size() - 5) == "key_q") key_bytes += bytes.size();
    }
    CHECK(key_bytes == kKeyBytes<TestType>);
    for (const auto& frame : world.package.frames) REQUIRE(lock.pass(frame).ok);
  }
}

TEMPLATE_TEST_CASE("clear_i forgets, whenever it comes", "", VLockOpen, VLockOpenIterative) {
  World world(61);
  LockBench<TestType> lock(world.device);
  const auto after_reset = registers(lock);
  const auto clear_and_look = [&](const std::string& when) {
    INFO(when);
    lock->open_valid_i = 0;
    lock->frame_valid_i = 0;
    lock->data_valid_i = 0;
    lock.insert({Bytes(32), Bytes(32), false});
    lock.clear();
    no_secret_anywhere(lock, world);
    wide_registers_are_zero(lock);
    for (const auto& [path, bytes] : registers(lock)) {
      INFO(path);
      CHECK(to_hex(bytes) == to_hex(after_reset.at(path)));
    }
    lock.insert(world.device);
  };
  REQUIRE(lock.open(world.package.header.bytes, world.licence).status == kOk);
  clear_and_look("after an open");
  REQUIRE(lock.open(world.package.header.bytes, world.licence).status == kOk);
  REQUIRE(lock.pass(world.package.header).ok);
  for (const auto& frame : world.package.frames) REQUIRE(lock.pass(frame).ok);
  clear_and_look("after frames");
  for (std::uint64_t stop = 1; stop < 1450; stop += 1 + world.random() % 25) {
    lock.store(world.package.header.bytes, world.licence);
    lock->open_valid_i = 1;
    lock.settle();
    for (std::uint64_t cycle = 0; cycle < stop && !lock->open_done_o; cycle++) lock.tick();
    clear_and_look("cycle " + std::to_string(stop) + " of an open");
  }
}

TEMPLATE_TEST_CASE("A refused open leaves nothing, and forgets the keys of the one before", "",
                   VLockOpen, VLockOpenIterative) {
  World world(62);
  const auto stranger = world.owner.new_device(world.random);
  LockBench<TestType> lock(world.device);
  auto flipped = world.licence;
  flip_bit(flipped, 900);
  struct Refusal {
    Device device;
    Bytes licence;
    int status;
  };
  const auto& key = world.device.owner_key;
  for (const auto& refusal :
       {Refusal{world.device, {}, kNoLicence},
        Refusal{{world.device.secret, key, false}, world.licence, kNotEnrolled},
        Refusal{world.device, flipped, kLicenceRefused},
        Refusal{stranger, world.licence, kWrongDevice}}) {
    CAPTURE(refusal.status);
    lock.insert(world.device);
    REQUIRE(lock.open(world.package.header.bytes, world.licence).status == kOk);
    lock.insert(refusal.device);
    REQUIRE(lock.open(world.package.header.bytes, refusal.licence).status == refusal.status);
    lock.insert({Bytes(32), Bytes(32), false});
    lock.settle();
    no_secret_anywhere(lock, world);
    wide_registers_are_zero(lock);
  }
}

TEMPLATE_TEST_CASE("No output shows a secret in any cycle", "", VLockOpen, VLockOpenIterative) {
  World world(63);
  LockBench<TestType> lock(world.device);
  // Outputs of a bit or a status cannot hold one; payload_o is the only wide one.
  const std::string top = "TOP.lock_unit.";
  for (const auto& [path, bytes] : variables(lock)) {
    const bool here =
        path.compare(0, top.size(), top) == 0 && path.find('.', top.size()) == std::string::npos;
    if (here && path.substr(path.size() - 2) == "_o")
      CHECK((bytes.size() <= 4 || path == top + "payload_o"));
  }
  const auto hidden = secrets(world);
  const auto look = [&] {
    for (const auto& [name, secret] : hidden) {
      if (holds(read_port(lock->payload_o), secret))
        FAIL("payload_o holds " << name << ", cycle " << lock.cycles());
    }
  };
  lock.store(world.package.header.bytes, world.licence);
  lock->open_valid_i = 1;
  for (lock.settle(); !lock->open_done_o; lock.tick()) look();
  lock.tick();
  lock->open_valid_i = 0;
  const auto& frame = world.package.frames[2];
  lock->frame_kind_i = 2;
  lock->frame_index_i = 2;
  lock->total_frames_i = 5;
  lock->frame_beats_i = 256;
  lock->frame_valid_i = 1;
  lock->data_valid_i = 1;
  Bytes payload;
  for (std::size_t beat = 0; !lock->frame_done_o;) {
    if (beat < 256) std::memcpy(lock->data_i.data(), &frame.bytes[16 * beat], 16);
    lock->data_valid_i = beat < 256;
    lock.settle();
    look();
    beat += lock->data_ready_o && lock->data_valid_i;
    if (lock->payload_valid_o) payload = payload + read_port(lock->payload_o);
    const bool taken = lock->frame_ready_o;
    lock.tick();
    if (taken) lock->frame_valid_i = 0;
  }
  REQUIRE(lock->frame_ok_o);
  REQUIRE(payload == world.package.payloads[2]);
}
