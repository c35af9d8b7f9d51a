// SPDX-License-Identifier: Apache-2.0
/// Byte strings of fixed length, views, hexadecimal, and secure random bytes (OpenSSL).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace keyway::lock {

using Bytes16 = std::array<uint8_t, 16>;
using Bytes32 = std::array<uint8_t, 32>;

/// Bytes somewhere else; valid as long as they are.
struct ByteView {
  const uint8_t* data = nullptr;
  size_t size = 0;

  ByteView() = default;
  ByteView(const uint8_t* d, size_t n) : data(d), size(n) {}
  ByteView(const std::vector<uint8_t>& v) : data(v.data()), size(v.size()) {}
  template <size_t N>
  ByteView(const std::array<uint8_t, N>& a) : data(a.data()), size(N) {}
};

/// Bytes that nobody can predict. Throws Error(kDevice) if the system has none.
void fill_random(uint8_t* data, size_t size);

template <typename Array>
Array random_bytes() {
  Array bytes;
  fill_random(bytes.data(), bytes.size());
  return bytes;
}

std::string to_hex(ByteView bytes);

/// Exactly `size` bytes of lower- or upper-case hexadecimal. Throws Error(kFile) naming `what`.
void from_hex(std::string_view text, uint8_t* out, size_t size, const std::string& what);

/// Compares in a time that does not depend on where they differ.
bool equal(ByteView a, ByteView b);

/// Overwrites in a way that the compiler keeps.
void wipe(void* data, size_t size);

}  // namespace keyway::lock
