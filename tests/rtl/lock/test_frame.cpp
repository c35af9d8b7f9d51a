// SPDX-License-Identifier: Apache-2.0
/// What lock_unit says of frames: right ones in any rhythm, wrong ones of every sort, plain ones,
/// and how many cycles they take.
#include <VLockFast.h>
#include <VLockIterative.h>

#include <algorithm>
#include <cstdio>
#include <type_traits>

#include "lock_bench.hpp"

using namespace keyway::lock_bench;

namespace {

template <class Model>
struct OpenLock : LockBench<Model> {
  explicit OpenLock(const World& world) : LockBench<Model>(world.device) {
    REQUIRE(this->open(world.package.header.bytes, world.licence).status == kOk);
  }
};

template <class Model>
constexpr bool kFast = std::is_same<Model, VLockFast>::value;

}  // namespace

TEMPLATE_TEST_CASE("Frames in any rhythm give their payload", "", VLockFast, VLockIterative) {
  for (std::uint64_t seed = 1; seed <= 12; seed++) {
    const double pause = 0.3 * static_cast<double>(seed % 4);
    CAPTURE(seed, pause);
    World world(seed, seed % 2 ? Policy::kSealed : Policy::kBlind, 1 + seed % 3);
    OpenLock<TestType> lock(world);
    // The header, all frames, and some again, in any order.
    std::vector<Frame> frames{world.package.header};
    std::vector<Bytes> payloads{{}};
    for (int i = 0; i < 12; i++) {
      const std::size_t k = i < 5 ? static_cast<std::size_t>(i) : world.random() % 6;
      frames.push_back(k == 5 ? world.package.header : world.package.frames[k]);
      payloads.push_back(k == 5 ? Bytes{} : world.package.payloads[k]);
    }
    const auto passed = lock.pass(frames, world.random, pause);
    for (std::size_t i = 0; i < frames.size(); i++) {
      CAPTURE(i);
      REQUIRE(passed.verdicts[i].ok);
      REQUIRE(passed.verdicts[i].payload == payloads[i]);
    }
  }
}

TEMPLATE_TEST_CASE("A frame verifies only as what it is", "", VLockFast, VLockIterative) {
  World world(30);
  OpenLock<TestType> lock(world);
  const auto& frames = world.package.frames;
  for (const auto& good : frames) REQUIRE(lock.pass(good).ok);

  auto swapped = frames[3];
  swapped.bytes = frames[4].bytes;
  CHECK(!lock.pass(swapped).ok);
  for (unsigned bit = 0; bit < 32; bit++) {
    auto frame = frames[2];
    frame.index ^= 1U << bit;
    CHECK(!lock.pass(frame).ok);
    frame = frames[2];
    frame.total ^= 1U << bit;
    CHECK(!lock.pass(frame).ok);
  }
  auto frame = frames[1];
  frame.kind = Kind::kWeights;
  CHECK(!lock.pass(frame).ok);
  frame = frames[2];
  frame.kind = Kind::kProgram;
  CHECK(!lock.pass(frame).ok);
  frame.kind = Kind::kHeader;
  CHECK(!lock.pass(frame).ok);
  // The tag of one frame over another's payload.
  frame = frames[3];
  std::copy(frames[4].bytes.end() - 16, frames[4].bytes.end(), frame.bytes.end() - 16);
  CHECK(!lock.pass(frame).ok);
  // A frame of another package of the same owner.
  const auto other = world.owner.new_package(world.random, Policy::kSealed, 1, 2, 3);
  CHECK(!lock.pass(other.frames[3]).ok);
  // A bad frame does not spoil its neighbours.
  const auto passed =
      lock.pass({frames[2], swapped, frames[3], frame, frames[4]}, world.random, 0.0);
  for (std::size_t i = 0; i < 5; i++) CHECK(passed.verdicts[i].ok == (i % 2 == 0));
}

TEMPLATE_TEST_CASE("Every flipped bit of a frame is seen", "", VLockFast, VLockIterative) {
  World world(31);
  OpenLock<TestType> lock(world);
  // All bits of tag, first and last block; in the rest one bit of every byte (fast) or block.
  for (std::size_t bit = 0; bit < 8 * kPage;) {
    auto frame = world.package.frames[2];
    flip_bit(frame.bytes, bit);
    INFO("seed 31, bit " << bit);
    REQUIRE(!lock.pass(frame).ok);
    const bool dense = bit < 128 || bit >= 8 * (kPage - 32);
    bit += dense && kFast<TestType> ? 1
           : kFast<TestType>        ? 1 + world.random() % 15
                                    : 1 + world.random() % 250;
  }
}

TEMPLATE_TEST_CASE("A header verifies only whole, and only the one that was opened", "", VLockFast,
                   VLockIterative) {
  World world(32, Policy::kSealed, 2);
  OpenLock<TestType> lock(world);
  const auto& header = world.package.header;
  REQUIRE(lock.pass(header).ok);
  for (std::size_t bit = 0; bit < 8 * header.bytes.size();
       bit += 1 + world.random() % (bit < 1024 ? 3 : 997)) {
    auto flipped = header;
    flip_bit(flipped.bytes, bit);
    INFO("seed 32, bit " << bit);
    REQUIRE(!lock.pass(flipped).ok);
  }
  auto shorter = header;
  shorter.bytes.resize(kPage);
  CHECK(!lock.pass(shorter).ok);
  auto other_total = header;
  other_total.total++;
  CHECK(!lock.pass(other_total).ok);
  CHECK(lock.pass(header).ok);

  // The same package's header with another field and the owner's own tag: well made, but not the
  // header that the licence was compared with.
  for (const std::size_t byte : {0U, 9U, 40U, 88U, 100U, 127U}) {
    auto second = header;
    flip_bit(second.bytes, 8 * byte);
    seal_header(world.keys.mac, second.total, second.bytes);
    INFO("byte " << byte);
    CHECK(!lock.pass(second).ok);
    // Its verdict comes when the next frame has begun.
    const auto both = lock.pass({second, world.package.frames[0]}, world.random, 0.0).verdicts;
    CHECK(!both[0].ok);
    CHECK(both[1].ok);
  }
  CHECK(lock.pass(header).ok);
}

TEMPLATE_TEST_CASE("Plain frames pass unchanged, without keys and with", "", VLockFast,
                   VLockIterative) {
  for (const bool opened : {false, true}) {
    World world(33);
    LockBench<TestType> lock(world.device);
    if (opened) REQUIRE(lock.open(world.package.header.bytes, world.licence).status == kOk);
    std::vector<Frame> frames{world.package.header, world.package.frames[0],
                              world.package.frames[3]};
    for (auto& frame : frames) frame.plain = true;
    const auto passed = lock.pass(frames, world.random, 0.2);
    for (std::size_t i = 0; i < frames.size(); i++) {
      CAPTURE(opened, i);
      CHECK(passed.verdicts[i].ok);
      Bytes payload(frames[i].bytes.begin(), frames[i].bytes.end() - 16);
      if (i == 0) payload.clear();
      CHECK(passed.verdicts[i].payload == payload);
    }
  }
}

TEMPLATE_TEST_CASE("Locked frames without an open licence fail and give nothing", "", VLockFast,
                   VLockIterative) {
  World world(34);
  LockBench<TestType> lock(world.device);
  // Cleared keys are zeros, which everybody knows: frames made under them must not verify either.
  const auto zero = Bytes(32);
  const std::vector<Frame> frames{
      world.package.header, world.package.frames[0], world.package.frames[3],
      seal(zero, zero, Kind::kWeights, 3, 5, world.package.payloads[3])};
  const auto all_fail = [&](const char* when) {
    INFO(when);
    for (const auto& verdict : lock.pass(frames, world.random, 0.1).verdicts) {
      CHECK(!verdict.ok);
      CHECK(verdict.payload.empty());
    }
  };
  all_fail("after reset");
  REQUIRE(lock.open(world.package.header.bytes, world.licence).status == kOk);
  REQUIRE(lock.pass(frames[1]).ok);
  lock.clear();
  all_fail("after clear_i");
  REQUIRE(lock.open(world.package.header.bytes, world.licence).status == kOk);
  auto bad = world.licence;
  flip_bit(bad, 1000);
  REQUIRE(lock.open(world.package.header.bytes, bad).status == kLicenceRefused);
  all_fail("after a refused licence");
  REQUIRE(lock.open(world.package.header.bytes, world.licence).status == kOk);
  REQUIRE(lock.open(world.package.header.bytes, {}).status == kNoLicence);
  all_fail("after no licence");
}

TEMPLATE_TEST_CASE("clear_i in the middle of anything leaves a usable lock", "", VLockFast,
                   VLockIterative) {
  for (std::uint64_t seed = 40; seed < 60; seed++) {
    CAPTURE(seed);
    World world(seed);
    LockBench<TestType> lock(world.device);
    lock.store(world.package.header.bytes, world.licence);
    lock->open_valid_i = 1;
    const auto stop = world.random() % 1100;
    for (std::uint64_t cycle = 0; cycle < stop && !lock->open_done_o; cycle++) lock.tick();
    lock->clear_i = 1;
    lock->open_valid_i = 0;
    lock.tick();
    lock->clear_i = 0;
    lock.settle();
    REQUIRE(lock->idle_o);
    REQUIRE(!lock.pass(world.package.frames[2]).ok);

    REQUIRE(lock.open(world.package.header.bytes, world.licence).status == kOk);
    // Frames under way: two are described, some beats of the first are in.
    lock->frame_kind_i = 2;
    lock->frame_index_i = 2;
    lock->total_frames_i = 5;
    lock->frame_beats_i = 256;
    lock->frame_valid_i = 1;
    lock->data_valid_i = 1;
    for (std::uint64_t cycle = world.random() % 300; cycle > 0; cycle--) lock.tick();
    lock->frame_valid_i = 0;
    lock->data_valid_i = 0;
    lock.clear();
    REQUIRE(lock->idle_o);
    REQUIRE(!lock->payload_valid_o);
    REQUIRE(!lock->frame_done_o);

    REQUIRE(lock.open(world.package.header.bytes, world.licence).status == kOk);
    const auto verdict = lock.pass(world.package.frames[2]);
    REQUIRE(verdict.ok);
    REQUIRE(verdict.payload == world.package.payloads[2]);
  }
}

TEMPLATE_TEST_CASE("Cycles per frame", "", VLockFast, VLockIterative) {
  World world(50, Policy::kSealed, 1, 8, 24);
  OpenLock<TestType> lock(world);
  const auto cycles = lock.pass(world.package.frames, world.random, 0.0).cycles;
  const auto header = lock.pass({world.package.header}, world.random, 0.0).cycles;
  auto plain = world.package.frames;
  for (auto& frame : plain) frame.plain = true;
  const auto plain_cycles = lock.pass(plain, world.random, 0.0).cycles;
  std::printf("lock_unit %s: 32 frames in %d cycles, plain in %d, a header page in %d\n",
              kFast<TestType> ? "fast" : "iterative", static_cast<int>(cycles),
              static_cast<int>(plain_cycles), static_cast<int>(header));
  CHECK(cycles >= 32 * (kFast<TestType> ? 256 : 4096));
  CHECK(cycles <= 32 * (kFast<TestType> ? 256 : 4352) + 40);
  CHECK(plain_cycles <= 32 * 256 + 10);
}
