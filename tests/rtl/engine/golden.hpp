// SPDX-License-Identifier: Apache-2.0
/// The engine's reference: executes a program one instruction after the other, straight from the
/// words of contract.toml, with no care for speed. Waits are ignored: a program whose waits are
/// right gives the same result in any order that they allow.
///
///     q = clamp((m * (acc + bias) + mr * residual + 2^(shift-1)) >> shift, lo, hi)
///
/// Shares nothing with the program simulator (models/simulate), so the two check each other.
/// Errors: std::runtime_error for an address outside a memory or an unknown opcode.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "arith/number_system.hpp"
#include "program.hpp"

namespace keyway::test {

class Golden {
 public:
  explicit Golden(const Shape& shape);

  /// Overwrites weight memory from byte 0 on.
  void write_weights(const Bytes& image);

  /// Runs from instruction 0 to END, once an input; `frames` are the payloads that LOAD_WEIGHTS
  /// takes in order.
  std::vector<StoredBlock> run(const Bytes& input, const std::vector<Bytes>& frames,
                               const Inputs& inputs = {});

  int products() const { return products_; }

 private:
  struct Place {
    int base, phase, row_pitch, block_pitch;
  };

  void multiply(const Instruction& instruction);
  void run_once(const Bytes& input, const std::vector<Bytes>& frames, const Inputs& inputs,
                int number, std::vector<StoredBlock>& stored);
  void load_input(const Instruction& instruction, const Bytes& input, size_t offset);
  StoredBlock store(const Instruction& instruction);
  int64_t product(int code, int digits, int activation) const;
  uint8_t* word(const Place& place, int block, int row, int column);
  uint8_t weight(size_t address) const;

  Shape shape_;
  Bytes weights_;
  std::vector<Bytes> banks_;  // row bank * block_banks + block bank
  std::array<arith::Table, contract::kTableSlots> tables_{};
  Instruction layer_{contract::Opcode::kLayer};
  int products_ = 0;
};

}  // namespace keyway::test
