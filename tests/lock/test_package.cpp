// SPDX-License-Identifier: Apache-2.0
// Packages and licences as files: what opens, what is refused and how, and that no byte is free.
#include <catch2/catch.hpp>
#include <cstring>
#include <fstream>
#include <random>

#include "common/error.hpp"
#include "lock/cipher.hpp"
#include "lock/licence.hpp"
#include "lock/package.hpp"
#include "lock/sample.hpp"
#include "lock/seal.hpp"
#include "seed.hpp"
#include "temporary_folder.hpp"
#include "thrown.hpp"

using namespace keyway;
using namespace keyway::lock;
using Bytes = std::vector<uint8_t>;

namespace {

struct Party {
  Owner owner = new_owner();
  Device device = enrolled(1);

  Device enrolled(uint64_t id) const {
    Device d = new_device(id, "test");
    d.owner_key = owner_key(owner.root);
    return d;
  }
  Enrolment record(const Device& d) const {
    return {d.id, d.device_class, enrolment_record(boot(d, 0), *d.owner_key),
            owner_fingerprint(*d.owner_key)};
  }
  Bytes licence(const Bytes& package, const Device& d) const {
    return make_licence(parse_package(package, "test"), owner, record(d));
  }
};

Images open(const Bytes& package, const std::optional<Bytes>& licence,
            const std::optional<Device>& device) {
  return open_package(parse_package(package, "test"), licence, device);
}

bool starts_with(const Bytes& whole, const Bytes& part) {
  return whole.size() >= part.size() && std::equal(part.begin(), part.end(), whole.begin());
}

constexpr int kRefused = static_cast<int>(ErrorKind::kRefused);
constexpr int kFile = static_cast<int>(ErrorKind::kFile);
constexpr int kAuthentication = static_cast<int>(ErrorKind::kAuthentication);

}  // namespace

TEST_CASE("a package opens with the right licence on the right device, and gives the images back") {
  const auto program = test::sample_program();
  const Party party;
  for (const Policy policy : {Policy::kSealed, Policy::kBlind}) {
    const Bytes package = seal_program(program, policy, party.owner);
    const Images images = open(package, party.licence(package, party.device), party.device);
    CHECK(starts_with(images.program, program.program_image));
    CHECK(starts_with(images.weights, program.weight_image));
  }
  const Images images = open(make_plain_package(program), std::nullopt, std::nullopt);
  CHECK(starts_with(images.program, program.program_image));
  CHECK(starts_with(images.weights, program.weight_image));
}

TEST_CASE("the manifest survives the way through a package") {
  const auto program = test::sample_program();
  const Bytes package = make_plain_package(program);
  const auto back = parse_manifest(parse_package(package, "test").manifest, "test");
  CHECK(back.name == program.name);
  CHECK(back.input.scale == program.input.scale);
  CHECK(back.input_image.lanes[1].dy == 1);
  CHECK(back.input_image.lanes[3].channel == -1);
  CHECK(back.output_image.channels == program.output_image.channels);
  CHECK(back.layers[0].name == program.layers[0].name);
  REQUIRE(back.products.size() == 1);
  CHECK(back.products[0].layer == 0);
  CHECK(back.products[0].count == 1);
  CHECK(back.macs == program.macs);
}

TEST_CASE("a header that names another core than the manifest is refused before any device") {
  const Party party;
  const Bytes package = seal_program(test::sample_program(), Policy::kSealed, party.owner);
  CHECK_NOTHROW(describe(parse_package(package, "test"), "test"));
  for (const uint32_t at :
       {contract::kHeaderLanesOffset, contract::kHeaderDepthOffset,
        contract::kHeaderArrayKindOffset, contract::kHeaderResidentOffset,
        contract::kHeaderActivationBytesOffset + 2, contract::kHeaderWeightBytesOffset + 3}) {
    INFO("byte " << at);
    Bytes bad = package;
    bad[at] ^= 1;
    CHECK_THROWS_WITH(describe(parse_package(bad, "test"), "test"),
                      "test: header and manifest are not of the same package");
  }
}

TEST_CASE("files of other versions are refused by name") {
  const auto says_so = [](const auto& read) {
    try {
      read();
      return false;
    } catch (const Error& error) {
      INFO(error.what());
      return error.kind() == ErrorKind::kFile &&
             std::string(error.what()).find("another version of Keyway") != std::string::npos;
    }
  };
  const Party party;
  for (const auto& package : {make_plain_package(test::sample_program()),
                              seal_program(test::sample_program(), Policy::kBlind, party.owner)}) {
    for (const uint32_t at : {contract::kHeaderContractOffset, contract::kHeaderContractOffset + 3,
                              contract::kHeaderMagicOffset + contract::kMagicNameBytes}) {
      INFO("byte " << at);
      Bytes other = package;
      other[at] ^= 3;
      CHECK(says_so([&] { parse_package(other, "test"); }));
    }
    Bytes none = package;
    none[contract::kHeaderMagicOffset] ^= 1;
    CHECK_FALSE(says_so([&] { parse_package(none, "test"); }));
  }
  const test::TemporaryFolder folder;
  const std::string path = folder.file("other");
  const auto write = [&](const std::string& text) { std::ofstream(path) << text; };
  write("KEYWAYL2" + std::string(contract::kLicenceBytes, '\0'));  // and of another length
  CHECK(says_so([&] { read_licence(path); }));
  write("KEYWAYX1" + std::string(contract::kLicenceBytes - 8, '\0'));
  CHECK_FALSE(says_so([&] { read_licence(path); }));
  for (const char* version : {"1", "3"}) {
    write(R"({"keyway": "device", "version": )" + std::string(version) + "}");
    CHECK(says_so([&] { read_device(path); }));
  }
}

TEST_CASE("header pages are at most a quarter of the file, however small the network") {
  const Bytes package = make_plain_package(test::sample_program(10, 10));
  const auto view = parse_package(package, "test");
  CHECK(4 * view.header_pages.size <= package.size());
}

TEST_CASE("sealed: every wrong right is refused") {
  const auto program = test::sample_program();
  const Party party;
  const Party stranger;
  const Bytes package = seal_program(program, Policy::kSealed, party.owner);
  const Bytes other = seal_program(program, Policy::kSealed, party.owner);
  const Bytes blind = seal_program(program, Policy::kBlind, party.owner);
  const Bytes licence = party.licence(package, party.device);
  const Device second = party.enrolled(2);
  const Device fresh = new_device(3, "test");

  CHECK(test::exit_status_of([&] { open(package, std::nullopt, party.device); }) == kRefused);
  CHECK(test::exit_status_of([&] { open(package, licence, std::nullopt); }) == kRefused);
  CHECK(test::exit_status_of([&] { open(package, licence, fresh); }) == kRefused);
  CHECK(test::exit_status_of([&] { open(package, licence, second); }) == kRefused);
  CHECK(test::exit_status_of([&] { open(package, licence, stranger.device); }) == kRefused);
  CHECK(test::exit_status_of(
            [&] { open(package, party.licence(other, party.device), party.device); }) == kRefused);
  CHECK(test::exit_status_of(
            [&] { open(package, party.licence(blind, party.device), party.device); }) == kRefused);
  CHECK(test::exit_status_of([&] {
          open(package, Bytes(licence.begin(), licence.end() - 1), party.device);
        }) == kRefused);
  for (size_t bit = 0; bit < 8 * licence.size(); ++bit) {
    Bytes bad = licence;
    bad[bit / 8] = static_cast<uint8_t>(bad[bit / 8] ^ (1U << (bit % 8)));
    CHECK(test::exit_status_of([&] { open(package, bad, party.device); }) == kRefused);
  }
  CHECK(test::exit_status_of([&] { open(package, licence, party.device); }) == 0);
}

TEST_CASE(
    "blind: a wrong device of the same owner opens, and gets other weights but the same program") {
  const auto program = test::sample_program();
  const Party party;
  const Party stranger;
  const Bytes package = seal_program(program, Policy::kBlind, party.owner);
  const Bytes licence = party.licence(package, party.device);
  for (int bit : {0, 77, 255}) {  // secrets one bit away
    Device near = party.device;
    auto& byte = near.fuse[static_cast<size_t>(bit / 8)];
    byte = static_cast<uint8_t>(byte ^ (1U << (bit % 8)));
    const Images images = open(package, licence, near);
    CHECK(starts_with(images.program, program.program_image));
    size_t same = 0;
    for (size_t i = 0; i < program.weight_image.size(); ++i) {
      same += images.weights[i] == program.weight_image[i];
    }
    // Independent bytes agree once in 256: 117 of 30,000, standard deviation 11.
    CHECK(same < 117 + 6 * 11);
  }
  CHECK(test::exit_status_of([&] { open(package, licence, stranger.device); }) == kRefused);
  CHECK(test::exit_status_of([&] { open(package, std::nullopt, party.device); }) == kRefused);
}

TEST_CASE("two locks of one model share nothing") {
  const auto program = test::sample_program();
  const Party party;
  const Bytes a = seal_program(program, Policy::kSealed, party.owner);
  const Bytes b = seal_program(program, Policy::kSealed, party.owner);
  const size_t from = parse_package(a, "a").header_pages.size;
  size_t same = 0;
  for (size_t i = from; i < a.size(); ++i) same += a[i] == b[i];
  CHECK(static_cast<double>(same) < 1.3 / 256 * static_cast<double>(a.size() - from));
}

TEST_CASE("licences are made only by the owner, for his devices and his packages") {
  const Party party;
  const Party stranger;
  const Bytes package = seal_program(test::sample_program(), Policy::kSealed, party.owner);
  const Bytes plain = make_plain_package(test::sample_program());
  CHECK(test::exit_status_of([&] {
          make_licence(parse_package(package, "p"), stranger.owner,
                       stranger.record(stranger.device));
        }) == kAuthentication);
  CHECK(test::exit_status_of([&] {
          make_licence(parse_package(package, "p"), party.owner, stranger.record(stranger.device));
        }) == kRefused);
  CHECK(test::exit_status_of([&] {
          make_licence(parse_package(plain, "p"), party.owner, party.record(party.device));
        }) == static_cast<int>(ErrorKind::kUsage));
}

TEST_CASE("every byte of a package is authenticated") {
  const uint64_t seed = test::seed();
  std::mt19937_64 random(seed);
  INFO("seed " << seed);
  const Party party;
  const auto program = test::sample_program();
  for (const Policy policy : {Policy::kPlain, Policy::kSealed, Policy::kBlind}) {
    const bool locked = policy != Policy::kPlain;
    const Bytes package =
        locked ? seal_program(program, policy, party.owner) : make_plain_package(program);
    const std::optional<Bytes> licence =
        locked ? std::optional<Bytes>(party.licence(package, party.device)) : std::nullopt;
    const auto refused = [&](const Bytes& bad) {
      const int status = test::exit_status_of([&] { open(bad, licence, party.device); });
      return status == kFile || status == kRefused || status == kAuthentication;
    };
    REQUIRE(test::exit_status_of([&] { open(package, licence, party.device); }) == 0);
    Bytes bad = package;
    for (int i = 0; i < 2000; ++i) {
      const size_t reach =
          i % 2 == 0 ? package.size() : 2048;  // half of them in header and manifest
      const size_t at = random() % reach;
      const auto mask = static_cast<uint8_t>(1U << (random() % 8));
      bad[at] = static_cast<uint8_t>(bad[at] ^ mask);
      INFO("policy " << static_cast<int>(policy) << ", byte " << at << ", mask " << int{mask});
      CHECK(refused(bad));
      bad[at] = static_cast<uint8_t>(bad[at] ^ mask);
    }
    for (int i = 0; i < 200; ++i) {
      const size_t length = i < 20 ? (package.size() / 4096 - 1 - static_cast<size_t>(i) % 8) * 4096
                                   : random() % package.size();
      INFO("policy " << static_cast<int>(policy) << ", cut to " << length);
      CHECK(refused(Bytes(package.begin(), package.begin() + static_cast<std::ptrdiff_t>(length))));
    }
    Bytes longer = package;
    longer.resize(longer.size() + 4096);
    CHECK(refused(longer));
  }
}

TEST_CASE("every bit of a header and of a licence counts") {
  const Party party;
  for (const Policy policy : {Policy::kSealed, Policy::kBlind}) {
    const Bytes package = seal_program(test::sample_program(), policy, party.owner);
    const Bytes licence = party.licence(package, party.device);
    const auto flipped = [](Bytes bytes, size_t bit) {
      bytes[bit / 8] = static_cast<uint8_t>(bytes[bit / 8] ^ (1U << (bit % 8)));
      return bytes;
    };
    const auto status = [&](const Bytes& p, const Bytes& l) {
      return test::exit_status_of([&] { open(p, l, party.device); });
    };
    REQUIRE(status(package, licence) == 0);
    for (size_t bit = 0; bit < 8 * size_t{contract::kHeaderBlockBytes}; ++bit) {
      INFO("policy " << static_cast<int>(policy) << ", bit " << bit << " of the header");
      const int got = status(flipped(package, bit), licence);
      CHECK((got == kFile || got == kRefused || got == kAuthentication));
    }
    for (size_t bit = 0; bit < 8 * licence.size(); ++bit) {
      INFO("policy " << static_cast<int>(policy) << ", bit " << bit << " of the licence");
      CHECK(status(package, flipped(licence, bit)) == kRefused);
    }
  }
}

TEST_CASE("frames cannot change places, be repeated, or come from another package") {
  const Party party;
  const auto program = test::sample_program();
  const Bytes package = seal_program(program, Policy::kSealed, party.owner);
  const Bytes other = seal_program(program, Policy::kSealed, party.owner);
  const Bytes licence = party.licence(package, party.device);
  const auto view = parse_package(package, "p");
  const size_t first = view.header_pages.size;
  const auto frame = [&](const Bytes& from, size_t i) {
    return from.begin() + static_cast<std::ptrdiff_t>(first + 4096 * i);
  };
  for (size_t i = 0; i < view.header.total_frames; ++i) {
    Bytes bad = package;
    std::copy_n(frame(other, i), 4096, bad.begin() + (frame(package, i) - package.begin()));
    CHECK(test::exit_status_of([&] { open(bad, licence, party.device); }) == kAuthentication);
    for (size_t j = 0; j < view.header.total_frames; ++j) {
      if (i == j) continue;
      bad = package;
      std::copy_n(frame(package, j), 4096, bad.begin() + (frame(package, i) - package.begin()));
      CHECK(test::exit_status_of([&] { open(bad, licence, party.device); }) == kAuthentication);
    }
  }
}
