// SPDX-License-Identifier: Apache-2.0
/// Building blocks of engine tests: the shape of a core and instructions as bits.
///
/// Independent of the compiler's encoder on purpose: it takes field positions from the generated
/// contract and nothing else. Errors: std::out_of_range for a value that does not fit its field.
#pragma once

#include <array>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "program/contract.hpp"

namespace keyway::test {

using Bytes = std::vector<uint8_t>;

/// The core, and what follows from Lanes and Depth (contract.toml, [core]).
struct Shape {
  int lanes;
  int depth;
  size_t activation_bytes;
  size_t weight_bytes;
  uint64_t step_cycles = 1;  ///< from the start of a step to that of the next one
  contract::ArrayKind array_kind = contract::ArrayKind::kMultiplier;

  int word_channels() const { return depth < 16 ? depth : 16; }
  int read_words() const { return depth / word_channels(); }
  int lane_words() const { return lanes / word_channels(); }
  int block_banks() const { return read_words() > lane_words() ? read_words() : lane_words(); }
  int max_columns() const { return depth / 3 < 5 ? depth / 3 : 5; }
  int weight_word_bytes() const { return 4 * lanes; }
  int tile_words(uint32_t code_bits = 8) const { return depth * static_cast<int>(code_bits) / 32; }
  int bank_words() const {
    return static_cast<int>(activation_bytes) / (word_channels() * 4 * block_banks());
  }
};

/// Reads and writes a field of a little-endian bit string.
inline int64_t get_field(const uint8_t* bytes, const contract::Field& field) {
  uint64_t value = 0;
  for (uint32_t i = 0; i < field.bits; ++i) {
    const uint32_t bit = field.lsb + i;
    value |= static_cast<uint64_t>(bytes[bit / 8] >> (bit % 8) & 1) << i;
  }
  if (field.is_signed && (value >> (field.bits - 1) & 1) != 0) {
    return static_cast<int64_t>(value) - (int64_t{1} << field.bits);
  }
  return static_cast<int64_t>(value);
}

inline void set_field(uint8_t* bytes, const contract::Field& field, int64_t value) {
  const int64_t low = field.is_signed ? -(int64_t{1} << (field.bits - 1)) : 0;
  const int64_t high = (int64_t{1} << (field.is_signed ? field.bits - 1 : field.bits)) - 1;
  if (value < low || value > high) {
    throw std::out_of_range(std::string(field.name) + " = " + std::to_string(value));
  }
  for (uint32_t i = 0; i < field.bits; ++i) {
    const uint32_t bit = field.lsb + i;
    const auto mask = static_cast<uint8_t>(1u << (bit % 8));
    const bool one = (static_cast<uint64_t>(value) >> i & 1) != 0;
    bytes[bit / 8] = static_cast<uint8_t>(one ? bytes[bit / 8] | mask : bytes[bit / 8] & ~mask);
  }
}

/// A parameter record, gathered from and scattered to a block's weight words (contract.toml).
using Record = std::array<uint8_t, 12>;

inline void write_record(uint8_t* block, int lanes, int lane, int words, const Record& record) {
  for (int i = 0; i < 4 * words; ++i) {
    block[4 * (i / 4 * lanes + lane) + i % 4] = record[static_cast<size_t>(i)];
  }
}

class Instruction {
 public:
  explicit Instruction(contract::Opcode opcode) { bytes_[0] = static_cast<uint8_t>(opcode); }
  explicit Instruction(const uint8_t* bytes) {
    for (size_t i = 0; i < bytes_.size(); ++i) bytes_[i] = bytes[i];
  }

  Instruction& set(const contract::Field& field, int64_t value) {
    set_field(bytes_.data(), field, value);
    return *this;
  }
  int64_t get(const contract::Field& field) const { return get_field(bytes_.data(), field); }
  int opcode() const { return bytes_[0] & 15; }
  const std::array<uint8_t, 32>& bytes() const { return bytes_; }

 private:
  std::array<uint8_t, 32> bytes_{};
};

/// Inputs of one run.
struct Inputs {
  int count = 1;
  uint32_t input_stride = 0, output_stride = 0;  ///< bytes, multiples of 16
};

/// One STORE: what the core asked for and the beats it gave, the last one padded with zeros.
struct StoredBlock {
  uint32_t offset = 0;
  uint32_t bytes = 0;
  Bytes data;

  bool operator==(const StoredBlock& other) const {
    return offset == other.offset && bytes == other.bytes && data == other.data;
  }
};

}  // namespace keyway::test
