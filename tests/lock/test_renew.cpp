// SPDX-License-Identifier: Apache-2.0
// A package under another key: the same network, and nothing of the old rights.
#include <catch2/catch.hpp>

#include "common/error.hpp"
#include "lock/licence.hpp"
#include "lock/manifest.hpp"
#include "lock/renew.hpp"
#include "lock/sample.hpp"
#include "lock/seal.hpp"
#include "thrown.hpp"

using namespace keyway;
using namespace keyway::lock;
using Bytes = std::vector<uint8_t>;

TEST_CASE("a renewed package holds the same network under keys that no old licence opens") {
  const Owner owner = new_owner();
  Device device = new_device(1, "test");
  device.owner_key = owner_key(owner.root);
  const Enrolment record{device.id, device.device_class,
                         enrolment_record(boot(device, 0), *device.owner_key),
                         owner_fingerprint(*device.owner_key)};
  const auto program = test::sample_program();
  for (const Policy policy : {Policy::kSealed, Policy::kBlind}) {
    const Bytes old = seal_program(program, policy, owner);
    const PackageView old_view = parse_package(old, "old");
    const auto old_licence = make_licence(old_view, owner, record);
    const Images before = open_package(old_view, old_licence, device);
    for (const auto wanted :
         {std::optional<Policy>(), std::optional(Policy::kSealed), std::optional(Policy::kBlind)}) {
      const Bytes renewed = renew_package(old_view, owner, wanted);
      const PackageView view = parse_package(renewed, "renewed");
      CHECK(view.header.policy == wanted.value_or(policy));
      CHECK(view.header.id != old_view.header.id);
      REQUIRE(renewed.size() == old.size());
      const auto told = [](const PackageView& package) {
        return manifest_text(describe(package, "test"), Policy::kSealed, Bytes16{});
      };
      CHECK(told(view) == told(old_view));
      const auto licence = make_licence(view, owner, record);
      const Images after = open_package(view, licence, device);
      CHECK(after.program == before.program);
      CHECK(after.weights == before.weights);
      size_t same = 0;
      const size_t from = view.header_pages.size;
      for (size_t i = from; i < old.size(); ++i) same += old[i] == renewed[i];
      CHECK(static_cast<double>(same) < 0.01 * static_cast<double>(old.size() - from));
      CHECK(test::exit_status_of([&] { open_package(view, old_licence, device); }) ==
            static_cast<int>(ErrorKind::kRefused));
      CHECK(test::exit_status_of([&] { open_package(old_view, licence, device); }) ==
            static_cast<int>(ErrorKind::kRefused));
    }
  }
}

TEST_CASE("only its owner renews a package, and only as he made it") {
  const Owner owner = new_owner();
  const Bytes package = seal_program(test::sample_program(), Policy::kSealed, owner);
  constexpr int kAuthentication = static_cast<int>(ErrorKind::kAuthentication);
  const auto status = [](const Bytes& bytes, const Owner& who,
                         std::optional<Policy> policy = std::nullopt) {
    return test::exit_status_of([&] { renew_package(parse_package(bytes, "test"), who, policy); });
  };
  CHECK(status(package, new_owner()) == kAuthentication);
  Bytes changed = package;
  changed.back() ^= 1;
  CHECK(status(changed, owner) == kAuthentication);
  CHECK(status(make_plain_package(test::sample_program()), owner) ==
        static_cast<int>(ErrorKind::kUsage));
  CHECK(status(package, owner, Policy::kPlain) == static_cast<int>(ErrorKind::kUsage));
}
