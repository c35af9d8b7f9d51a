// SPDX-License-Identifier: Apache-2.0
/// Packages and licences for the stand-ins, in the real layout (rtl/pkg/contract.toml) but with toy
/// tags and ciphers, and what a run of them must write.
#pragma once

#include <cstdint>
#include <vector>

#include "program/contract.hpp"
#include "stand_ins.hpp"

namespace keyway::rtl_test {

struct ToyPackage {
  contract::Policy policy = contract::Policy::kSealed;
  uint8_t lanes = 16, depth = 16, array_kind = 0, resident = 1;
  uint32_t header_pages = 1, program_frames = 1;
  uint32_t activation_bytes = 0, weight_bytes = 0;  ///< that the core must have
  uint32_t contract_hash = contract::kContractHash;
  uint32_t manifest_bytes = 100;
  uint64_t id = 1, key = 0x1234567;
  std::vector<Step> program;
  std::vector<std::vector<Word>> payload;  ///< of the weight frames, 255 words each

  uint32_t total_frames() const { return program_frames + static_cast<uint32_t>(payload.size()); }
  std::vector<uint8_t> bytes() const;
  std::vector<uint8_t> licence() const;
  /// Weight memory once everything is loaded, if the weights lie from `destination` on.
  std::vector<Word> memory(uint32_t destination) const;
};

/// Three weight frames at word 300, an input of 640 bytes, five words of output at offset 32.
ToyPackage resident_package(uint64_t seed, contract::Policy policy = contract::Policy::kSealed);
/// Two groups of two weight frames, each loaded to word 300 when it is needed, in every run.
ToyPackage streaming_package(uint64_t seed, contract::Policy policy = contract::Policy::kSealed);

constexpr uint32_t kToyDestination = 300, kToyInputBytes = 640, kToyOutputOffset = 32,
                   kToyOutputWords = 5;

}  // namespace keyway::rtl_test
