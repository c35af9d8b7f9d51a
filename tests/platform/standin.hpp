// SPDX-License-Identifier: Apache-2.0
/// Packages and faults of the stand-in kernel (standin_kernel.sv).
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "program/contract.hpp"

namespace keyway::standin {

inline constexpr uint8_t kXor = 0x5a;  ///< what the kernel does to every byte
inline constexpr uint32_t kModeCrossing = 2, kModeWithdrawn = 3, kModeEarlyLast = 4, kModeHang = 5,
                          kModeUnstable = 6;

/// A package that makes the kernel copy `pages` pages.
inline std::vector<uint8_t> package(uint32_t pages, uint8_t policy = 0) {
  std::vector<uint8_t> bytes((1 + size_t{pages}) * 4096);
  std::memcpy(bytes.data(), contract::kPackageMagic, 8);
  bytes[contract::kHeaderPolicyOffset] = policy;
  bytes[contract::kHeaderLanesOffset] = bytes[contract::kHeaderDepthOffset] = 16;
  const uint32_t one = 1;
  std::memcpy(bytes.data() + contract::kHeaderHeaderPagesOffset, &one, 4);
  std::memcpy(bytes.data() + contract::kHeaderTotalFramesOffset, &pages, 4);
  return bytes;
}

/// A licence for the device whose secret starts with `first`.
inline std::vector<uint8_t> licence(uint8_t first) {
  std::vector<uint8_t> bytes(contract::kLicenceBytes);
  bytes[48] = first;
  return bytes;
}

}  // namespace keyway::standin
