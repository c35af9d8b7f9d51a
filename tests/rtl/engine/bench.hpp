// SPDX-License-Identifier: Apache-2.0
/// Drives the engine's ports as the shell does: weight image, frames, input, output, with random
/// stalls.
///
/// Errors: std::runtime_error when a run takes longer than two million cycles, when data come
/// without a request, or when not exactly one event is high in a cycle of a run.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <random>
#include <vector>

#include "dut.hpp"

namespace keyway::test {

/// Chance in a cycle that the other side of a stream stalls.
struct Stalls {
  double input = 0, output = 0, frames = 0;
};

struct RunResult {
  bool error = false;
  std::vector<StoredBlock> stored;
  uint64_t cycles = 0;
  std::array<uint64_t, 7> events{};  ///< as Outputs::events
  uint64_t frames_requested = 0;
};

class Bench {
 public:
  explicit Bench(uint64_t seed = 1);

  void write_weights(const Bytes& image);
  void clear();
  /// From run to done (or error), or for `stop_after` cycles when that is not 0.
  RunResult run(const Bytes& input, const std::vector<Bytes>& frames, const Stalls& stalls = {},
                bool warm = false, uint64_t stop_after = 0, const Inputs& inputs = {});

 private:
  bool stalls_now(double chance);

  std::unique_ptr<Dut> dut_;
  std::mt19937_64 random_;
};

}  // namespace keyway::test
