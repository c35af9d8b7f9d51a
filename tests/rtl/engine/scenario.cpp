// SPDX-License-Identifier: Apache-2.0
#include "scenario.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "arith/number_system.hpp"
#include "systems_on.hpp"

namespace keyway::test {

namespace {

constexpr int kProgramBytes = 16 * 1024;

int round_up(int value, int to) { return (value + to - 1) / to * to; }

}  // namespace

Scenario::Scenario(const Shape& shape, uint64_t seed)
    : shape_(shape),
      random_(seed),
      weights_(shape.weight_bytes, 0),
      weight_words_used_(kProgramBytes / shape.weight_word_bytes()) {}

void Scenario::several_inputs(int count, bool overlap) {
  inputs_ = count;
  overlap_ = overlap;
}

Inputs Scenario::inputs() const {
  Inputs inputs;
  inputs.count = inputs_;
  // A gap, so that a stride is not the size of an image by accident.
  inputs.input_stride = static_cast<uint32_t>(round_up(static_cast<int>(input_.size()), 16) + 32);
  inputs.output_stride = static_cast<uint32_t>(16 * output_beats_ + 48);
  return inputs;
}

Bytes Scenario::input_bytes() const {
  Bytes bytes = input_;
  std::mt19937_64 random(input_.size());
  while (bytes.size() < size_t{inputs().input_stride} * static_cast<size_t>(inputs_)) {
    bytes.push_back(static_cast<uint8_t>(random()));
  }
  return bytes;
}

Tensor Scenario::place(int height, int width, int blocks, bool is_signed, int phase) {
  Tensor t;
  t.height = height;
  t.width = width;
  t.blocks = blocks;
  t.is_signed = is_signed;
  t.phase = phase >= 0 ? phase : uniform(0, 3);
  t.row_pitch = width + uniform(0, 2);
  const int rows = (height + t.phase + 3) / 4;
  const int block_rows = (blocks + shape_.block_banks() - 1) / shape_.block_banks();
  t.block_pitch = t.row_pitch * rows + uniform(0, 2);
  t.base = activation_words_used_ + uniform(0, 3);
  activation_words_used_ = t.base + t.block_pitch * block_rows;
  if (activation_words_used_ > shape_.bank_words()) {
    throw std::runtime_error("activation memory is full");
  }
  t.products = must_wait_;
  return t;
}

void Scenario::reuse_activations() {
  activation_words_used_ = 0;
  must_wait_ = products_;
}

Tensor Scenario::input(int height, int width, int blocks, bool is_signed, int parts, int phase) {
  namespace f = contract::load_input;
  Tensor t = place(height, width, blocks, is_signed, phase);
  for (int part = 0; part < parts; ++part) {
    const int first = height * part / parts, last = height * (part + 1) / parts;
    if (first == last) continue;
    const int position = first + t.phase;
    program_.push_back(Instruction(contract::Opcode::kLoadInput)
                           .set(f::kTurn, overlap_ ? 1 : 0)
                           .set(f::kWaitProducts, must_wait_)
                           .set(f::kSource, static_cast<int64_t>(input_.size() / 16))
                           .set(f::kRows, last - first)
                           .set(f::kWidth, width)
                           .set(f::kBlocks, blocks)
                           .set(f::kBase, t.base + position / 4 * t.row_pitch)
                           .set(f::kPhase, position % 4)
                           .set(f::kRowPitch, t.row_pitch)
                           .set(f::kBlockPitch, t.block_pitch));
    const int bytes = (last - first) * width * blocks * shape_.word_channels();
    for (int i = 0; i < round_up(bytes, 16); ++i) {
      input_.push_back(static_cast<uint8_t>(uniform(0, 255)));
    }
  }
  input_rows_ += height;
  t.rows = input_rows_;
  return t;
}

int Scenario::take_weights(int words) {
  const int at = weight_words_used_;
  weight_words_used_ += words;
  if (static_cast<size_t>(weight_words_used_ * shape_.weight_word_bytes()) > weights_.size()) {
    throw std::runtime_error("weight memory is full");
  }
  return at;
}

int Scenario::add_weights(int words) {
  const int at = take_weights(words);
  const auto from = static_cast<size_t>(at * shape_.weight_word_bytes());
  for (size_t i = 0; i < static_cast<size_t>(words * shape_.weight_word_bytes()); ++i) {
    weights_[from + i] = static_cast<uint8_t>(uniform(0, 255));
  }
  return at;
}

int Scenario::add_weight_frames(int words, bool resident) {
  namespace f = contract::load_weights;
  const int payload = static_cast<int>(contract::kPayloadBytes);
  const int count = (words * shape_.weight_word_bytes() + payload - 1) / payload;
  const int at = take_weights(round_up(count * payload, shape_.weight_word_bytes()) /
                              shape_.weight_word_bytes());
  for (int i = 0; i < count; ++i) {
    Bytes frame(static_cast<size_t>(payload));
    for (uint8_t& byte : frame) byte = static_cast<uint8_t>(uniform(0, 255));
    frames_.push_back(std::move(frame));
  }
  program_.push_back(Instruction(contract::Opcode::kLoadWeights)
                         .set(f::kCount, count)
                         .set(f::kDestination, at * shape_.weight_word_bytes() / 16)
                         .set(f::kResident, resident));
  return at;
}

std::optional<int> system_with_table(contract::ArrayKind kind, uint32_t code_bits) {
  for (const auto& system : systems_on(kind)) {
    if (system.has_table && system.code_bits == code_bits) return static_cast<int>(system.system);
  }
  return std::nullopt;
}

int first_system(contract::ArrayKind kind) {
  return static_cast<int>(systems_on(kind).front().system);
}

namespace {

/// About the root mean square of operands whose codes are random, a power of two.
int usual_operand(const LayerSpec& spec, contract::ArrayKind kind) {
  if (spec.ones || spec.mode == 2) return 1;
  const auto& system = arith::info(static_cast<arith::NumberSystem>(spec.number_system));
  if (system.tabulate != nullptr) return 1024;
  double square = 0;
  for (const int32_t operand : system.operands({}, kind)) {
    square += static_cast<double>(operand) * operand / contract::kTableEntries;
  }
  return 1 << static_cast<int>(std::log2(std::sqrt(square)));
}

}  // namespace

void Scenario::table(int slot, int number_system) {
  namespace f = contract::table;
  const uint32_t codes = arith::info(static_cast<arith::NumberSystem>(number_system)).codes();
  const int bytes = 2 * static_cast<int>(codes);
  const int at = add_weights((bytes + shape_.weight_word_bytes() - 1) / shape_.weight_word_bytes());
  program_.push_back(Instruction(contract::Opcode::kTable)
                         .set(f::kTableAddress, at)
                         .set(f::kSlot, slot)
                         .set(f::kShortTable, codes == 16));
}

int Scenario::add_parameters(const LayerSpec& spec, int taps) {
  namespace f = contract::parameter;
  const int words = spec.short_parameters ? 2 : 3;
  const int at = take_weights(words);
  const auto from = static_cast<size_t>(at * shape_.weight_word_bytes());
  const int operand = usual_operand(spec, shape_.array_kind);
  for (int lane = 0; lane < shape_.lanes; ++lane) {
    Record bytes{};
    uint8_t* record = bytes.data();
    const int kind = spec.extreme ? uniform(0, 3) : 0;
    int64_t m = uniform(1, 131071), mr = uniform(-131072, 131071), bias = uniform(-3000, 3000);
    // Sums of about operand * 64 * sqrt(taps) come out between 50 and 400.
    const double size =
        64.0 * operand * std::sqrt(static_cast<double>(taps)) * static_cast<double>(m);
    int64_t shift = std::clamp(static_cast<int>(std::log2(size)) - uniform(6, 8), 1, 47);
    if (uniform(0, 1) == 1) m = -m;
    if (spec.residual && kind == 0) {
      mr = (uniform(0, 1) == 1 ? 1 : -1) * std::min<int64_t>(131071, (int64_t{1} << shift) / 2);
    }
    if (kind == 1) {
      bias = uniform(0, 1) == 1 ? 2147483647 : -2147483648LL;
      m = uniform(0, 1) == 1 ? 131071 : -131072;
      mr = uniform(0, 1) == 1 ? 131071 : -131072;
      shift = uniform(40, 47);
    } else if (kind == 2) {
      shift = uniform(1, 47);
    } else if (kind == 3) {
      m = 0;
      shift = uniform(1, 20);
    }
    set_field(record, f::kBias, bias);
    set_field(record, f::kM, m);
    set_field(record, f::kMr, spec.short_parameters ? 0 : mr);
    set_field(record, f::kShift, shift);
    const int lo = uniform(0, 3) == 0 ? uniform(0, 20) : 0;
    set_field(record, f::kLo, spec.output_signed ? lo - 128 : lo);
    set_field(record, f::kHi, spec.output_signed ? 127 - lo : 255 - lo);
    write_record(&weights_[from], shape_.lanes, lane, words, bytes);
  }
  return at;
}

Tensor Scenario::layer(const Tensor& input, const LayerSpec& wanted) {
  LayerSpec spec = wanted;
  if (spec.number_system < 0) spec.number_system = first_system(shape_.array_kind);
  namespace l = contract::layer;
  namespace f = contract::multiply;
  const int lane_words = shape_.lane_words();
  Tensor out = spec.output ? *spec.output
                           : place(spec.height, spec.width, spec.output_blocks * lane_words,
                                   spec.output_signed);
  out.is_signed = spec.output_signed;
  const bool dense = spec.mode == 0;
  const bool pair = spec.pair_rows && dense && shape_.read_words() == 2;
  const auto ceil_div = [](int a, int b) { return (a + b - 1) / b; };
  const int passes =
      dense ? ceil_div(spec.kernel_h, pair ? 2 : 1) * spec.kernel_w *
                  ceil_div(input.blocks, pair ? 1 : shape_.read_words())
            : ceil_div(spec.kernel_h, 3) * ceil_div(spec.kernel_w, shape_.max_columns());
  const int taps =
      spec.kernel_h * spec.kernel_w * (dense ? input.blocks * shape_.word_channels() : 1);

  Instruction geometry(contract::Opcode::kLayer);
  geometry.set(l::kMode, spec.mode)
      .set(l::kOnes, spec.ones)
      .set(l::kNumberSystem, spec.number_system)
      .set(l::kTableSlot, spec.table_slot)
      .set(l::kInputSigned, input.is_signed)
      .set(l::kResidualSigned, spec.residual && spec.residual->is_signed)
      .set(l::kShortParameters, spec.short_parameters)
      .set(l::kOutputSigned, spec.output_signed)
      .set(l::kPairRows, spec.pair_rows)
      .set(l::kKernelH, spec.kernel_h)
      .set(l::kKernelW, spec.kernel_w)
      .set(l::kBlocks, input.blocks)
      .set(l::kStrideY, spec.stride_y)
      .set(l::kStrideX, spec.stride_x)
      .set(l::kInputHeight, input.height)
      .set(l::kInputWidth, input.width)
      .set(l::kInputRowPitch, input.row_pitch)
      .set(l::kInputBlockPitch, input.block_pitch)
      .set(l::kOutputRowPitch, out.row_pitch);
  if (spec.residual) {
    geometry.set(l::kResidualRowPitch, spec.residual->row_pitch)
        .set(l::kResidualStrideY, spec.residual_stride_y)
        .set(l::kResidualStrideX, spec.residual_stride_x);
  }
  program_.push_back(geometry);

  const int group_w = spec.group_w != 0 ? spec.group_w : std::min(spec.width, 512);
  const int group_h =
      spec.group_h != 0 ? spec.group_h : std::max(1, std::min(spec.height, 512 / group_w));
  const uint32_t code_bits =
      arith::info(static_cast<arith::NumberSystem>(spec.number_system)).code_bits;
  int wait_products = std::max({must_wait_, input.products, out.products});
  int wait_rows = input.rows;
  if (spec.residual) {
    wait_products = std::max(wait_products, spec.residual->products);
    wait_rows = std::max(wait_rows, spec.residual->rows);
  }
  for (int block = 0; block < spec.output_blocks; ++block) {
    const int tiles = spec.ones || spec.mode == 2 ? 0 : passes * shape_.tile_words(code_bits);
    const int weight_address = spec.weights_by_frames && tiles > 0
                                   ? add_weight_frames(tiles, inputs_ > 1)
                                   : add_weights(tiles);
    const int parameters = add_parameters(spec, taps);
    for (int y = 0; y < spec.height; y += group_h) {
      for (int x = 0; x < spec.width; x += group_w) {
        const int height = std::min(group_h, spec.height - y);
        const int width = std::min(group_w, spec.width - x);
        const int out_row = y + out.phase;
        const int in_block = dense ? 0 : block;
        Instruction job(contract::Opcode::kMultiply);
        job.set(f::kWaitFrames, spec.weights_by_frames ? frames_done() : 0)
            .set(f::kWaitRows, wait_rows)
            .set(f::kWaitProducts, wait_products)
            .set(f::kWaitStores, overlap_ ? 1 : 0)
            .set(f::kWeightAddress, weight_address)
            .set(f::kParameterAddress, parameters)
            .set(f::kInputBase, input.base + in_block * input.block_pitch)
            .set(f::kInputPhase, input.phase)
            .set(f::kInputY, y * spec.stride_y - spec.pad_top)
            .set(f::kInputX, x * spec.stride_x - spec.pad_left)
            .set(f::kHeight, height)
            .set(f::kWidth, width)
            .set(f::kOutputBase,
                 out.base + block * out.block_pitch + out_row / 4 * out.row_pitch + x)
            .set(f::kOutputPhase, out_row % 4)
            .set(f::kSchedule, spec.schedule)
            .set(f::kScheduleRun, spec.schedule_run);
        if (spec.residual) {
          const Tensor& r = *spec.residual;
          const int row = y * spec.residual_stride_y + r.phase;
          job.set(f::kResidual, 1)
              .set(f::kResidualBase, r.base + block * r.block_pitch + row / 4 * r.row_pitch +
                                         x * spec.residual_stride_x)
              .set(f::kResidualPhase, row % 4);
        }
        program_.push_back(job);
        ++products_;
      }
    }
  }
  if (input.rows > 0 || (spec.residual && spec.residual->rows > 0)) last_reader_ = products_;
  out.products = products_;
  out.rows = 0;
  return out;
}

void Scenario::store(const Tensor& tensor) {
  namespace f = contract::store;
  program_.push_back(Instruction(contract::Opcode::kStore)
                         .set(f::kWaitProducts, tensor.products)
                         .set(f::kDestination, output_beats_)
                         .set(f::kRows, tensor.height)
                         .set(f::kWidth, tensor.width)
                         .set(f::kBlocks, tensor.blocks)
                         .set(f::kBase, tensor.base)
                         .set(f::kPhase, tensor.phase)
                         .set(f::kRowPitch, tensor.row_pitch)
                         .set(f::kBlockPitch, tensor.block_pitch));
  output_beats_ +=
      round_up(tensor.height * tensor.width * tensor.blocks * shape_.word_channels(), 16) / 16;
}

/// The first weight frame is asked for first (contract.toml, LOAD_INPUT). With several inputs: the
/// loads of the next one, and numbers in END.
std::vector<Instruction> Scenario::program_with_end() const {
  std::vector<Instruction> program = program_;
  const auto frames = std::find_if(program.begin(), program.end(), [](const Instruction& i) {
    return i.opcode() == static_cast<int>(contract::Opcode::kLoadWeights);
  });
  if (frames != program.end()) std::rotate(program.begin(), frames, frames + 1);
  for (const Instruction& instruction : program_) {
    if (!overlap_ || instruction.opcode() != static_cast<int>(contract::Opcode::kLoadInput))
      continue;
    Instruction next = instruction;
    program.push_back(next.set(contract::load_input::kTurn, 2)
                          .set(contract::load_input::kWaitProducts, last_reader_));
  }
  Instruction end(contract::Opcode::kEnd);
  if (inputs_ > 1) {
    end.set(contract::end::kProducts, products_)
        .set(contract::end::kRows, input_rows_)
        .set(contract::end::kOverlap, overlap_);
  }
  program.push_back(end);
  return program;
}

Bytes Scenario::image() const {
  Bytes image = weights_;
  image.resize(static_cast<size_t>(weight_words_used_ * shape_.weight_word_bytes()));
  const std::vector<Instruction> program = program_with_end();
  if (program.size() * 32 > kProgramBytes) throw std::runtime_error("program is too long");
  size_t at = 0;
  for (const Instruction& instruction : program) {
    std::copy(instruction.bytes().begin(), instruction.bytes().end(),
              image.begin() + static_cast<int64_t>(at));
    at += 32;
  }
  return image;
}

std::string Scenario::listing() const {
  std::string text;
  const auto line = [&](const char* name, const Instruction& instruction, const auto& fields) {
    text += name;
    for (const contract::Field& field : fields) {
      const int64_t value = instruction.get(field);
      if (value != 0) text += std::string(" ") + field.name + "=" + std::to_string(value);
    }
    text += "\n";
  };
  for (const Instruction& i : program_with_end()) {
    switch (static_cast<contract::Opcode>(i.opcode())) {
      case contract::Opcode::kLayer:
        line("LAYER", i, contract::layer::kFields);
        break;
      case contract::Opcode::kMultiply:
        line("MULTIPLY", i, contract::multiply::kFields);
        break;
      case contract::Opcode::kTable:
        line("TABLE", i, contract::table::kFields);
        break;
      case contract::Opcode::kLoadWeights:
        line("LOAD_WEIGHTS", i, contract::load_weights::kFields);
        break;
      case contract::Opcode::kLoadInput:
        line("LOAD_INPUT", i, contract::load_input::kFields);
        break;
      case contract::Opcode::kStore:
        line("STORE", i, contract::store::kFields);
        break;
      case contract::Opcode::kEnd:
        line("END", i, contract::end::kFields);
        break;
      default:
        text += "opcode " + std::to_string(i.opcode()) + "\n";
        break;
    }
  }
  return text;
}

// ---------------------------------------------------------------------------- random scenarios
std::unique_ptr<Scenario> random_scenario(const Shape& shape, uint64_t seed) {
  auto scenario = std::make_unique<Scenario>(shape, seed);
  Scenario& s = *scenario;
  const auto chance = [&](int percent) { return s.uniform(1, 100) <= percent; };
  const auto size = [&](int most) { return chance(30) ? s.uniform(1, 3) : s.uniform(1, most); };

  if (chance(40)) s.several_inputs(s.uniform(2, 4), chance(60));
  std::vector<Tensor> tensors;
  const int inputs = s.uniform(1, 2);
  for (int i = 0; i < inputs; ++i) {
    const int height = size(12), parts = s.uniform(1, std::min(3, height));
    tensors.push_back(
        s.input(height, size(12),
                s.uniform(1, 2) * shape.lane_words() - (shape.lane_words() > 1 && chance(20)),
                chance(50), parts));
  }
  std::array<int, contract::kTableSlots> table_codes{};  // that the slots have a table for
  const int layers = s.uniform(1, 5);
  for (int i = 0; i < layers; ++i) {
    const Tensor input =
        tensors[static_cast<size_t>(s.uniform(0, static_cast<int>(tensors.size()) - 1))];
    LayerSpec spec;
    spec.mode = s.uniform(0, 5);
    if (spec.mode > 2) spec.mode = 0;
    spec.ones = chance(10);
    if (!spec.ones && spec.mode != 2) {
      const auto systems = systems_on(shape.array_kind);
      const auto& system =
          systems[static_cast<size_t>(s.uniform(0, static_cast<int>(systems.size()) - 1))];
      spec.number_system = static_cast<int>(system.system);
      if (system.has_table) {
        spec.table_slot = s.uniform(0, 1);
        int& loaded = table_codes[static_cast<size_t>(spec.table_slot)];
        const auto codes = static_cast<int>(system.codes());
        if (loaded != codes || chance(40)) s.table(spec.table_slot, spec.number_system);
        loaded = codes;
      }
    }
    const bool dense = spec.mode == 0;
    spec.kernel_h = chance(10) ? s.uniform(1, 9) : s.uniform(1, 4);
    spec.kernel_w = chance(10) ? s.uniform(1, 9) : s.uniform(1, 4);
    if (dense && chance(40)) spec.kernel_h = spec.kernel_w = 1;
    spec.stride_y = chance(60) ? 1 : s.uniform(1, 3);
    spec.stride_x = chance(60) ? 1 : s.uniform(1, 3);
    spec.pad_top = s.uniform(0, spec.kernel_h);
    spec.pad_left = s.uniform(0, spec.kernel_w);
    spec.height = std::max(1, (input.height + spec.pad_top) / spec.stride_y + s.uniform(-2, 2));
    spec.width = std::max(1, (input.width + spec.pad_left) / spec.stride_x + s.uniform(-2, 2));
    if (chance(15)) spec.height = spec.width = 1;
    spec.pair_rows = chance(50);
    const int whole_blocks = input.blocks / shape.lane_words();
    if (!dense && whole_blocks == 0) continue;
    spec.output_blocks = dense ? s.uniform(1, 2) : whole_blocks;
    if (chance(60)) {
      spec.group_w = s.uniform(1, spec.width);
      spec.group_h = s.uniform(1, std::max(1, std::min(spec.height, 512 / spec.group_w)));
    }
    spec.output_signed = chance(50);
    spec.extreme = chance(15);
    spec.short_parameters = chance(40);
    spec.weights_by_frames = chance(15);
    spec.schedule = static_cast<int64_t>(s.random()() & 0xffffffffffff);
    if (chance(50)) spec.schedule_run = s.uniform(0, 5);
    if (chance(35)) {
      // In place of a tensor with the same shape, or another tensor with strides.
      for (const Tensor& t : tensors) {
        if (t.blocks != spec.output_blocks * shape.lane_words()) continue;
        if (t.height == spec.height && t.width == spec.width && chance(50)) {
          spec.residual = t;
        } else {
          const int sy = std::max(1, t.height / std::max(1, spec.height));
          const int sx = std::max(1, t.width / std::max(1, spec.width));
          spec.residual_stride_y = std::min(sy, 3);
          spec.residual_stride_x = std::min(sx, 3);
          if ((spec.height - 1) * spec.residual_stride_y >= t.height ||
              (spec.width - 1) * spec.residual_stride_x >= t.width) {
            continue;
          }
          spec.residual = t;
        }
      }
    }
    try {
      tensors.push_back(s.layer(input, spec));
    } catch (const std::runtime_error&) {
      break;  // a memory is full
    }
    if (chance(30)) s.store(tensors.back());
  }
  // A STORE waits for products only, so what it stores is made by a layer.
  if (tensors.back().rows == 0) s.store(tensors.back());
  return scenario;
}

}  // namespace keyway::test
