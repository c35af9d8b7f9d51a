// SPDX-License-Identifier: Apache-2.0
// From a network to a locked package: the same function as the plain program's, under codes and
// padding that are new every time.
#include <catch2/catch.hpp>
#include <random>

#include "common/error.hpp"
#include "compile/compile.hpp"
#include "lock/licence.hpp"
#include "lock/lock_network.hpp"
#include "lock/package.hpp"
#include "random_network.hpp"
#include "simulate/simulator.hpp"
#include "systems_on.hpp"

using namespace keyway;
using Bytes = std::vector<uint8_t>;

namespace {

const program::CoreConfig kCore = program::core_from_name("8x8");

/// The first random network of that number system whose tiles have padding.
quantise::Network network_of(arith::NumberSystem system) {
  for (uint64_t seed = 1;; ++seed) {
    REQUIRE(seed < 1000);
    auto network = test::random_network(seed, {kCore.array_kind});
    if (network.number_system != system) continue;
    const quantise::Layer& first = network.layers.front();
    const auto channels = network.tensors[static_cast<size_t>(first.output)].shape.channels;
    if (!first.codes.empty() && channels % kCore.lanes != 0) return network;
  }
}

/// The output tensor that images in weight memory give; lanes that pad its words mean nothing.
Bytes run(const program::Program& described, const Bytes& program, const Bytes& weights,
          const Bytes& input) {
  const Bytes image = simulate::ProgramSimulator(kCore, program, weights).run(input);
  return program::scatter_output(described.output_image, described.output.shape, image.data());
}

}  // namespace

TEST_CASE("a locked network opens on its device and computes what the plain one does") {
  const lock::Owner owner = lock::new_owner();
  lock::Device device = lock::new_device(1, "test");
  device.owner_key = lock::owner_key(owner.root);
  const lock::Enrolment record{device.id, device.device_class,
                               lock::enrolment_record(lock::boot(device, 0), *device.owner_key),
                               lock::owner_fingerprint(*device.owner_key)};
  std::mt19937_64 random(1);
  for (const auto& system : test::systems_on(kCore.array_kind)) {
    for (const auto policy : {lock::Policy::kSealed, lock::Policy::kBlind}) {
      CAPTURE(system.name, static_cast<int>(policy));
      const auto network = network_of(system.system);
      const auto plain = compile::compile(network, kCore);
      const auto locked = lock::lock_network(network, owner, {kCore, policy});
      const auto view = lock::parse_package(locked.package, "package");
      CHECK(view.header.policy == policy);
      CHECK(lock::describe(view, "package").macs == plain.macs);
      const lock::Images images =
          lock::open_package(view, lock::make_licence(view, owner, record), device);
      const Shape& shape = plain.input.shape;
      const Bytes input = program::gather_input(
          plain.input_image, shape,
          test::random_bytes(random, static_cast<size_t>(shape.elements())).data());
      const Bytes expected = run(plain, plain.program_image, plain.weight_image, input);
      CHECK(run(locked.program, images.program, images.weights, input) == expected);
      CHECK(run(locked.program, locked.program.program_image, locked.program.weight_image, input) ==
            expected);
    }
  }
}

TEST_CASE("every lock of a network with tables has codes of its own") {
  const auto network = network_of(arith::NumberSystem::kQf8);
  const lock::Owner owner = lock::new_owner();
  const auto plain = compile::compile(network, kCore);
  const auto a = lock::lock_network(network, owner, {kCore});
  const auto b = lock::lock_network(network, owner, {kCore});
  // Two independent labellings agree in one byte of 256 on average.
  const auto equal_bytes = [](const Bytes& x, const Bytes& y) {
    REQUIRE(x.size() == y.size());
    size_t equal = 0;
    for (size_t i = 0; i < x.size(); ++i) equal += x[i] == y[i] ? 1 : 0;
    return equal;
  };
  const size_t most = plain.weight_image.size() / 20;
  CHECK(equal_bytes(a.program.weight_image, b.program.weight_image) < most);
  CHECK(equal_bytes(a.program.weight_image, plain.weight_image) < most);
  CHECK(a.program.program_image != b.program.program_image);  // the tables
}

TEST_CASE("what pads the tiles of a locked network is new every time, in plain ones the same") {
  const auto network = network_of(arith::NumberSystem::kInt8);
  const lock::Owner owner = lock::new_owner();
  const auto plain = compile::compile(network, kCore), again = compile::compile(network, kCore);
  const auto a = lock::lock_network(network, owner, {kCore});
  const auto b = lock::lock_network(network, owner, {kCore});
  CHECK(plain.weight_image == again.weight_image);
  CHECK(a.program.weight_image != plain.weight_image);
  CHECK(a.program.weight_image != b.program.weight_image);
  CHECK(a.package != b.package);
}

TEST_CASE("a lock without a lock's policy is a mistake of the caller") {
  try {
    lock::lock_network(network_of(arith::NumberSystem::kInt8), lock::new_owner(),
                       {kCore, lock::Policy::kPlain});
    FAIL("locked");
  } catch (const Error& e) {
    CHECK(e.kind() == ErrorKind::kUsage);
  }
}
