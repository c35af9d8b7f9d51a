// SPDX-License-Identifier: Apache-2.0
#include "program/instructions.hpp"

#include <algorithm>

#include "common/error.hpp"

namespace keyway::program {
namespace {

using contract::kOpcodeBits;
constexpr size_t kRecordWordBytes = contract::kLaneWeightBytes;  ///< of one lane's record
using Record = std::array<uint8_t, contract::kParameterWords * kRecordWordBytes>;
/// An entry of a decode table.
constexpr contract::Field kEntry{"entry", 0, contract::kOperandBits, true};

void put_bits(uint8_t* bytes, uint32_t lsb, uint32_t bits, uint64_t value) {
  for (uint32_t i = 0; i < bits; ++i) {
    const uint32_t at = lsb + i;
    const auto bit = static_cast<uint8_t>((value >> i & 1) << (at % 8));
    bytes[at / 8] = static_cast<uint8_t>((bytes[at / 8] & ~(1u << (at % 8))) | bit);
  }
}

uint64_t get_bits(const uint8_t* bytes, uint32_t lsb, uint32_t bits) {
  uint64_t value = 0;
  for (uint32_t i = 0; i < bits; ++i) {
    const uint32_t at = lsb + i;
    value |= static_cast<uint64_t>(bytes[at / 8] >> (at % 8) & 1) << i;
  }
  return value;
}

void put_field(uint8_t* bytes, const contract::Field& field, int64_t value,
               const std::string& where) {
  const int64_t lo = field.is_signed ? -(int64_t{1} << (field.bits - 1)) : 0;
  const int64_t hi = (int64_t{1} << (field.is_signed ? field.bits - 1 : field.bits)) - 1;
  if (value < lo || value > hi) {
    throw Error(ErrorKind::kFit, where + ": " + field.name + " = " + std::to_string(value) +
                                     " is outside the core's range " + std::to_string(lo) + " to " +
                                     std::to_string(hi));
  }
  put_bits(bytes, field.lsb, field.bits, static_cast<uint64_t>(value));
}

int64_t get_field(const uint8_t* bytes, const contract::Field& field) {
  const uint64_t value = get_bits(bytes, field.lsb, field.bits);
  if (field.is_signed && (value >> (field.bits - 1) & 1) != 0) {
    return static_cast<int64_t>(value) - (int64_t{1} << field.bits);
  }
  return static_cast<int64_t>(value);
}

template <typename T>
T decode_fields(const uint8_t* bytes) {
  T result;
  T::visit(result, [bytes](const contract::Field& field, int64_t& value) {
    value = get_field(bytes, field);
  });
  return result;
}

/// The first alternative of Instruction, from Index on, that has this opcode.
template <size_t Index>
Instruction decode_as(contract::Opcode opcode, const uint8_t* bytes, uint64_t index) {
  if constexpr (Index < std::variant_size_v<Instruction>) {
    using T = std::variant_alternative_t<Index, Instruction>;
    if (opcode == T::kOpcode) return decode_fields<T>(bytes);
    return decode_as<Index + 1>(opcode, bytes, index);
  } else {
    throw Error(ErrorKind::kFile, "malformed program: instruction " + std::to_string(index) +
                                      " has the unknown opcode " +
                                      std::to_string(static_cast<int>(opcode)));
  }
}

}  // namespace

InstructionBytes encode(const Instruction& instruction, const std::string& where) {
  InstructionBytes bytes{};
  std::visit(
      [&](const auto& i) {
        using T = std::decay_t<decltype(i)>;
        put_bits(bytes.data(), 0, kOpcodeBits, static_cast<uint64_t>(T::kOpcode));
        T::visit(i, [&](const contract::Field& field, int64_t value) {
          put_field(bytes.data(), field, value, where);
        });
      },
      instruction);
  return bytes;
}

Instruction decode(const uint8_t* bytes, uint64_t index) {
  const auto opcode = static_cast<contract::Opcode>(get_bits(bytes, 0, kOpcodeBits));
  return decode_as<0>(opcode, bytes, index);
}

std::vector<uint8_t> encode_parameters(const std::vector<Parameter>& lanes, ParameterForm form,
                                       const std::string& where) {
  std::vector<uint8_t> bytes(form.words() * kRecordWordBytes * lanes.size());
  for (size_t lane = 0; lane < lanes.size(); ++lane) {
    if (form.is_short && !form.fits_short(lanes[lane])) {
      throw Error(ErrorKind::kUsage, where + ": a parameter record does not fit the short form");
    }
    Record record{};
    Parameter::visit(lanes[lane], [&](const contract::Field& field, int64_t value) {
      put_field(record.data(), field, value, where);
    });
    for (size_t word = 0; word < form.words(); ++word) {
      std::copy_n(record.data() + word * kRecordWordBytes, kRecordWordBytes,
                  bytes.data() + (word * lanes.size() + lane) * kRecordWordBytes);
    }
  }
  return bytes;
}

std::vector<Parameter> decode_parameters(const uint8_t* bytes, size_t lanes, ParameterForm form) {
  std::vector<Parameter> parameters;
  for (size_t lane = 0; lane < lanes; ++lane) {
    Record record{};
    for (size_t word = 0; word < form.words(); ++word) {
      std::copy_n(bytes + (word * lanes + lane) * kRecordWordBytes, kRecordWordBytes,
                  record.data() + word * kRecordWordBytes);
    }
    parameters.push_back(decode_fields<Parameter>(record.data()));
    if (form.is_short) parameters.back().lo = form.least();
  }
  return parameters;
}

std::vector<uint8_t> encode_table(const Table& table, bool is_short) {
  std::vector<uint8_t> bytes(table_bytes(is_short));
  for (size_t code = 0; code < table_entries(is_short); ++code) {
    put_field(bytes.data() + code * contract::kTableEntryBytes, kEntry, table[code],
              "decode table");
  }
  return bytes;
}

Table decode_table(const uint8_t* bytes, bool is_short) {
  Table table{};
  for (size_t code = 0; code < table_entries(is_short); ++code) {
    table[code] =
        static_cast<int16_t>(get_field(bytes + code * contract::kTableEntryBytes, kEntry));
  }
  return table;
}

}  // namespace keyway::program
