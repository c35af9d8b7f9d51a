// SPDX-License-Identifier: Apache-2.0
/// The list of number systems: how a stored 8-bit weight code becomes a multiplier operand.
///
/// Each system is one C++ file pair here and one module of the same stem in rtl/arith, equal bit
/// for bit. Adding one: write both, and add a value to `NumberSystem` and a line to
/// `kNumberSystems`.
///
/// Contract of a system: `operand` is the twin of the RTL decoder, the same bit patterns in and
/// out; every operand lies in [-2048, 2047]. `encode` chooses codes and table for a tensor of
/// weights (`coding.hpp`); it is not on the device, so only accuracy and the code statistics bind
/// it.
/// Test: tests/arith.
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace keyway::arith {

struct WeightProblem;
struct Coding;

/// Value of the LAYER instruction's `number_system` field.
enum class NumberSystem : uint8_t { kInt8 = 0, kQf8 = 1 };

inline constexpr int kOperandBits = 12;  ///< signed; every operand lies in [-2048, 2047]
inline constexpr int kOperandMin = -(1 << (kOperandBits - 1));
inline constexpr int kOperandMax = (1 << (kOperandBits - 1)) - 1;

/// Operand of every code. For table-driven systems (qf8) it is part of the sealed program.
using Table = std::array<int16_t, 256>;

namespace int8 {
int16_t operand(uint8_t code, const Table& table);
Coding encode(const WeightProblem& problem);
}  // namespace int8

namespace qf8 {
int16_t operand(uint8_t code, const Table& table);
Coding encode(const WeightProblem& problem);
}  // namespace qf8

struct NumberSystemInfo {
  NumberSystem system;
  const char* name;  ///< as `--format` takes it
  bool has_table;    ///< the core reads the table from the program
  int16_t (*operand)(uint8_t code, const Table& table);
  Coding (*encode)(const WeightProblem& problem);
};

inline constexpr std::array<NumberSystemInfo, 2> kNumberSystems{{
    {NumberSystem::kInt8, "int8", false, int8::operand, int8::encode},
    {NumberSystem::kQf8, "qf8", true, qf8::operand, qf8::encode},
}};

/// Throws Error(kUsage) that lists the known names.
NumberSystem number_system_from_name(const std::string& name);
const NumberSystemInfo& info(NumberSystem system);

}  // namespace keyway::arith
