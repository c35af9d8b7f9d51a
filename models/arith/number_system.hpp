// SPDX-License-Identifier: Apache-2.0
/// Number systems: how a stored weight code, of 8 or 4 bits, becomes an operand of the array.
///
/// Each system is one C++ file here and one module of the same stem in rtl/arith, equal bit for
/// bit, and an entry of contract.toml's [[number_system]], from which the list of them is made
/// (`number_systems.hpp`).
///
/// Contract of a system: `exact_value` is the number that a code stands for, by the definition of
/// the encoding. The array multiplies by an operand, an integer: `operand` is the twin of the RTL
/// decoder for that kind of array. The two are tied by `unit`, the number that an operand of one
/// stands for there: operand = exact_value / unit, to the nearest integer (ties away from zero)
/// within what the array holds (12 bits where it multiplies integers). Nothing outside the system
/// takes codes or table entries for operands: with a table, `tabulate` finds the table under which
/// each code has the operand that is wanted, whatever they are, so that copies and locks can deal
/// codes as they like. With corrections (has_corrections) a product is no operand times activation
/// but what `product` says, the table being of corrections that no code knows of; `operand` is then
/// only about what it comes to. `encode` chooses codes and operands for a tensor of weights
/// (`coding.hpp`); it is not on the device, so only accuracy and the code statistics bind it. Codes
/// with digits (has_digits) are such that a digit of zero bits is zero: of how many upper digits
/// count, a network says nothing, its codes have zeros below. Test: tests/arith; a system whose
/// codes and entries are nothing like their operands: tests/simulate/test_toy_systems.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "program/contract.hpp"
#include "program/table.hpp"

namespace keyway::arith {

struct WeightProblem;
struct Coding;

/// Value of the LAYER instruction's `number_system` field.
using contract::NumberSystem;

inline constexpr int kOperandBits = contract::kOperandBits;  ///< signed
inline constexpr int kOperandMin = -(1 << (kOperandBits - 1));
inline constexpr int kOperandMax = (1 << (kOperandBits - 1)) - 1;

using program::Table;

inline constexpr int32_t kLeastActivation = -128;  ///< of bytes, signed or not
inline constexpr int32_t kMostActivation = 255;

/// The operand of every byte: of one with a code of four bits the upper half counts for nothing,
/// so that operands repeat.
using Operands = std::array<int32_t, contract::kTableEntries>;

using contract::ArrayKind;

/// A code of which the upper `digits` count, with zeros in place of the others.
constexpr uint8_t upper_digits(uint8_t code, uint32_t digits) {
  return static_cast<uint8_t>(code &
                              0xffu << (contract::kDigitBits * (contract::kMostDigits - digits)));
}

/// As many of a code's upper digits as hold all of it, one at least.
constexpr uint32_t digits_of(uint8_t code) {
  uint32_t digits = 1;
  while (upper_digits(code, digits) != code) ++digits;
  return digits;
}

/// A run of a code's bits with a meaning of its own, and the number that it says.
struct CodeField {
  const char* name;
  std::string bits;
  int value;
};

/// All bits of a code, the highest first; of a negative posit those of its magnitude behind the
/// sign. A sign says 1 or -1; the others are told by each system. Codes that say nothing by their
/// parts are one field, named by what they mean ("zero").
using CodeFields = std::vector<CodeField>;

/// `count` bits of a code from bit `lowest` on, the highest first.
std::string bits_of(uint8_t code, int lowest, int count);

struct NumberSystemInfo : contract::NumberSystemInfo {
  int32_t (*operand)(uint8_t code, const Table& table, ArrayKind kind);
  double (*exact_value)(uint8_t code, const Table& table);
  double (*unit)(ArrayKind kind);
  CodeFields (*fields)(uint8_t code);
  Coding (*encode)(const WeightProblem& problem);
  Table (*tabulate)(const Operands& operands);  ///< null without a table of operands
  /// Null where it is operand times activation.
  int32_t (*product)(uint8_t code, int32_t activation, const Table& table) = nullptr;

  Operands operands(const Table& table, ArrayKind kind) const;
  /// The table for operands that `encode` chose; all zeros without a table of them.
  Table table_of(const Operands& operands) const;
};

/// Those of the contract, in its order, and behind them what was added.
const std::vector<NumberSystemInfo>& number_systems();
/// Adds one to the list; its value and name must be new. Not while another thread reads the list.
void add_number_system(const NumberSystemInfo& entry);

/// Their names, as in "int8, qf8".
std::string number_system_names();
/// Throws Error(kUsage) that lists the known names.
NumberSystem number_system_from_name(const std::string& name);
/// Null for a value that no number system has.
const NumberSystemInfo* find_number_system(int64_t value);
/// Throws Error(kUsage) for a value that no number system has.
const NumberSystemInfo& info(NumberSystem system);

/// The system for layers that only move channels, in a network of `system` on arrays of this kind:
/// the first that runs there and has zero and one without a table, so that such layers are exact;
/// if there is none, `system`.
NumberSystem selecting_system(NumberSystem system, ArrayKind kind);

}  // namespace keyway::arith
