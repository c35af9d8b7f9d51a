// SPDX-License-Identifier: Apache-2.0
/// Codes for weights in a number system whose codes have fixed values: each weight takes one of the
/// values nearest to it, in steps of its channel.
///
/// Mathematics: a ladder is the different operands that codes have, in order, one code for each.
/// For every channel the step is searched (peak weight at some rung, from beyond the top one down
/// some octaves; of many taps a part decides), on the problem's grid; then weights take the rung of
/// least error, and with a gram matrix they move to neighbouring rungs as long as the error at the
/// layer's outputs falls (`refine.hpp`). Deterministic. Contract: operands within the problem's
/// limit only. Test: tests/arith/test_number_systems.cpp.
#pragma once

#include <cstdint>
#include <vector>

#include "arith/coding.hpp"

namespace keyway::arith {

class Ladder {
 public:
  struct Rung {
    int32_t operand;
    uint8_t code;  ///< the smallest one that has it
  };

  /// The operands of all codes that are at most `limit` in magnitude; throws Error(kUsage) if there
  /// are none.
  Ladder(const Operands& operands, int limit);

  const std::vector<Rung>& rungs() const { return rungs_; }
  /// The rung nearest to `value`, the lower one of two.
  size_t nearest(double value) const;
  /// The rung on which a code stands; rungs().size() if none.
  size_t rung_of(uint8_t code) const { return rung_of_[code]; }

 private:
  std::vector<Rung> rungs_;      ///< by operand
  std::vector<double> middles_;  ///< between each rung and the next
  std::vector<size_t> rung_of_;
};

/// Codes for a tensor in the system without a table that decodes so.
Coding encode_on_ladder(const WeightProblem& problem,
                        int32_t (*operand)(uint8_t code, const Table& table, ArrayKind kind));

}  // namespace keyway::arith
