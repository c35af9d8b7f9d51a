// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Packages, licences and frames made with OpenSSL alone, straight from rtl/pkg/contract.toml: what
/// the lock's RTL is compared with. It shares no code with models/lock.
///
/// Every function takes and gives the byte strings of the standards. Failures of OpenSSL throw
/// std::runtime_error.

#include <cstdint>
#include <initializer_list>
#include <random>
#include <string>
#include <vector>

namespace keyway::lock_bench {

using Bytes = std::vector<std::uint8_t>;
using Random = std::mt19937_64;

enum class Policy : std::uint8_t { kPlain = 0, kSealed = 1, kBlind = 2 };
enum class Kind : std::uint8_t { kHeader = 0, kProgram = 1, kWeights = 2 };
enum Status : int {
  kOk = 1,
  kNoLicence = 2,
  kNotEnrolled = 3,
  kLicenceRefused = 4,
  kWrongDevice = 5
};

constexpr std::size_t kPage = 4096;
constexpr std::size_t kHeaderTag = 64;  // offset in the header

Bytes from_hex(const std::string& hex);
std::string to_hex(const Bytes& bytes);
Bytes random_bytes(Random& random, std::size_t count);
Bytes operator+(const Bytes& a, const Bytes& b);
Bytes operator^(const Bytes& a, const Bytes& b);
void flip_bit(Bytes& bytes, std::size_t bit);
Bytes reverse_bits(Bytes bytes);  ///< of each byte, as GHASH counts them

Bytes sha256(const Bytes& message);
Bytes kdf(const std::string& label, std::initializer_list<Bytes> fields);
Bytes aes256(const Bytes& key, const Bytes& block);
Bytes aes256_ctr(const Bytes& key, const Bytes& counter_block, const Bytes& data);
Bytes gmac(const Bytes& key, const Bytes& iv, const Bytes& data);

/// What is burned into a device.
struct Device {
  Bytes secret;     // S
  Bytes owner_key;  // A
  bool enrolled = true;
};

struct Frame {
  Kind kind = Kind::kWeights;
  std::uint32_t index = 0;
  std::uint32_t total = 1;
  bool plain = false;
  Bytes bytes;  // ciphertext and tag, or the header's pages
};

/// All keys of one package on one device, for comparison.
struct Keys {
  Bytes d, kek, p, mac, prog, weights;
};

struct Package {
  Policy policy = Policy::kSealed;
  Bytes id;
  Frame header;
  std::vector<Frame> frames;
  std::vector<Bytes> payloads;  // in the clear, of the frames
};

/// An owner with one device.
struct Owner {
  Bytes root;       // O
  Bytes owner_key;  // A
  explicit Owner(Random& random);
  Device new_device(Random& random) const;
  Package new_package(Random& random, Policy policy, std::size_t header_pages,
                      std::size_t program_frames, std::size_t weight_frames) const;
  Bytes package_key(const Package& package) const;  // P
  /// With `enrolment` D of the device that it is for. `check` replaces the check value.
  Bytes licence(const Package& package, const Device& device, const Bytes& check = {}) const;
};

/// The licence with the owner's tag over its contents as they are now.
Bytes tagged(const Owner& owner, const Bytes& licence);

/// The keys that `device` derives from a package and the wrapped key in a licence.
Keys derived_keys(const Device& device, const Package& package, const Bytes& licence);

Bytes initialisation_vector(Kind kind, std::uint32_t index, std::uint32_t total);
/// A frame of `payload` under the given keys.
Frame seal(const Bytes& mac, const Bytes& key, Kind kind, std::uint32_t index, std::uint32_t total,
           const Bytes& payload);
/// Puts the tag under `mac` into a header.
void seal_header(const Bytes& mac, std::uint32_t total, Bytes& pages);

}  // namespace keyway::lock_bench
