// SPDX-License-Identifier: Apache-2.0
/// Packages and faults of the stand-in kernel (standin_kernel.sv).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lock/package.hpp"
#include "lock/sample.hpp"
#include "program/contract.hpp"
#include "program/listing.hpp"

namespace keyway::standin {

inline constexpr uint8_t kXor = 0x5a;  ///< what the kernel does to every byte
inline constexpr uint32_t kModeCrossing = 2, kModeWithdrawn = 3, kModeEarlyLast = 4, kModeHang = 5,
                          kModeUnstable = 6, kModeEndless = 7, kModeDeaf = 8;

/// What the kernel is given to do.
struct Job {
  uint32_t pages =
      1;  ///< to copy: two less than the package has frames, since it has three at least
  std::string core = "16x16";
  bool resident = true;
  std::string program = "END\n";
  uint64_t estimated_cycles = 200;
};

/// A plain package; the host decodes its program, the stand-in does not look at it.
inline std::vector<uint8_t> package(const Job& job) {
  program::Program program = test::sample_program(0, 0);
  program.core = program::core_from_name(job.core);
  program.input_image.lanes.resize(program.core.word_channels());
  program.output_image.channels.resize(program.core.word_channels());
  program.resident = job.resident;
  program.layers.front().ideal_cycles = job.estimated_cycles;
  program.program_image = program::assemble(job.program);
  program.program_image.resize((job.pages + size_t{2}) * contract::kPayloadBytes);
  return lock::make_plain_package(program);
}

inline std::vector<uint8_t> package(uint32_t pages) { return package(Job{pages}); }

/// The same as if it were sealed: the stand-in looks at the policy alone.
inline std::vector<uint8_t> sealed_package() {
  std::vector<uint8_t> bytes = package(1);
  bytes[contract::kHeaderPolicyOffset] = static_cast<uint8_t>(contract::Policy::kSealed);
  return bytes;
}

/// A licence for the device whose secret starts with `first`.
inline std::vector<uint8_t> licence(uint8_t first) {
  std::vector<uint8_t> bytes(contract::kLicenceBytes);
  bytes[48] = first;
  return bytes;
}

}  // namespace keyway::standin
