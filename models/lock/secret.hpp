// SPDX-License-Identifier: Apache-2.0
/// Key material in memory: types that overwrite their bytes when they end.
///
/// Copies are allowed and wiped like the original, so a secret is as easy to handle as any value
/// and never outlives its scope. What is derived but public (a tag, a digest) leaves through
/// bytes(). Not covered: swap, core dumps, and a process that is killed. Test:
/// tests/lock/test_secret.cpp.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "lock/bytes.hpp"

namespace keyway::lock {

/// `N` secret bytes; zeros at first.
template <size_t N>
class Secret {
 public:
  Secret() = default;
  explicit Secret(const std::array<uint8_t, N>& bytes) : bytes_(bytes) {}
  Secret(const Secret&) = default;
  Secret& operator=(const Secret&) = default;
  ~Secret() { wipe(bytes_.data(), N); }

  static Secret random() {
    Secret secret;
    fill_random(secret.data(), N);
    return secret;
  }

  uint8_t* data() { return bytes_.data(); }
  const uint8_t* data() const { return bytes_.data(); }
  static constexpr size_t size() { return N; }
  uint8_t& operator[](size_t i) { return bytes_[i]; }
  uint8_t operator[](size_t i) const { return bytes_[i]; }
  const uint8_t* begin() const { return bytes_.data(); }
  const uint8_t* end() const { return bytes_.data() + N; }
  const std::array<uint8_t, N>& bytes() const { return bytes_; }
  operator ByteView() const { return bytes_; }

  friend bool operator==(const Secret& a, const Secret& b) { return equal(a, b); }
  friend bool operator!=(const Secret& a, const Secret& b) { return !equal(a, b); }

 private:
  std::array<uint8_t, N> bytes_{};
};

using Key = Secret<32>;

/// Secret bytes of a length known once, as a file has.
class SecretBytes {
 public:
  explicit SecretBytes(std::vector<uint8_t>&& bytes) : bytes_(std::move(bytes)) {}
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes() {
    bytes_.resize(bytes_.capacity());  // within the capacity: does not move
    wipe(bytes_.data(), bytes_.size());
  }
  const char* text() const { return reinterpret_cast<const char*>(bytes_.data()); }
  size_t size() const { return bytes_.size(); }

 private:
  std::vector<uint8_t> bytes_;
};

}  // namespace keyway::lock
