// SPDX-License-Identifier: Apache-2.0
/// Which licences lock_unit opens, on which device, with which status, and how long it takes.
#include <VLockFast.h>
#include <VLockIterative.h>

#include <cstdio>
#include <set>

#include "lock_bench.hpp"

using namespace keyway::lock_bench;

namespace {

const auto kPolicies = {Policy::kSealed, Policy::kBlind};

}  // namespace

TEMPLATE_TEST_CASE("A licence opens its package on its device", "", VLockFast, VLockIterative) {
  for (const auto policy : kPolicies) {
    for (std::uint64_t seed = 1; seed <= 5; seed++) {
      CAPTURE(seed, static_cast<int>(policy));
      World world(seed, policy);
      LockBench<TestType> lock(world.device);
      REQUIRE(lock.open(world.package.header.bytes, world.licence).status == kOk);
      // Again, without a clear between.
      REQUIRE(lock.open(world.package.header.bytes, world.licence).status == kOk);
      const auto passed =
          lock.pass({world.package.header, world.package.frames[0], world.package.frames[2]},
                    world.random, 0.0);
      for (std::size_t i = 0; i < 3; i++) REQUIRE(passed.verdicts[i].ok);
      REQUIRE(passed.verdicts[0].payload.empty());
      REQUIRE(passed.verdicts[1].payload == world.package.payloads[0]);
      REQUIRE(passed.verdicts[2].payload == world.package.payloads[2]);
    }
  }
}

TEST_CASE("Every flipped bit of a licence is refused") {
  for (const auto policy : kPolicies) {
    World world(7, policy);
    LockBench<VLockFast> lock(world.device);
    for (std::size_t bit = 0; bit < 144 * 8; bit++) {
      auto licence = world.licence;
      flip_bit(licence, bit);
      INFO("seed 7, policy " << static_cast<int>(policy) << ", bit " << bit);
      REQUIRE(lock.open(world.package.header.bytes, licence).status == kLicenceRefused);
    }
    REQUIRE(lock.open(world.package.header.bytes, world.licence).status == kOk);
  }
}

TEST_CASE("A licence with the owner's tag, but not of this package, is refused") {
  for (const auto policy : kPolicies) {
    World world(12, policy);
    LockBench<VLockFast> lock(world.device);
    REQUIRE(tagged(world.owner, world.licence) == world.licence);
    for (std::size_t bit = 0; bit < 48 * 8; bit++) {  // magic, policy, zeros, id, header tag
      auto licence = world.licence;
      flip_bit(licence, bit);
      INFO("seed 12, policy " << static_cast<int>(policy) << ", bit " << bit);
      REQUIRE(lock.open(world.package.header.bytes, tagged(world.owner, licence)).status ==
              kLicenceRefused);
    }
    auto licence = world.licence;
    flip_bit(licence, 8 * 48);  // W: P becomes another one
    REQUIRE(lock.open(world.package.header.bytes, tagged(world.owner, licence)).status ==
            (policy == Policy::kSealed ? kWrongDevice : kOk));
  }
}

TEST_CASE("Every flipped bit of id, policy and tag in a header is refused") {
  for (const auto policy : kPolicies) {
    World world(8, policy);
    LockBench<VLockFast> lock(world.device);
    for (std::size_t byte = 0; byte < 128; byte++) {
      const bool bound = byte == 8 || (byte >= 16 && byte < 32) || (byte >= 64 && byte < 80);
      for (std::size_t bit = 8 * byte; bit < 8 * byte + (bound ? 8U : 1U); bit++) {
        auto header = world.package.header;
        flip_bit(header.bytes, bit);
        INFO("seed 8, policy " << static_cast<int>(policy) << ", bit " << bit);
        REQUIRE(lock.open(header.bytes, world.licence).status == (bound ? kLicenceRefused : kOk));
        // What the licence does not bind itself, the header's tag does.
        if (!bound) REQUIRE(!lock.pass(header).ok);
      }
    }
  }
}

TEST_CASE("Whose licence, which device: every refusal has its status") {
  for (const auto policy : kPolicies) {
    World world(9, policy);
    LockBench<VLockFast> lock(world.device);
    const auto& header = world.package.header.bytes;
    const Owner other_owner(world.random);
    const auto other_package = world.owner.new_package(world.random, policy, 1, 1, 1);
    CAPTURE(static_cast<int>(policy));

    CHECK(lock.open(header, {}).status == kNoLicence);
    CHECK(lock.open(header, world.owner.licence(other_package, world.device)).status ==
          kLicenceRefused);
    CHECK(lock.open(other_package.header.bytes, world.licence).status == kLicenceRefused);
    // Another owner's licence for this package's header and this chip's secret.
    auto foreign = world.device;
    foreign.owner_key = other_owner.owner_key;
    CHECK(lock.open(header, other_owner.licence(world.package, foreign)).status == kLicenceRefused);

    lock.insert({world.device.secret, world.device.owner_key, false});
    CHECK(lock.open(header, world.licence).status == kNotEnrolled);
    CHECK(lock.open(header, {}).status == kNoLicence);

    lock.insert(foreign);  // burned by another owner
    CHECK(lock.open(header, world.licence).status == kLicenceRefused);

    lock.insert(world.owner.new_device(world.random));  // another device of the same owner
    CHECK(lock.open(header, world.licence).status ==
          (policy == Policy::kSealed ? kWrongDevice : kOk));

    lock.insert(world.device);
    CHECK(lock.open(header, world.licence).status == kOk);
    // A whole licence of the owner's with another check value.
    const auto odd_check =
        world.owner.licence(world.package, world.device, random_bytes(world.random, 32));
    CHECK(lock.open(header, odd_check).status == (policy == Policy::kSealed ? kWrongDevice : kOk));
  }
}

TEST_CASE("No policy but sealed and blind opens") {
  for (const int policy : {0, 3, 5, 129, 255}) {
    World world(10, static_cast<Policy>(policy));
    LockBench<VLockFast> lock(world.device);
    CAPTURE(policy);
    CHECK(lock.open(world.package.header.bytes, world.licence).status == kLicenceRefused);
    CHECK(!lock.pass(world.package.header).ok);
  }
}

TEST_CASE("blind: another device decrypts the weights to something else and notices nothing") {
  World world(11, Policy::kBlind);
  LockBench<VLockFast> lock(world.owner.new_device(world.random));
  REQUIRE(lock.open(world.package.header.bytes, world.licence).status == kOk);
  const auto passed = lock.pass(
      {world.package.header, world.package.frames[0], world.package.frames[2]}, world.random, 0.0);
  for (const auto& verdict : passed.verdicts) CHECK(verdict.ok);
  CHECK(passed.verdicts[1].payload == world.package.payloads[0]);
  const auto difference = passed.verdicts[2].payload ^ world.package.payloads[2];
  std::size_t ones = 0;
  for (const auto byte : difference) ones += static_cast<std::size_t>(__builtin_popcount(byte));
  // 32640 bits, half of them different: 16320, standard deviation 90.
  CAPTURE(ones);
  CHECK(ones > 15800);
  CHECK(ones < 16840);
}

TEMPLATE_TEST_CASE("The cycles of an open depend on its status alone", "", VLockFast,
                   VLockIterative) {
  std::set<std::uint64_t> granted, refused;
  for (const auto policy : kPolicies) {
    for (std::uint64_t seed = 20; seed < 24; seed++) {
      World world(seed, policy);
      LockBench<TestType> lock(world.device);
      const auto& header = world.package.header.bytes;
      granted.insert(lock.open(header, world.licence).cycles);
      for (const std::size_t byte : {0U, 8U, 20U, 40U, 50U, 90U, 112U, 143U}) {
        auto licence = world.licence;
        flip_bit(licence, 8 * byte);
        refused.insert(lock.open(header, licence).cycles);
      }
      lock.insert(world.owner.new_device(world.random));
      (policy == Policy::kSealed ? refused : granted)
          .insert(lock.open(header, world.licence).cycles);
    }
  }
  REQUIRE(granted.size() == 1);
  REQUIRE(refused.size() == 1);
  std::printf("lock_unit: cycles of an open: %d granted, %d refused\n",
              static_cast<int>(*granted.begin()), static_cast<int>(*refused.begin()));
  CHECK(*granted.begin() < 1450);
  CHECK(*refused.begin() < *granted.begin());
}
