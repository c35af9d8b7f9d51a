// SPDX-License-Identifier: Apache-2.0
#include "simulate/decoded.hpp"

#include <algorithm>
#include <array>

#include "arith/number_system.hpp"
#include "common/error.hpp"
#include "common/integers.hpp"
#include "program/digit_schedule.hpp"

namespace keyway::simulate {
namespace {

using common::ceil_div;
using program::CoreConfig;
using program::Mode;

constexpr int64_t kUnit = contract::kTransferUnitBytes;
/// A MULTIPLY that needs more is no program of ours and would only keep the machine busy.
constexpr uint64_t kMostProducts = uint64_t{1} << 36;
constexpr uint64_t kMostPatchWords = uint64_t{1} << 22;

class Decoder {
 public:
  Decoder(const CoreConfig& core, const std::vector<uint8_t>& image, size_t weight_bytes)
      : core_(core), image_(image), payloads_(weight_bytes / contract::kPayloadBytes) {}

  DecodedProgram run() {
    find_end();
    for (index_ = 0; index_ + 1 < program_.instructions; ++index_) {
      std::visit([this](const auto& i) { step(i); }, at(index_));
    }
    return std::move(program_);
  }

 private:
  program::Instruction at(uint64_t index) const {
    return program::decode(image_.data() + index * contract::kInstructionBytes, index);
  }

  void find_end() {
    for (uint64_t i = 0;; ++i) {
      if ((i + 1) * contract::kInstructionBytes > image_.size()) malformed(i, "there is no END");
      const program::Instruction instruction = at(i);
      if (const auto* end = std::get_if<program::EndInstruction>(&instruction)) {
        program_.instructions = i + 1;
        program_.end = *end;
        return;
      }
    }
  }

  void require(bool condition, const char* what) const {
    if (!condition) malformed(index_, what);
  }

  ActivationMap map(int64_t base, int64_t phase, int64_t row_pitch, int64_t block_pitch) const {
    return {core_.block_banks(), base, phase, row_pitch, block_pitch, core_.bank_words()};
  }

  void step(const program::LayerInstruction& i) {
    require(i.mode <= static_cast<int64_t>(Mode::kMaximum), "unknown mode");
    require(i.kernel_h > 0 && i.kernel_w > 0 && i.blocks > 0, "an empty kernel");
    require(i.stride_y > 0 && i.stride_x > 0, "a stride of zero");
    require(i.input_height > 0 && i.input_width > 0, "an empty input");
    if (i.ones == 0 && i.mode != static_cast<int64_t>(Mode::kMaximum)) {
      const arith::NumberSystemInfo* system = arith::find_number_system(i.number_system);
      require(system != nullptr, "unknown number system");
      require(system->runs_on(core_.array_kind), "a number system that this array does not have");
    }
    require(i.pair_rows == 0 || (core_.read_words() == 2 && i.mode == 0),
            "rows are paired only in dense products that read two words");
    layer_ = i;
    has_layer_ = true;
  }

  void step(const program::MultiplyInstruction& i) {
    require(has_layer_, "a MULTIPLY before any LAYER");
    require(i.height > 0 && i.width > 0 && i.height * i.width <= contract::kAccumulatorPixels,
            "a group of no or too many pixels");
    const auto& l = layer_;
    MultiplyStep step;
    step.index = index_;
    step.layer = l;
    step.multiply = i;
    step.mode = static_cast<Mode>(l.mode);
    const bool dense = step.mode == Mode::kDense;
    step.input_blocks = dense ? l.blocks : core_.lane_words();

    WordBox& in = step.input;
    in.map = map(i.input_base, i.input_phase, l.input_row_pitch, l.input_block_pitch);
    in.blocks = step.input_blocks;
    const int64_t rows = (i.height - 1) * l.stride_y + l.kernel_h;
    const int64_t columns = (i.width - 1) * l.stride_x + l.kernel_w;
    in.y = std::clamp<int64_t>(i.input_y, 0, l.input_height);
    in.y_end = std::clamp<int64_t>(i.input_y + rows, 0, l.input_height);
    in.x = std::clamp<int64_t>(i.input_x, 0, l.input_width);
    in.x_end = std::clamp<int64_t>(i.input_x + columns, 0, l.input_width);
    require(in.inside_memory(), "operands outside the activation memory");
    require(static_cast<uint64_t>(rows * columns * step.input_blocks) <= kMostPatchWords,
            "a window of unreasonable size");

    WordBox& out = step.output;
    out.map = map(i.output_base, i.output_phase, l.output_row_pitch, 0);
    out.blocks = core_.lane_words();
    out.y_end = i.height;
    out.x_end = i.width;
    require(out.inside_memory(), "an output outside the activation memory");

    if (i.residual != 0) {
      require(l.residual_stride_y > 0 && l.residual_stride_x > 0, "a stride of zero");
      WordBox& residual = step.residual;
      residual.map = map(i.residual_base, i.residual_phase, l.residual_row_pitch, 0);
      residual.blocks = core_.lane_words();
      residual.stride_y = l.residual_stride_y;
      residual.stride_x = l.residual_stride_x;
      residual.y_end = (i.height - 1) * l.residual_stride_y + 1;
      residual.x_end = (i.width - 1) * l.residual_stride_x + 1;
      require(residual.inside_memory(), "a residual outside the activation memory");
    }
    step.passes = passes();
    const uint64_t products = static_cast<uint64_t>(i.height * i.width) *
                              static_cast<uint64_t>(l.kernel_h * l.kernel_w * step.input_blocks) *
                              core_.tile_codes();
    require(products <= kMostProducts, "a product of unreasonable size");
    step.reads_weights = step.mode != Mode::kMaximum && l.ones == 0;
    uint64_t tile_bytes = 0;
    if (step.reads_weights) {
      const auto& system = arith::info(static_cast<arith::NumberSystem>(l.number_system));
      const uint32_t loaded = table_entries_[static_cast<size_t>(l.table_slot)];
      require(!system.has_table || loaded == 0 || loaded == system.codes(),
              "a table that is not as long as its codes need");
      tile_bytes = core_.tile_bytes(system.code_bits);
    }
    program_.cycles += cycles(i, tile_bytes / core_.weight_word_bytes());
    if (step.reads_weights) {
      step.weight_bytes = step.passes * tile_bytes;
      require(word_address(i.weight_address) + step.weight_bytes <= core_.weight_bytes,
              "weights outside the weight memory");
    }
    require(word_address(i.parameter_address) +
                    program::form_of(l).words() * uint64_t{core_.weight_word_bytes()} <=
                core_.weight_bytes,
            "parameters outside the weight memory");
    program_.steps.emplace_back(step);
  }

  void step(const program::TableInstruction& i) {
    const bool is_short = i.short_table != 0;
    require(word_address(i.table_address) + program::table_bytes(is_short) <= core_.weight_bytes,
            "a table outside the weight memory");
    table_entries_[static_cast<size_t>(i.slot)] = program::table_entries(is_short);
    program_.steps.emplace_back(TableStep{index_, i});
  }

  void step(const program::LoadWeightsInstruction& i) {
    const auto count = static_cast<uint64_t>(i.count);
    require(frames_ + count <= payloads_, "weight frames beyond the package's end");
    const auto destination = static_cast<uint64_t>(i.destination * kUnit);
    require(destination + count * contract::kPayloadBytes <= core_.weight_bytes,
            "weight frames outside the weight memory");
    require(destination >= program_.instructions * contract::kInstructionBytes,
            "weight frames over the instructions");
    program_.steps.emplace_back(LoadWeightsStep{index_, i, frames_});
    frames_ += count;
  }

  void step(const program::LoadInputInstruction& i) {
    require(i.turn <= static_cast<int64_t>(program::Turn::kNext), "unknown turn");
    const WordBox words = transfer(i);
    program_.input_bytes = std::max(program_.input_bytes, transfer_end(i.source, words));
    program_.steps.emplace_back(LoadInputStep{index_, i, words});
  }

  void step(const program::StoreInstruction& i) {
    const WordBox words = transfer(i);
    program_.output_bytes = std::max(program_.output_bytes, transfer_end(i.destination, words));
    program_.steps.emplace_back(StoreStep{index_, i, words});
  }

  void step(const program::EndInstruction&) {}

  template <typename Transfer>
  WordBox transfer(const Transfer& i) const {
    WordBox words;
    words.map = map(i.base, i.phase, i.row_pitch, i.block_pitch);
    words.blocks = i.blocks;
    words.y_end = i.rows;
    words.x_end = i.width;
    require(words.inside_memory(), "a transfer outside the activation memory");
    require(static_cast<uint64_t>(i.rows * i.width * i.blocks) <= kMostPatchWords,
            "a transfer of unreasonable size");
    return words;
  }

  size_t transfer_end(int64_t unit, const WordBox& words) const {
    return static_cast<size_t>(unit * kUnit +
                               words.y_end * words.x_end * words.blocks * core_.word_channels());
  }

  uint64_t word_address(int64_t address) const {
    return static_cast<uint64_t>(address) * core_.weight_word_bytes();
  }

  uint64_t passes() const {
    const auto& l = layer_;
    if (l.mode != static_cast<int64_t>(Mode::kDense)) {
      return static_cast<uint64_t>(ceil_div(l.kernel_h, contract::kWindowRows) *
                                   ceil_div(l.kernel_w, core_.max_columns()));
    }
    const int64_t words = core_.read_words();
    if (l.pair_rows != 0) {
      return static_cast<uint64_t>(ceil_div(l.kernel_h, words) * l.kernel_w * l.blocks);
    }
    return static_cast<uint64_t>(l.kernel_h * l.kernel_w * ceil_div(l.blocks, words));
  }

  /// Of one MULTIPLY; a pass waits for its tile, which takes `tile` cycles, 0 if there is none.
  uint64_t cycles(const program::MultiplyInstruction& i, uint64_t tile) const {
    const auto& l = layer_;
    const program::DigitSchedule schedule(i);
    const bool has_digits = core_.digit_passes() && tile > 0;
    const auto pass = [&](int64_t steps) {
      return std::max(static_cast<uint64_t>(steps) * core_.step_cycles(), tile);
    };
    if (l.mode == static_cast<int64_t>(Mode::kDense)) {
      return (has_digits ? schedule.sum(passes()) : passes()) * pass(i.height * i.width);
    }
    uint64_t number = 0, sum = 0;
    const int64_t most = core_.max_columns();
    for (int64_t ky = 0; ky < l.kernel_h; ky += contract::kWindowRows) {
      for (int64_t kx = 0; kx < l.kernel_w; kx += most, ++number) {
        const int64_t columns = (i.width - 1) * l.stride_x + std::min(most, l.kernel_w - kx);
        sum += (has_digits ? schedule.digits(number) : 1) * pass(i.height * columns);
      }
    }
    return sum;
  }

  const CoreConfig& core_;
  const std::vector<uint8_t>& image_;
  uint64_t payloads_;
  DecodedProgram program_;
  program::LayerInstruction layer_;
  bool has_layer_ = false;
  std::array<uint32_t, contract::kTableSlots> table_entries_{};  ///< 0: nothing is loaded
  uint64_t index_ = 0, frames_ = 0;
};

}  // namespace

void malformed(uint64_t instruction, const std::string& what) {
  throw Error(ErrorKind::kFile,
              "malformed program: instruction " + std::to_string(instruction) + ": " + what);
}

DecodedProgram decode_program(const CoreConfig& core, const std::vector<uint8_t>& program_image,
                              size_t weight_bytes) {
  if (program_image.size() > core.weight_bytes) {
    throw Error(ErrorKind::kFile, "malformed program: it exceeds the weight memory");
  }
  return Decoder(core, program_image, weight_bytes).run();
}

}  // namespace keyway::simulate
