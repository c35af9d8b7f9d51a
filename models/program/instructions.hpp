// SPDX-License-Identifier: Apache-2.0
/// The bytes of instructions, parameter records and decode tables, and the structures of the first
/// two (`instruction_set.hpp`). Packing, unpacking, the listing and the assembler walk `visit` of a
/// structure, so a new field is a line of rtl/pkg/contract.toml. Bytes are little-endian, fields
/// packed from bit 0 upwards.
///
/// Errors: encode gives kFit naming `where`, the field, the value and its range; decode gives kFile
/// "malformed program" for an unknown opcode. Test: tests/program.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "program/instruction_set.hpp"
#include "program/table.hpp"

namespace keyway::program {

using contract::Mode;  ///< values of LAYER's `mode`
using contract::Turn;  ///< values of LOAD_INPUT's `turn`

using InstructionBytes = std::array<uint8_t, contract::kInstructionBytes>;

/// `where` names the layer or the purpose, for the error message.
InstructionBytes encode(const Instruction& instruction, const std::string& where);
/// `bytes` has kInstructionBytes; `index` is for the error message. Bits outside the fields count
/// for nothing.
Instruction decode(const uint8_t* bytes, uint64_t index);

/// How a layer's parameter records stand in memory (LAYER.short_parameters, LAYER.output_signed).
struct ParameterForm {
  bool is_short = false;
  bool output_signed = false;

  uint32_t words() const {  ///< weight words of a block's records
    return is_short ? contract::kShortParameterWords : contract::kParameterWords;
  }
  int64_t least() const { return output_signed ? -128 : 0; }
  /// True if the short form holds all of the record.
  bool fits_short(const Parameter& p) const { return p.mr == 0 && p.lo == least() && p.hi >= 0; }
};

inline ParameterForm form_of(const LayerInstruction& layer) {
  return {layer.short_parameters != 0, layer.output_signed != 0};
}

/// The records of a block's lanes, form.words() weight words of 4 * lanes.size() bytes.
/// Errors: as above; kUsage for a record that the short form does not hold.
std::vector<uint8_t> encode_parameters(const std::vector<Parameter>& lanes, ParameterForm form,
                                       const std::string& where);
/// `bytes` are form.words() * 4 * lanes.
std::vector<Parameter> decode_parameters(const uint8_t* bytes, size_t lanes, ParameterForm form);

/// Of a decode table, which is short for codes of four bits (TABLE.short_table).
constexpr uint32_t table_entries(bool is_short) {
  return is_short ? contract::kShortTableEntries : contract::kTableEntries;
}
constexpr uint32_t table_bytes(bool is_short) {
  return table_entries(is_short) * contract::kTableEntryBytes;
}

/// A decode table as TABLE reads it: table_bytes(), the operand's bits low in each entry. What a
/// short one does not have is zero.
std::vector<uint8_t> encode_table(const Table& table, bool is_short);
Table decode_table(const uint8_t* bytes, bool is_short);

}  // namespace keyway::program
