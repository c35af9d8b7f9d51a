// SPDX-License-Identifier: Apache-2.0
#include "compile/emit.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "common/printable.hpp"
#include "compile/channels.hpp"
#include "compile/cost.hpp"
#include "compile/layers.hpp"
#include "compile/producers.hpp"
#include "compile/tiles.hpp"
#include "program/contract.hpp"

namespace keyway::compile {
namespace {

using quantise::Layer;
using quantise::LayerKind;

constexpr int64_t kAddressUnit = contract::kTransferUnitBytes;
constexpr int64_t kLeastStoreBytes = 1024;  ///< smaller pieces cost more than they hide

/// One MULTIPLY.
struct Job {
  size_t layer = 0;
  Group group;
  uint32_t block = 0;
};

class Emitter {
 public:
  explicit Emitter(const Schedule& schedule);
  Emission run();

 private:
  // Order
  std::vector<Job> jobs_of(size_t layer) const;
  void mix(const std::vector<Job>& first, const std::vector<Job>& second);

  // One job
  void execute(const Job& job);
  program::MultiplyInstruction instruction_for(const Job& job) const;
  /// Rows of a layer's input that a LAYER shows.
  struct Band {
    int64_t first = 0, height = 0;
  };
  Band band_of(const Job& job) const;
  program::LayerInstruction geometry_of(size_t layer, const Band& band) const;
  Rows operands(const Job& job) const;
  std::optional<Rows> residual(const Job& job) const;
  bool possible(const Job& job) const;
  uint64_t cycles(const Job& job) const;

  // What runs beside the array
  void load_input(program::Turn turn);
  void load_segments();
  void prepare_table(size_t from_layer, int64_t busy_slot);
  bool store_ready_rows();

  bool reads_input(size_t index) const {
    const Layer& l = layer(index);
    return l.input == s_.plan.network.input ||
           (l.has_residual && l.residual.tensor == s_.plan.network.input);
  }
  int64_t rows_for(const Rows& rows) const {
    const bool input = rows.tensor == s_.plan.network.input && rows.end_row > rows.first_row;
    return input ? rows.end_row + s_.plan.input.rows_below : 0;
  }
  const Layer& layer(size_t index) const { return s_.plan.network.layers[index]; }
  const Placement& placement(int t) const {
    return s_.plan.activations.placements[static_cast<size_t>(t)];
  }
  const Mapping& mapping(int t) const { return s_.plan.mappings[static_cast<size_t>(t)]; }
  void add(program::Instruction instruction, const std::string& where) {
    out_.instructions.push_back(instruction);
    out_.where.push_back(where);
  }

  struct LayerState {
    size_t jobs = 0, done = 0;
    int64_t table_slot = 0;
    bool table_ready = false;             ///< a slot holds the table, or none is needed
    std::vector<int32_t> residual_block;  ///< per output block; -1: none
  };

  const Schedule& s_;
  Emission out_;
  Producers producers_;
  std::vector<LayerState> layers_;
  std::optional<size_t> current_;  ///< layer of the last LAYER instruction
  Band current_band_;              ///< and its rows
  int64_t products_ = 0;
  std::vector<int64_t> segment_uses_;  ///< MULTIPLYs still to come
  std::vector<int64_t> segment_done_;  ///< last product that used it
  size_t next_segment_ = 0;
  std::array<int, 2> slot_table_{-1, -1};
  int64_t stored_rows_ = 0;
  bool overlap_ = false;      ///< of the inputs of one start
  size_t input_readers_ = 0;  ///< MULTIPLYs still to come that read the input
};

Emitter::Emitter(const Schedule& schedule)
    : s_(schedule),
      producers_(s_.core, s_.plan.network, s_.plan.mappings, s_.plan.groups),
      layers_(s_.plan.network.layers.size()),
      segment_uses_(s_.weights.segments.size(), 0),
      segment_done_(s_.weights.segments.size(), 0),
      overlap_(s_.plan.activations.overlap && s_.weights.resident) {
  for (size_t l = 0; l < layers_.size(); ++l) {
    LayerState& state = layers_[l];
    state.jobs = s_.plan.groups[l].size() * s_.weights.tiles[l].size();
    if (reads_input(l)) input_readers_ += state.jobs;
    state.table_ready = s_.image.table_of_layer[l] < 0;
    if (layer(l).has_residual) {
      state.residual_block = residual_blocks(layer(l), mapping(layer(l).residual.tensor),
                                             mapping(layer(l).output), s_.core);
    }
    for (const BlockTiles& tiles : s_.weights.tiles[l]) {
      if (tiles.segment < 0) continue;
      segment_uses_[static_cast<size_t>(tiles.segment)] +=
          static_cast<int64_t>(s_.plan.groups[l].size());
    }
    program::LayerInfo info;
    info.name = layer(l).name;
    info.kind = kind_name(layer(l).kind);
    info.macs = layer(l).macs;
    out_.layers.push_back(std::move(info));
  }
}

std::vector<Job> Emitter::jobs_of(size_t index) const {
  const std::vector<BlockTiles>& tiles = s_.weights.tiles[index];
  const auto blocks = static_cast<uint32_t>(tiles.size());
  std::vector<Job> jobs;
  for (uint32_t first = 0, end = 0; first < blocks; first = end) {
    // Output blocks whose tiles are there together.
    for (end = first + 1; end < blocks; ++end) {
      if (!s_.weights.resident && tiles[end].segment != tiles[first].segment) break;
    }
    for (const Group& group : s_.plan.groups[index]) {
      for (uint32_t b = first; b < end; ++b) jobs.push_back({index, group, b});
    }
  }
  return jobs;
}

/// Two layers, the second on the first's output, while the first waits for its input: whichever can
/// go on by the estimated time does, the first layer first.
void Emitter::mix(const std::vector<Job>& first, const std::vector<Job>& second) {
  const uint64_t row_bytes = uint64_t{s_.plan.input_image.blocks} * s_.plan.input_image.width *
                             s_.plan.input_image.word_channels;
  std::vector<uint64_t> finished{0};  // per product
  uint64_t now = 0;
  const auto ready = [&](const Job& job) {
    const program::MultiplyInstruction i = instruction_for(job);
    const auto bytes = static_cast<uint64_t>(i.wait_rows) * row_bytes;
    return std::max(finished[static_cast<size_t>(i.wait_products)],
                    i.wait_rows == 0 ? 0 : kInputLatency + bytes / kBusBytes);
  };
  size_t a = 0, b = 0;
  while (a < first.size() || b < second.size()) {
    bool take_second = a == first.size();
    if (!take_second && b < second.size() && possible(second[b])) {
      const uint64_t waits = ready(first[a]);
      take_second = waits > now && ready(second[b]) < waits;
    }
    const Job& job = take_second ? second[b++] : first[a++];
    now = std::max(now, ready(job)) + cycles(job);
    finished.push_back(now + kProductLatency);
    execute(job);
  }
}

Rows Emitter::operands(const Job& job) const {
  const Layer& l = layer(job.layer);
  const RowRange range =
      input_rows(l, tensor(s_.plan.network, l.input).shape, job.group.grid_y, job.group.height);
  if (l.kind == LayerKind::kDense) {
    return {l.input, 0, mapping(l.input).blocks(s_.core), range.first, range.last};
  }
  return {l.input, job.block, job.block + 1, range.first, range.last};
}

std::optional<Rows> Emitter::residual(const Job& job) const {
  const Layer& l = layer(job.layer);
  if (!l.has_residual) return std::nullopt;
  const int32_t block = layers_[job.layer].residual_block[job.block];
  if (block < 0) return std::nullopt;
  const int64_t y = job.group.grid_y * l.residual.stride_h;
  return Rows{l.residual.tensor, block, block + 1, y,
              y + (job.group.height - 1) * l.residual.stride_h + 1};
}

/// Everything that the job reads is written by jobs before.
bool Emitter::possible(const Job& job) const {
  const std::optional<Rows> added = residual(job);
  return producers_.complete(operands(job)) && (!added || producers_.complete(*added));
}

uint64_t Emitter::cycles(const Job& job) const {
  return group_cycles(s_.core, layer(job.layer), s_.plan.work[job.layer], job.group.height,
                      job.group.width, s_.plan.digits[job.layer][job.block]);
}

Emitter::Band Emitter::band_of(const Job& job) const {
  const Layer& l = layer(job.layer);
  const int64_t height = tensor(s_.plan.network, l.input).shape.height;
  const int64_t most = largest(contract::layer::kInputHeight);
  if (height <= most) return {0, height};
  const int64_t row = job.group.grid_y * l.window.stride_h - l.window.pad_top;
  const int64_t first = std::clamp<int64_t>(row, 0, height - 1) / kBandRows * kBandRows;
  return {first, std::min(height - first, most)};
}

/// A stride of single rows or columns means nothing (make_groups).
int64_t stride_in(const contract::Field& field, int64_t stride) {
  return stride > largest(field) ? 1 : stride;
}

program::LayerInstruction Emitter::geometry_of(size_t index, const Band& band) const {
  using namespace contract::layer;
  const Layer& l = layer(index);
  const Placement& in = placement(l.input);
  const Shape& shape = tensor(s_.plan.network, l.input).shape;
  const bool dense = l.kind == LayerKind::kDense;
  program::LayerInstruction i;
  i.mode = static_cast<int64_t>(dense                       ? program::Mode::kDense
                                : l.kind == LayerKind::kMax ? program::Mode::kMaximum
                                                            : program::Mode::kWindow);
  i.ones = l.kind == LayerKind::kSum ? 1 : 0;
  // Without weights it says nothing, but must be one that the array runs.
  const quantise::Network& network = s_.plan.network;
  i.number_system = static_cast<int64_t>(
      has_weights(l) ? l.number_system
                     : arith::selecting_system(network.number_system, network.array_kind));
  i.table_slot = layers_[index].table_slot;
  i.input_signed = tensor(s_.plan.network, l.input).is_signed ? 1 : 0;
  const program::ParameterForm form =
      parameter_form(l, tensor(s_.plan.network, l.output).is_signed);
  i.short_parameters = form.is_short ? 1 : 0;
  i.output_signed = form.output_signed ? 1 : 0;
  i.pair_rows = s_.plan.work[index].pair_rows ? 1 : 0;
  i.kernel_h = l.window.kernel_h;
  i.kernel_w = l.window.kernel_w;
  i.blocks = dense ? mapping(l.input).words : s_.core.lane_words();
  i.stride_y = stride_in(kStrideY, l.window.stride_h);
  i.stride_x = stride_in(kStrideX, l.window.stride_w);
  i.input_height = band.height;
  i.input_width = shape.width;
  i.input_row_pitch = in.row_pitch;
  i.input_block_pitch = in.block_pitch;
  i.output_row_pitch = placement(l.output).row_pitch;
  if (l.has_residual) {
    i.residual_signed = tensor(s_.plan.network, l.residual.tensor).is_signed ? 1 : 0;
    i.residual_row_pitch = placement(l.residual.tensor).row_pitch;
    i.residual_stride_y = stride_in(kResidualStrideY, l.residual.stride_h);
    i.residual_stride_x = stride_in(kResidualStrideX, l.residual.stride_w);
  }
  return i;
}

program::MultiplyInstruction Emitter::instruction_for(const Job& job) const {
  const Layer& l = layer(job.layer);
  const Group& group = job.group;
  const Placement &in = placement(l.input), &out = placement(l.output);
  const auto unit = static_cast<uint64_t>(s_.core.weight_word_bytes());
  const BlockTiles& tiles = s_.weights.tiles[job.layer][job.block];

  program::MultiplyInstruction i;
  const Rows read = operands(job);
  i.wait_products = producers_.last(read);
  i.wait_rows = rows_for(read);
  i.wait_frames = static_cast<int64_t>(tiles.frames);
  i.weight_address = static_cast<int64_t>(tiles.address / unit);
  i.parameter_address =
      static_cast<int64_t>(s_.image.parameters[job.layer][group.region][job.block] / unit);
  s_.plan.digits[job.layer][job.block].write(i);
  const int64_t first_row = band_of(job).first;
  i.input_base = in.address(0, first_row, 0);
  if (l.kind != LayerKind::kDense) i.input_base += job.block * in.block_pitch;
  i.input_phase = in.phase;
  i.input_y = group.grid_y * l.window.stride_h - l.window.pad_top - first_row;
  i.input_x = group.grid_x * l.window.stride_w - l.window.pad_left;
  i.height = group.height;
  i.width = group.width;
  i.output_base = out.address(job.block, group.y, group.x);
  i.output_phase = out.row_bank(group.y);
  if (const std::optional<Rows> added = residual(job)) {
    const Placement& from = placement(added->tensor);
    i.residual = 1;
    i.residual_base =
        from.address(added->first_block, added->first_row, group.grid_x * l.residual.stride_w);
    i.residual_phase = from.row_bank(added->first_row);
    i.wait_products = std::max(i.wait_products, producers_.last(*added));
    i.wait_rows = std::max(i.wait_rows, rows_for(*added));
  }
  if (overlap_ && l.output == s_.plan.network.output) i.wait_stores = 1;
  if (s_.plan.activations.overlaps_input[static_cast<size_t>(l.output)]) {
    i.wait_rows = s_.plan.input_image.height;
  }
  return i;
}

void Emitter::execute(const Job& job) {
  const Layer& l = layer(job.layer);
  const std::string where = "layer " + common::quoted(l.name);
  LayerState& state = layers_[job.layer];
  program::LayerInfo& info = out_.layers[job.layer];
  const size_t before = out_.instructions.size();
  if (state.done == 0) info.first_instruction = static_cast<uint32_t>(before);
  if (!state.table_ready) prepare_table(job.layer, current_ ? layers_[*current_].table_slot : 1);
  const Band band = band_of(job);
  if (current_ != job.layer || band.first != current_band_.first) {
    add(geometry_of(job.layer, band), where);
    current_ = job.layer;
    current_band_ = band;
  }
  const bool earlier_done =
      std::all_of(layers_.begin(), layers_.begin() + static_cast<std::ptrdiff_t>(job.layer),
                  [](const LayerState& s) { return s.done == s.jobs; });
  if (s_.image.table_of_layer[job.layer] >= 0 && earlier_done &&
      (state.done > 0 || state.jobs == 1)) {
    prepare_table(job.layer + 1, state.table_slot);
  }
  add(instruction_for(job), where);
  ++state.done;
  ++products_;
  if (out_.products.empty() || out_.products.back().layer != job.layer) {
    out_.products.push_back({static_cast<uint32_t>(job.layer), 0});
  }
  ++out_.products.back().count;
  producers_.record(
      {l.output, job.block, job.block + 1, job.group.y, job.group.y + job.group.height}, products_);
  info.ideal_cycles += cycles(job);

  const BlockTiles& tiles = s_.weights.tiles[job.layer][job.block];
  if (tiles.segment >= 0) {
    const auto segment = static_cast<size_t>(tiles.segment);
    segment_done_[segment] = products_;
    if (--segment_uses_[segment] == 0) load_segments();
  }
  if (reads_input(job.layer) && --input_readers_ == 0 && overlap_) load_input(program::Turn::kNext);
  if (l.output == s_.plan.network.output) {
    while (store_ready_rows()) continue;
  }
  info.instructions += static_cast<uint32_t>(out_.instructions.size() - before);
}

/// Brings the table of the next layer that has one, from `from_layer` on, into the slot that is not
/// busy, unless it is there already.
void Emitter::prepare_table(size_t from_layer, int64_t busy_slot) {
  size_t l = from_layer;
  while (l < layers_.size() && s_.image.table_of_layer[l] < 0) ++l;
  if (l == layers_.size() || layers_[l].table_ready) return;
  const int wanted = s_.image.table_of_layer[l];
  layers_[l].table_ready = true;
  int64_t& slot = layers_[l].table_slot;
  for (slot = 0; slot < 2; ++slot) {
    if (slot_table_[static_cast<size_t>(slot)] == wanted) return;
  }
  slot = busy_slot == 0 ? 1 : 0;
  slot_table_[static_cast<size_t>(slot)] = wanted;
  program::TableInstruction i;
  i.slot = slot;
  i.short_table = code_bits(layer(l)) == 4 ? 1 : 0;
  i.table_address = static_cast<int64_t>(s_.image.tables[static_cast<size_t>(wanted)] /
                                         s_.core.weight_word_bytes());
  add(i, "layer " + common::quoted(layer(l).name));
}

void Emitter::load_input(program::Turn turn) {
  const Placement& p = placement(s_.plan.network.input);
  program::LoadInputInstruction i;
  i.turn = static_cast<int64_t>(turn);
  if (turn == program::Turn::kNext) i.wait_products = products_;
  i.rows = s_.plan.input_image.height;
  i.width = s_.plan.input_image.width;
  i.blocks = s_.plan.input_image.blocks;
  i.base = p.base;
  i.phase = p.phase;
  i.row_pitch = p.row_pitch;
  i.block_pitch = s_.plan.input_image.width;  // the layers' may be a multiple (input_layout.hpp)
  add(i, "the input of layer " + common::quoted(layer(0).name));
}

/// Loads every further segment whose place is free once products that are already emitted are done.
void Emitter::load_segments() {
  for (; next_segment_ < s_.weights.segments.size(); ++next_segment_) {
    const Segment& segment = s_.weights.segments[next_segment_];
    int64_t wait = 0;
    for (size_t k = 0; k < next_segment_; ++k) {
      if (!segment.overlaps(s_.weights.segments[k])) continue;
      if (segment_uses_[k] > 0) return;
      wait = std::max(wait, segment_done_[k]);
    }
    program::LoadWeightsInstruction i;
    i.count = static_cast<int64_t>(segment.frames);
    i.wait_products = wait;
    i.destination = static_cast<int64_t>(segment.address) / kAddressUnit;
    i.resident = s_.weights.resident ? 1 : 0;
    add(i, "the weights");
    if (next_segment_ == 0) load_input(overlap_ ? program::Turn::kFirst : program::Turn::kEvery);
  }
}

/// Stores the next rows of the output that are complete, if any. Pieces start at 16-byte units.
bool Emitter::store_ready_rows() {
  const int t = s_.plan.network.output;
  const Shape& shape = tensor(s_.plan.network, t).shape;
  const int64_t row_bytes =
      shape.width * mapping(t).words * static_cast<int64_t>(s_.core.word_channels());
  Rows rows{t, 0, mapping(t).blocks(s_.core), stored_rows_, stored_rows_};
  const int64_t end = std::min(shape.height, stored_rows_ + largest(contract::store::kRows));
  for (Rows next = rows; next.end_row < end;) {
    next.first_row = next.end_row++;
    if (!producers_.complete(next)) break;
    rows.end_row = next.end_row;
  }
  if (rows.end_row < shape.height) {
    while (rows.end_row > stored_rows_ && rows.end_row * row_bytes % kAddressUnit != 0) {
      --rows.end_row;
    }
    if ((rows.end_row - stored_rows_) * row_bytes < kLeastStoreBytes) return false;
  }
  if (rows.end_row == stored_rows_) return false;
  const Placement& p = placement(t);
  program::StoreInstruction i;
  i.wait_products = producers_.last(rows);
  i.destination = stored_rows_ * row_bytes / kAddressUnit;
  i.rows = rows.end_row - stored_rows_;
  i.width = shape.width;
  i.blocks = mapping(t).words;
  i.base = p.address(0, stored_rows_, 0);
  i.phase = p.row_bank(stored_rows_);
  i.row_pitch = p.row_pitch;
  i.block_pitch = p.block_pitch;
  add(i, "the output");
  stored_rows_ = rows.end_row;
  return true;
}

Emission Emitter::run() {
  if (s_.weights.segments.empty())
    load_input(overlap_ ? program::Turn::kFirst : program::Turn::kEvery);
  load_segments();
  prepare_table(0, 1);
  size_t next = 0;
  if (s_.plan.leading_layers == 2 && s_.weights.resident) {
    mix(jobs_of(0), jobs_of(1));
    next = 2;
  }
  for (; next < layers_.size(); ++next) {
    for (const Job& job : jobs_of(next)) execute(job);
  }
  program::EndInstruction end;
  end.products = products_;
  end.rows = s_.plan.input_image.height;
  end.overlap = overlap_ ? 1 : 0;
  add(end, "the end");
  return std::move(out_);
}

}  // namespace

Emission emit(const Schedule& schedule) { return Emitter(schedule).run(); }

}  // namespace keyway::compile
