// SPDX-License-Identifier: Apache-2.0
#include "golden.hpp"

#include <algorithm>

#include "operand_by_definition.hpp"

namespace keyway::test {

namespace {

int activation(uint8_t byte, bool is_signed) {
  return is_signed ? static_cast<int8_t>(byte) : byte;
}

}  // namespace

Golden::Golden(const Shape& shape)
    : shape_(shape),
      weights_(shape.weight_bytes, 0),
      banks_(static_cast<size_t>(4 * shape.block_banks()),
             Bytes(static_cast<size_t>(shape.bank_words() * shape.word_channels()), 0)) {}

void Golden::write_weights(const Bytes& image) {
  if (image.size() > weights_.size()) throw std::runtime_error("weight image is too large");
  std::copy(image.begin(), image.end(), weights_.begin());
}

uint8_t Golden::weight(size_t address) const {
  if (address >= weights_.size()) throw std::runtime_error("weight address outside the memory");
  return weights_[address];
}

uint8_t* Golden::word(const Place& place, int block, int row, int column) {
  const int banks = shape_.block_banks();
  const int address = place.base + (row + place.phase) / 4 * place.row_pitch +
                      block / banks * place.block_pitch + column;
  if (address < 0 || address >= shape_.bank_words()) {
    throw std::runtime_error("activation address outside the bank");
  }
  Bytes& bank = banks_[static_cast<size_t>((row + place.phase) % 4 * banks + block % banks)];
  return &bank[static_cast<size_t>(address * shape_.word_channels())];
}

int64_t Golden::product(int code, int digits, int activation) const {
  namespace f = contract::layer;
  const auto system = static_cast<arith::NumberSystem>(layer_.get(f::kNumberSystem));
  const auto slot = static_cast<size_t>(layer_.get(f::kTableSlot));
  if (arith::info(system).has_digits) code &= 0xff00 >> 2 * digits;
  return product_by_definition(arith::info(system), static_cast<uint8_t>(code), activation,
                               tables_[slot], shape_.array_kind);
}

void Golden::multiply(const Instruction& job) {
  namespace l = contract::layer;
  namespace f = contract::multiply;
  const auto lf = [&](const contract::Field& field) { return static_cast<int>(layer_.get(field)); };
  const auto jf = [&](const contract::Field& field) { return static_cast<int>(job.get(field)); };

  const int mode = lf(l::kMode);
  const bool dense = mode == 0, maximum = mode == 2, ones = lf(l::kOnes) != 0;
  const int kernel_h = lf(l::kKernelH), kernel_w = lf(l::kKernelW), blocks = lf(l::kBlocks);
  const bool input_signed = lf(l::kInputSigned) != 0;
  const int height = jf(f::kHeight), width = jf(f::kWidth), pixels = height * width;
  const int lanes = shape_.lanes, channels = shape_.word_channels();
  const Place in{jf(f::kInputBase), jf(f::kInputPhase), lf(l::kInputRowPitch),
                 lf(l::kInputBlockPitch)};

  // Activation at tap (ky, kx) of output pixel p; false outside the image.
  const auto tap = [&](int p, int ky, int kx, int block, int channel, int& value) {
    const int row = jf(f::kInputY) + p / width * lf(l::kStrideY) + ky;
    const int column = jf(f::kInputX) + p % width * lf(l::kStrideX) + kx;
    if (row < 0 || row >= lf(l::kInputHeight) || column < 0 || column >= lf(l::kInputWidth)) {
      return false;
    }
    value = activation(word(in, block, row, column)[channel], input_signed);
    return true;
  };
  int number = 0;  // of the tile
  const auto digits = [&] {
    const int entry = number / (jf(f::kScheduleRun) + 1) % 24;
    return 1 + static_cast<int>(job.get(f::kSchedule) >> 2 * entry & 3);
  };
  size_t tile = static_cast<size_t>(jf(f::kWeightAddress) * shape_.weight_word_bytes());
  const arith::NumberSystemInfo* system = arith::find_number_system(lf(l::kNumberSystem));
  const uint32_t code_bits = system != nullptr ? system->code_bits : 8;
  const auto times_weight = [&](int x, int lane, int depth) -> int64_t {
    if (ones) return x;
    const int word = code_bits == 4 ? depth / 8 : depth / 4;
    const int byte = weight(
        tile + static_cast<size_t>(word * shape_.weight_word_bytes() + depth % 4 + 4 * lane));
    if (code_bits == 8) return product(byte, digits(), x);
    return product(depth / 4 % 2 == 0 ? byte & 15 : byte >> 4, digits(), x);
  };

  std::vector<std::vector<int64_t>> sum(
      static_cast<size_t>(pixels),
      std::vector<int64_t>(static_cast<size_t>(lanes), maximum ? -256 : 0));
  const auto next_tile = [&] {
    ++number;
    if (!ones && !maximum)
      tile += static_cast<size_t>(shape_.tile_words(code_bits) * shape_.weight_word_bytes());
  };
  if (dense) {
    const int words = shape_.read_words();
    const bool pair = lf(l::kPairRows) != 0 && words == 2;
    for (int ky = 0; ky < kernel_h; ky += pair ? 2 : 1) {
      for (int kx = 0; kx < kernel_w; ++kx) {
        for (int b = 0; b < blocks; b += pair ? 1 : words) {
          for (int w = 0; w < words; ++w) {
            const int block = pair ? b : b + w, tap_row = pair ? ky + w : ky;
            if (block >= blocks || tap_row >= kernel_h) continue;
            for (int p = 0; p < pixels; ++p) {
              for (int c = 0; c < channels; ++c) {
                int x = 0;
                if (!tap(p, tap_row, kx, block, c, x)) continue;
                for (int lane = 0; lane < lanes; ++lane) {
                  sum[static_cast<size_t>(p)][static_cast<size_t>(lane)] +=
                      times_weight(x, lane, w * channels + c);
                }
              }
            }
          }
          next_tile();
        }
      }
    }
  } else {
    const int most = shape_.max_columns();
    for (int ky = 0; ky < kernel_h; ky += 3) {
      for (int kx = 0; kx < kernel_w; kx += most) {
        const int rows = std::min(3, kernel_h - ky), columns = std::min(most, kernel_w - kx);
        for (int p = 0; p < pixels; ++p) {
          for (int lane = 0; lane < lanes; ++lane) {
            int64_t& s = sum[static_cast<size_t>(p)][static_cast<size_t>(lane)];
            for (int r = 0; r < rows; ++r) {
              for (int c = 0; c < columns; ++c) {
                int x = 0;
                if (!tap(p, ky + r, kx + c, lane / channels, lane % channels, x)) continue;
                if (maximum)
                  s = std::max<int64_t>(s, x);
                else
                  s += times_weight(x, lane, r * most + most - columns + c);
              }
            }
          }
        }
        next_tile();
      }
    }
  }

  const Place out{jf(f::kOutputBase), jf(f::kOutputPhase), lf(l::kOutputRowPitch), 0};
  const Place residual{jf(f::kResidualBase), jf(f::kResidualPhase), lf(l::kResidualRowPitch), 0};
  const bool is_short = lf(l::kShortParameters) != 0;
  const auto parameters =
      static_cast<size_t>(jf(f::kParameterAddress) * shape_.weight_word_bytes());
  for (int p = 0; p < pixels; ++p) {
    for (int lane = 0; lane < lanes; ++lane) {
      Record record{};
      for (int i = 0; i < (is_short ? 8 : 12); ++i) {
        record[static_cast<size_t>(i)] =
            weight(parameters + static_cast<size_t>(4 * (i / 4 * lanes + lane) + i % 4));
      }
      if (is_short && lf(l::kOutputSigned) != 0) {
        set_field(record.data(), contract::parameter::kLo, -128);
      }
      const auto field = [&](const contract::Field& which) {
        return get_field(record.data(), which);
      };
      int64_t r = 0;
      if (job.get(f::kResidual) != 0) {
        const uint8_t* at = word(residual, lane / channels, p / width * lf(l::kResidualStrideY),
                                 p % width * lf(l::kResidualStrideX));
        r = activation(at[lane % channels], lf(l::kResidualSigned) != 0);
      }
      const auto acc = static_cast<int32_t>(sum[static_cast<size_t>(p)][static_cast<size_t>(lane)]);
      const int64_t shift = field(contract::parameter::kShift);
      const int64_t rounding = shift > 0 ? int64_t{1} << (shift - 1) : 0;
      const int64_t total =
          field(contract::parameter::kM) * (acc + field(contract::parameter::kBias)) +
          field(contract::parameter::kMr) * r + rounding;
      const int64_t q = std::max(field(contract::parameter::kLo),
                                 std::min(field(contract::parameter::kHi), total >> shift));
      word(out, lane / channels, p / width, p % width)[lane % channels] = static_cast<uint8_t>(q);
    }
  }
  ++products_;
}

void Golden::load_input(const Instruction& instruction, const Bytes& input, size_t offset) {
  namespace f = contract::load_input;
  const auto get = [&](const contract::Field& field) {
    return static_cast<int>(instruction.get(field));
  };
  const Place place{get(f::kBase), get(f::kPhase), get(f::kRowPitch), get(f::kBlockPitch)};
  size_t from = offset + static_cast<size_t>(get(f::kSource)) * 16;
  for (int y = 0; y < get(f::kRows); ++y) {
    for (int b = 0; b < get(f::kBlocks); ++b) {
      for (int x = 0; x < get(f::kWidth); ++x) {
        uint8_t* to = word(place, b, y, x);
        for (int c = 0; c < shape_.word_channels(); ++c) to[c] = input.at(from++);
      }
    }
  }
}

StoredBlock Golden::store(const Instruction& instruction) {
  namespace f = contract::store;
  const auto get = [&](const contract::Field& field) {
    return static_cast<int>(instruction.get(field));
  };
  const Place place{get(f::kBase), get(f::kPhase), get(f::kRowPitch), get(f::kBlockPitch)};
  StoredBlock block;
  block.offset = static_cast<uint32_t>(get(f::kDestination)) * 16;
  for (int y = 0; y < get(f::kRows); ++y) {
    for (int b = 0; b < get(f::kBlocks); ++b) {
      for (int x = 0; x < get(f::kWidth); ++x) {
        const uint8_t* from = word(place, b, y, x);
        block.data.insert(block.data.end(), from, from + shape_.word_channels());
      }
    }
  }
  block.bytes = static_cast<uint32_t>(block.data.size());
  block.data.resize((block.data.size() + 15) / 16 * 16, 0);
  return block;
}

std::vector<StoredBlock> Golden::run(const Bytes& input, const std::vector<Bytes>& frames,
                                     const Inputs& inputs) {
  std::vector<StoredBlock> stored;
  products_ = 0;
  for (int i = 0; i < inputs.count; ++i) run_once(input, frames, inputs, i, stored);
  return stored;
}

void Golden::run_once(const Bytes& input, const std::vector<Bytes>& frames, const Inputs& inputs,
                      int number, std::vector<StoredBlock>& stored) {
  size_t frame = 0;
  for (size_t at = 0;; at += 32) {
    if (at + 32 > weights_.size()) throw std::runtime_error("program has no END");
    const Instruction instruction(&weights_[at]);
    switch (static_cast<contract::Opcode>(instruction.opcode())) {
      case contract::Opcode::kLayer:
        layer_ = instruction;
        break;
      case contract::Opcode::kMultiply:
        multiply(instruction);
        break;
      case contract::Opcode::kTable: {
        namespace f = contract::table;
        auto& table = tables_[static_cast<size_t>(instruction.get(f::kSlot))];
        const auto from = static_cast<size_t>(instruction.get(f::kTableAddress)) *
                          static_cast<size_t>(shape_.weight_word_bytes());
        const bool is_short = instruction.get(f::kShortTable) != 0;
        for (size_t i = 0; i < (is_short ? 16 : table.size()); ++i) {
          const int value = (weight(from + 2 * i) | weight(from + 2 * i + 1) << 8) & 0xfff;
          table[i] = static_cast<int16_t>(value >= 0x800 ? value - 0x1000 : value);
        }
        break;
      }
      case contract::Opcode::kLoadWeights: {
        namespace f = contract::load_weights;
        if (instruction.get(f::kResident) != 0 && number > 0) break;
        auto to = static_cast<size_t>(instruction.get(f::kDestination)) * 16;
        for (int64_t i = 0; i < instruction.get(f::kCount); ++i) {
          for (uint8_t byte : frames.at(frame)) weights_.at(to++) = byte;
          ++frame;
        }
        break;
      }
      case contract::Opcode::kLoadInput: {
        const int64_t turn = instruction.get(contract::load_input::kTurn);
        const int which = turn == 2 ? number + 1 : number;
        if ((turn == 1 && number > 0) || which == inputs.count) break;
        load_input(instruction, input, size_t{inputs.input_stride} * static_cast<size_t>(which));
        break;
      }
      case contract::Opcode::kStore:
        stored.push_back(store(instruction));
        stored.back().offset += inputs.output_stride * static_cast<uint32_t>(number);
        break;
      case contract::Opcode::kEnd:
        return;
      default:
        throw std::runtime_error("unknown opcode");
    }
  }
}

}  // namespace keyway::test
