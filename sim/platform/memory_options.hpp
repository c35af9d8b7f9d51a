// SPDX-License-Identifier: Apache-2.0
/// Timing of the simulated DDR memory, as `--memory latency=60,stall=0.0,seed=1` says it.
#pragma once

#include <cstdint>
#include <string>

namespace keyway::platform {

struct MemoryOptions {
  /// Cycles from the address handshake to the first read beat on the pins, and from the last write
  /// beat to the response. 1 to 1,000,000.
  uint32_t latency = 60;
  /// Probability, independently for each channel and cycle, that the memory does not offer a
  /// handshake that it could. 0 <= stall < 1.
  double stall = 0.0;
  /// Of the random stalls; equal seeds give equal runs.
  uint64_t seed = 1;
};

/// Parses a comma-separated list of latency=, stall=, seed=; what is not named keeps its default.
/// Throws Error(kUsage) that names the bad part.
MemoryOptions parse_memory_options(const std::string& text);

/// The text that parses to `options`.
std::string to_string(const MemoryOptions& options);

}  // namespace keyway::platform
