// SPDX-License-Identifier: Apache-2.0
/// Instructions and parameter records as plain structures, and their bytes.
///
/// Each structure names its members after the fields of rtl/pkg/contract.toml and lists them once,
/// in `visit`; packing, unpacking, the listing and the assembler all walk that list, so a new field
/// is one member and one line. Bytes are little-endian, fields packed from bit 0 upwards.
///
/// Errors: encode gives kFit naming `where`, the field, the value and its range; decode gives kFile
/// "malformed program" for an unknown opcode. Test: tests/compile.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "program/contract.hpp"

namespace keyway::program {

/// Value of LAYER's `mode`.
enum class Mode : uint8_t { kDense = 0, kWindow = 1, kMaximum = 2 };

/// Value of LOAD_INPUT's `turn`.
enum class Turn : uint8_t { kEvery = 0, kFirst = 1, kNext = 2 };

struct LayerInstruction {
  static constexpr contract::Opcode kOpcode = contract::Opcode::kLayer;
  static constexpr const char* kName = "LAYER";
  int64_t mode = 0, ones = 0, number_system = 0, table_slot = 0, input_signed = 0,
          residual_signed = 0, short_parameters = 0, output_signed = 0, pair_rows = 0, kernel_h = 1,
          kernel_w = 1, blocks = 1, stride_y = 1, stride_x = 1, input_height = 1, input_width = 1,
          input_row_pitch = 0, input_block_pitch = 0, output_row_pitch = 0, residual_row_pitch = 0,
          residual_stride_y = 1, residual_stride_x = 1;

  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& visitor) {
    namespace f = contract::layer;
    visitor(f::kMode, self.mode);
    visitor(f::kOnes, self.ones);
    visitor(f::kNumberSystem, self.number_system);
    visitor(f::kTableSlot, self.table_slot);
    visitor(f::kInputSigned, self.input_signed);
    visitor(f::kResidualSigned, self.residual_signed);
    visitor(f::kShortParameters, self.short_parameters);
    visitor(f::kOutputSigned, self.output_signed);
    visitor(f::kPairRows, self.pair_rows);
    visitor(f::kKernelH, self.kernel_h);
    visitor(f::kKernelW, self.kernel_w);
    visitor(f::kBlocks, self.blocks);
    visitor(f::kStrideY, self.stride_y);
    visitor(f::kStrideX, self.stride_x);
    visitor(f::kInputHeight, self.input_height);
    visitor(f::kInputWidth, self.input_width);
    visitor(f::kInputRowPitch, self.input_row_pitch);
    visitor(f::kInputBlockPitch, self.input_block_pitch);
    visitor(f::kOutputRowPitch, self.output_row_pitch);
    visitor(f::kResidualRowPitch, self.residual_row_pitch);
    visitor(f::kResidualStrideY, self.residual_stride_y);
    visitor(f::kResidualStrideX, self.residual_stride_x);
  }
};

struct MultiplyInstruction {
  static constexpr contract::Opcode kOpcode = contract::Opcode::kMultiply;
  static constexpr const char* kName = "MULTIPLY";
  int64_t wait_frames = 0, wait_rows = 0, wait_products = 0, weight_address = 0,
          parameter_address = 0, input_base = 0, input_phase = 0, input_y = 0, input_x = 0,
          height = 1, width = 1, output_base = 0, output_phase = 0, residual = 0, residual_base = 0,
          residual_phase = 0, wait_stores = 0;

  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& visitor) {
    namespace f = contract::multiply;
    visitor(f::kWaitFrames, self.wait_frames);
    visitor(f::kWaitRows, self.wait_rows);
    visitor(f::kWaitProducts, self.wait_products);
    visitor(f::kWeightAddress, self.weight_address);
    visitor(f::kParameterAddress, self.parameter_address);
    visitor(f::kInputBase, self.input_base);
    visitor(f::kInputPhase, self.input_phase);
    visitor(f::kInputY, self.input_y);
    visitor(f::kInputX, self.input_x);
    visitor(f::kHeight, self.height);
    visitor(f::kWidth, self.width);
    visitor(f::kOutputBase, self.output_base);
    visitor(f::kOutputPhase, self.output_phase);
    visitor(f::kResidual, self.residual);
    visitor(f::kResidualBase, self.residual_base);
    visitor(f::kResidualPhase, self.residual_phase);
    visitor(f::kWaitStores, self.wait_stores);
  }
};

struct TableInstruction {
  static constexpr contract::Opcode kOpcode = contract::Opcode::kTable;
  static constexpr const char* kName = "TABLE";
  int64_t table_address = 0, slot = 0;

  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& visitor) {
    visitor(contract::table::kTableAddress, self.table_address);
    visitor(contract::table::kSlot, self.slot);
  }
};

struct LoadWeightsInstruction {
  static constexpr contract::Opcode kOpcode = contract::Opcode::kLoadWeights;
  static constexpr const char* kName = "LOAD_WEIGHTS";
  int64_t count = 0, wait_products = 0, destination = 0, resident = 0;

  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& visitor) {
    namespace f = contract::load_weights;
    visitor(f::kCount, self.count);
    visitor(f::kWaitProducts, self.wait_products);
    visitor(f::kDestination, self.destination);
    visitor(f::kResident, self.resident);
  }
};

struct LoadInputInstruction {
  static constexpr contract::Opcode kOpcode = contract::Opcode::kLoadInput;
  static constexpr const char* kName = "LOAD_INPUT";
  int64_t turn = 0, wait_products = 0, source = 0, rows = 0, width = 0, blocks = 0, base = 0,
          phase = 0, row_pitch = 0, block_pitch = 0;

  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& visitor) {
    namespace f = contract::load_input;
    visitor(f::kTurn, self.turn);
    visitor(f::kWaitProducts, self.wait_products);
    visitor(f::kSource, self.source);
    visitor(f::kRows, self.rows);
    visitor(f::kWidth, self.width);
    visitor(f::kBlocks, self.blocks);
    visitor(f::kBase, self.base);
    visitor(f::kPhase, self.phase);
    visitor(f::kRowPitch, self.row_pitch);
    visitor(f::kBlockPitch, self.block_pitch);
  }
};

struct StoreInstruction {
  static constexpr contract::Opcode kOpcode = contract::Opcode::kStore;
  static constexpr const char* kName = "STORE";
  int64_t wait_products = 0, destination = 0, rows = 0, width = 0, blocks = 0, base = 0, phase = 0,
          row_pitch = 0, block_pitch = 0;

  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& visitor) {
    namespace f = contract::store;
    visitor(f::kWaitProducts, self.wait_products);
    visitor(f::kDestination, self.destination);
    visitor(f::kRows, self.rows);
    visitor(f::kWidth, self.width);
    visitor(f::kBlocks, self.blocks);
    visitor(f::kBase, self.base);
    visitor(f::kPhase, self.phase);
    visitor(f::kRowPitch, self.row_pitch);
    visitor(f::kBlockPitch, self.block_pitch);
  }
};

struct EndInstruction {
  static constexpr contract::Opcode kOpcode = contract::Opcode::kEnd;
  static constexpr const char* kName = "END";
  int64_t products = 0, rows = 0, overlap = 0;

  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& visitor) {
    visitor(contract::end::kProducts, self.products);
    visitor(contract::end::kRows, self.rows);
    visitor(contract::end::kOverlap, self.overlap);
  }
};

using Instruction =
    std::variant<LayerInstruction, MultiplyInstruction, TableInstruction, LoadWeightsInstruction,
                 LoadInputInstruction, StoreInstruction, EndInstruction>;

using InstructionBytes = std::array<uint8_t, contract::kInstructionBytes>;

/// `where` names the layer or the purpose, for the error message.
InstructionBytes encode(const Instruction& instruction, const std::string& where);
/// `bytes` has kInstructionBytes; `index` is for the error message. Bits outside the fields count
/// for nothing.
Instruction decode(const uint8_t* bytes, uint64_t index);

/// Parameter record of one output lane; the default writes zero.
struct Parameter {
  int64_t bias = 0, m = 0, mr = 0, shift = 1, lo = 0, hi = 0;

  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& visitor) {
    namespace f = contract::parameter;
    visitor(f::kBias, self.bias);
    visitor(f::kM, self.m);
    visitor(f::kShift, self.shift);
    visitor(f::kHi, self.hi);
    visitor(f::kLo, self.lo);
    visitor(f::kMr, self.mr);
  }
};

/// How a layer's parameter records stand in memory (LAYER.short_parameters, LAYER.output_signed).
struct ParameterForm {
  bool is_short = false;
  bool output_signed = false;

  uint32_t words() const { return is_short ? 2 : 3; }  ///< weight words of a block's records
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

}  // namespace keyway::program
