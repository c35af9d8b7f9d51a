// SPDX-License-Identifier: Apache-2.0
#include "simulate/simulator.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <tuple>

#include "arith/products.hpp"
#include "common/error.hpp"
#include "common/integers.hpp"
#include "simulate/decoded.hpp"
#include "simulate/kernels.hpp"
#include "simulate/operands.hpp"
#include "simulate/product_sums.hpp"

namespace keyway::simulate {
namespace {

using program::CoreConfig;
using program::Mode;

constexpr int64_t kUnit = contract::kTransferUnitBytes;

/// A MULTIPLY with everything decoded that does not depend on the input.
struct PreparedMultiply {
  MultiplyStep step;
  int64_t patch_rows = 0, patch_columns = 0;
  bool same_patch = false;  ///< the MULTIPLY before read the same operands, and they still stand
  std::vector<int32_t> offsets;
  std::shared_ptr<const std::vector<int16_t>> operands;
  std::shared_ptr<const arith::Products> products;  ///< of codes, which stand in `operands` then
  std::shared_ptr<const PostParameters> parameters;
};

using PreparedStep = std::variant<PreparedMultiply, LoadInputStep, StoreStep>;

bool same_operands(const MultiplyStep& a, const MultiplyStep& b) {
  const auto key = [](const MultiplyStep& s) {
    const auto& l = s.layer;
    const auto& m = s.multiply;
    return std::tuple_cat(
        std::make_tuple(s.mode == Mode::kMaximum, s.input_blocks, l.input_signed, l.kernel_h,
                        l.kernel_w, l.stride_y, l.stride_x, l.input_height, l.input_width),
        std::make_tuple(l.input_row_pitch, l.input_block_pitch, m.input_base, m.input_phase,
                        m.input_y, m.input_x, m.height, m.width));
  };
  return key(a) == key(b);
}

PostParameters post_parameters(const CoreConfig& core, const uint8_t* bytes,
                               const MultiplyStep& step) {
  PostParameters parameters;
  for (const program::Parameter& p :
       program::decode_parameters(bytes, core.lanes, program::form_of(step.layer))) {
    if (p.shift < 1 || p.shift > 47) malformed(step.index, "a shift outside 1 to 47");
    parameters.add({p.bias, p.m, p.mr, p.shift, p.lo, p.hi});
  }
  return parameters;
}

/// Walks the program with the weight memory as it is at each instruction.
class Preparation {
 public:
  Preparation(const CoreConfig& core, const std::vector<uint8_t>& program,
              const std::vector<uint8_t>& weights)
      : core_(core), weights_(weights), memory_(core.weight_bytes, 0) {
    std::copy(program.begin(), program.end(), memory_.begin());
  }

  std::vector<PreparedStep> run(const DecodedProgram& program) {
    for (const Step& step : program.steps) {
      std::visit([this](const auto& s) { prepare(s); }, step);
    }
    return std::move(steps_);
  }

 private:
  void prepare(const LoadWeightsStep& step) {
    const size_t first = step.first_frame * contract::kPayloadBytes;
    const size_t size = static_cast<size_t>(step.load.count) * contract::kPayloadBytes;
    std::copy_n(weights_.begin() + static_cast<std::ptrdiff_t>(first), size,
                memory_.begin() + static_cast<std::ptrdiff_t>(step.load.destination * kUnit));
    operands_.clear();
    parameters_.clear();
  }

  void prepare(const TableStep& step) {
    const auto slot = static_cast<size_t>(step.table.slot);
    products_[slot] = {};
    tables_[slot] = program::decode_table(memory_.data() + word_address(step.table.table_address),
                                          step.table.short_table != 0);
    operands_.clear();
  }

  void prepare(const LoadInputStep& step) {
    // Every run here is of one input.
    if (step.load.turn == static_cast<int64_t>(program::Turn::kNext)) return;
    steps_.emplace_back(step);
    last_ = nullptr;
  }

  void prepare(const StoreStep& step) { steps_.emplace_back(step); }

  void prepare(const MultiplyStep& step) {
    const auto& l = step.layer;
    const auto& m = step.multiply;
    PreparedMultiply prepared;
    prepared.step = step;
    prepared.patch_rows = (m.height - 1) * l.stride_y + l.kernel_h;
    prepared.patch_columns = (m.width - 1) * l.stride_x + l.kernel_w;
    prepared.same_patch =
        last_ != nullptr && same_operands(*last_, step) && !last_->output.may_meet(step.input);
    const std::vector<Tap> taps = taps_of(core_, step);
    for (const Tap& tap : taps) {
      prepared.offsets.push_back(static_cast<int32_t>(
          ((tap.block * prepared.patch_rows + tap.ky) * prepared.patch_columns + tap.kx) *
          core_.word_channels()));
    }
    auto& operands =
        operands_[{m.weight_address, l.mode, l.ones, l.number_system, l.table_slot, l.pair_rows,
                   l.kernel_h, l.kernel_w, l.blocks, m.schedule, m.schedule_run}];
    if (operands == nullptr) {
      operands = std::make_shared<const std::vector<int16_t>>(
          decode_operands(core_, step, taps, memory_.data() + word_address(m.weight_address),
                          tables_[static_cast<size_t>(l.table_slot)]));
    }
    prepared.operands = operands;
    if (step.reads_weights) prepared.products = products_of(step);
    auto& parameters = parameters_[{m.parameter_address, l.short_parameters, l.output_signed}];
    if (parameters == nullptr) {
      parameters = std::make_shared<const PostParameters>(
          post_parameters(core_, memory_.data() + word_address(m.parameter_address), step));
    }
    prepared.parameters = parameters;
    steps_.emplace_back(std::move(prepared));
    previous_ = step;
    last_ = &previous_;
  }

  /// Null where they are operand times activation.
  std::shared_ptr<const arith::Products> products_of(const MultiplyStep& step) {
    const auto& system = arith::info(static_cast<arith::NumberSystem>(step.layer.number_system));
    if (system.product == nullptr) return nullptr;
    const auto slot = static_cast<size_t>(step.layer.table_slot);
    auto& products = products_[slot][step.layer.number_system];
    if (products == nullptr) {
      products = std::make_shared<const arith::Products>(system, tables_[slot]);
    }
    return products;
  }

  size_t word_address(int64_t address) const {
    return static_cast<size_t>(address) * core_.weight_word_bytes();
  }

  const CoreConfig& core_;
  const std::vector<uint8_t>& weights_;
  std::vector<uint8_t> memory_;
  std::array<arith::Table, contract::kTableSlots> tables_{};
  /// With the table of each slot, by number system.
  std::array<std::map<int64_t, std::shared_ptr<const arith::Products>>, contract::kTableSlots>
      products_;
  std::map<std::array<int64_t, 11>, std::shared_ptr<const std::vector<int16_t>>> operands_;
  std::map<std::array<int64_t, 3>, std::shared_ptr<const PostParameters>> parameters_;
  std::vector<PreparedStep> steps_;
  MultiplyStep previous_;
  const MultiplyStep* last_ = nullptr;
};

std::vector<uint8_t> whole_frames(std::vector<uint8_t> weights) {
  weights.resize(common::round_up(weights.size(), contract::kPayloadBytes), 0);
  return weights;
}

}  // namespace

struct ProgramSimulator::Prepared {
  CoreConfig core;
  const Kernels* kernels = nullptr;
  std::vector<PreparedStep> steps;
  size_t input_bytes = 0, output_bytes = 0;
  uint64_t cycles = 0;
};

struct ProgramSimulator::Workspace::Memory {
  std::vector<uint8_t> activations;
  std::vector<int16_t> patch;
  std::vector<int32_t> sums;
};

namespace {

/// One run.
template <typename Memory>
class Run {
 public:
  Run(const CoreConfig& core, const Kernels& kernels, Memory& memory)
      : core_(core), kernels_(kernels), memory_(memory), wc_(core.word_channels()) {}

  void load(const LoadInputStep& step, const uint8_t* image) {
    const uint8_t* from = image + step.load.source * kUnit;
    rows(step.words, [&](uint8_t* row, size_t size) {
      std::memcpy(row, from, size);
      from += size;
    });
  }

  void store(const StoreStep& step, uint8_t* image) {
    uint8_t* to = image + step.store.destination * kUnit;
    rows(step.words, [&](const uint8_t* row, size_t size) {
      std::memcpy(to, row, size);
      to += size;
    });
  }

  void multiply(const PreparedMultiply& p) {
    const auto& l = p.step.layer;
    const auto& m = p.step.multiply;
    if (!p.same_patch) fill_patch(p);
    const auto width = static_cast<size_t>(m.width);
    if (memory_.sums.size() < width * core_.lanes) memory_.sums.resize(width * core_.lanes);
    const size_t step = static_cast<size_t>(l.stride_x) * wc_;
    for (int64_t y = 0; y < m.height; ++y) {
      const int16_t* patch =
          memory_.patch.data() + static_cast<size_t>(y * l.stride_y * p.patch_columns) * wc_;
      sum_row(p, patch, step, width);
      PostRow post;
      post.sums = memory_.sums.data();
      post.width = width;
      post.lanes = core_.lanes;
      post.word_channels = wc_;
      post.parameters = p.parameters.get();
      const size_t word_distance = size_t{core_.bank_words()} * wc_;
      if (m.residual != 0) {
        post.residual = word(p.step.residual.map.word(0, y * l.residual_stride_y, 0));
        post.residual_step = static_cast<size_t>(l.residual_stride_x) * wc_;
        post.residual_word_distance = word_distance;
        post.residual_signed = l.residual_signed != 0;
      }
      post.output = word(p.step.output.map.word(0, y, 0));
      post.output_word_distance = word_distance;
      kernels_.post(post);
    }
  }

 private:
  uint8_t* word(int64_t number) {
    return memory_.activations.data() + static_cast<size_t>(number) * wc_;
  }

  /// Calls visit(bytes, size) for every row of every block, in LOAD_INPUT's order.
  template <typename Visitor>
  void rows(const WordBox& box, Visitor&& visit) {
    if (box.empty()) return;
    for (int64_t y = box.y; y < box.y_end; ++y) {
      for (int64_t b = 0; b < box.blocks; ++b) {
        visit(word(box.map.word(b, y, box.x)), static_cast<size_t>(box.x_end - box.x) * wc_);
      }
    }
  }

  void sum_row(const PreparedMultiply& p, const int16_t* patch, size_t step, size_t width) {
    if (p.step.mode == Mode::kDense) {
      const DenseRow row{patch,
                         step,
                         width,
                         p.offsets.data(),
                         p.offsets.size(),
                         p.operands->data(),
                         core_.lanes,
                         wc_,
                         memory_.sums.data()};
      p.products != nullptr ? add_products(row, *p.products) : kernels_.dense(row);
      return;
    }
    const WindowRow row{patch,
                        step,
                        width,
                        static_cast<size_t>(p.patch_rows * p.patch_columns) * wc_,
                        p.offsets.data(),
                        p.offsets.size(),
                        p.operands->data(),
                        core_.lanes,
                        wc_,
                        memory_.sums.data()};
    if (p.products != nullptr) return add_products(row, *p.products);
    p.step.mode == Mode::kMaximum ? kernels_.maximum(row) : kernels_.window(row);
  }

  /// Everything under the kernel as 16-bit values, [block][row][column][channel]; zero outside the
  /// image, the least value for maxima.
  void fill_patch(const PreparedMultiply& p) {
    const WordBox& in = p.step.input;
    const auto& l = p.step.layer;
    const auto& m = p.step.multiply;
    const size_t row_size = static_cast<size_t>(p.patch_columns) * wc_;
    const size_t size = static_cast<size_t>(p.step.input_blocks * p.patch_rows) * row_size;
    if (memory_.patch.size() < size) memory_.patch.resize(size);
    const int16_t outside = p.step.mode == Mode::kMaximum ? kNeverWins : int16_t{0};
    int16_t* to = memory_.patch.data();
    for (int64_t b = 0; b < p.step.input_blocks; ++b) {
      for (int64_t r = 0; r < p.patch_rows; ++r, to += row_size) {
        const int64_t y = m.input_y + r;
        if (y < in.y || y >= in.y_end || in.x >= in.x_end) {
          std::fill_n(to, row_size, outside);
          continue;
        }
        const size_t before = static_cast<size_t>(in.x - m.input_x) * wc_;
        const size_t inside = static_cast<size_t>(in.x_end - in.x) * wc_;
        std::fill_n(to, before, outside);
        kernels_.widen(word(in.map.word(b, y, in.x)), inside, l.input_signed != 0, to + before);
        std::fill_n(to + before + inside, row_size - before - inside, outside);
      }
    }
  }

  const CoreConfig& core_;
  const Kernels& kernels_;
  Memory& memory_;
  const uint32_t wc_;
};

}  // namespace

ProgramSimulator::ProgramSimulator(const CoreConfig& core, const std::vector<uint8_t>& program,
                                   const std::vector<uint8_t>& weights, const Kernels* kernels) {
  const std::vector<uint8_t> payloads = whole_frames(weights);
  const DecodedProgram decoded = decode_program(core, program, payloads.size());
  auto prepared = std::make_unique<Prepared>();
  prepared->core = core;
  prepared->kernels = kernels != nullptr ? kernels : &best_kernels();
  prepared->steps = Preparation(core, program, payloads).run(decoded);
  prepared->input_bytes = decoded.input_bytes;
  prepared->output_bytes = decoded.output_bytes;
  prepared->cycles = decoded.cycles;
  prepared_ = std::move(prepared);
}

ProgramSimulator::~ProgramSimulator() = default;
ProgramSimulator::ProgramSimulator(ProgramSimulator&&) noexcept = default;
ProgramSimulator& ProgramSimulator::operator=(ProgramSimulator&&) noexcept = default;

ProgramSimulator::Workspace::Workspace() : memory_(std::make_unique<Memory>()) {}
ProgramSimulator::Workspace::~Workspace() = default;
ProgramSimulator::Workspace::Workspace(Workspace&&) noexcept = default;
ProgramSimulator::Workspace& ProgramSimulator::Workspace::operator=(Workspace&&) noexcept = default;

size_t ProgramSimulator::input_bytes() const { return prepared_->input_bytes; }
size_t ProgramSimulator::output_bytes() const { return prepared_->output_bytes; }
uint64_t ProgramSimulator::cycles() const { return prepared_->cycles; }

std::vector<uint8_t> ProgramSimulator::run(const std::vector<uint8_t>& input) const {
  Workspace workspace;
  return run(input, workspace);
}

std::vector<uint8_t> ProgramSimulator::run(const std::vector<uint8_t>& input,
                                           Workspace& workspace) const {
  const Prepared& p = *prepared_;
  if (input.size() < p.input_bytes) {
    throw Error(ErrorKind::kFile, "the input image has " + std::to_string(input.size()) +
                                      " bytes, the program reads " + std::to_string(p.input_bytes));
  }
  Workspace::Memory& memory = *workspace.memory_;
  memory.activations.assign(p.core.activation_bytes, 0);
  std::vector<uint8_t> output(p.output_bytes, 0);
  Run<Workspace::Memory> run(p.core, *p.kernels, memory);
  for (const PreparedStep& step : p.steps) {
    if (const auto* multiply = std::get_if<PreparedMultiply>(&step)) {
      run.multiply(*multiply);
    } else if (const auto* load = std::get_if<LoadInputStep>(&step)) {
      run.load(*load, input.data());
    } else {
      run.store(std::get<StoreStep>(step), output.data());
    }
  }
  return output;
}

}  // namespace keyway::simulate
