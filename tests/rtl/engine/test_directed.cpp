// SPDX-License-Identifier: Apache-2.0
// Each instruction, mode and corner by itself, so that a failure names what broke.
#include <algorithm>
#include <catch2/catch.hpp>

#include "arith/number_system.hpp"
#include "common.hpp"
#include "golden.hpp"

namespace keyway::test {

namespace {

/// A square image of one output block's channels, through one layer, stored.
void check_layer(const LayerSpec& spec, int height, int width, bool is_signed, uint64_t seed = 11,
                 int blocks_of_lanes = 1) {
  Scenario s(dut_shape(), seed);
  const Tensor in = s.input(height, width, blocks_of_lanes * s.shape().lane_words(), is_signed);
  const auto* system = arith::find_number_system(spec.number_system);
  if (system != nullptr && system->has_table) s.table(spec.table_slot, spec.number_system);
  s.store(s.layer(in, spec));
  check(s);
}

LayerSpec same_size(int height, int width) {
  LayerSpec spec;
  spec.height = height;
  spec.width = width;
  return spec;
}

}  // namespace

TEST_CASE("a 1x1 dense layer") {
  for (const bool is_signed : {false, true}) {
    INFO("input signed " << is_signed);
    check_layer(same_size(4, 5), 4, 5, is_signed);
  }
}

TEST_CASE("groups of one, two, three pixels over many passes use the accumulator's bypass") {
  for (const int pixels : {1, 2, 3, 4, 5, 6}) {
    INFO("pixels " << pixels);
    LayerSpec spec = same_size(1, pixels);
    spec.kernel_h = spec.kernel_w = 3;
    spec.pad_top = spec.pad_left = 1;
    check_layer(spec, 1, pixels, true, 12, 2);
    spec.mode = 1;
    spec.kernel_h = 7;
    spec.pad_top = 3;
    spec.kernel_w = 2;
    check_layer(spec, 1, pixels, true, 13);
    spec.mode = 0;
    spec.ones = true;
    check_layer(spec, 1, pixels, true, 14, 2);
  }
}

TEST_CASE("a group of 512 pixels") {
  LayerSpec spec = same_size(16, 32);
  spec.kernel_h = 2;
  check_layer(spec, 16, 32, false);
}

TEST_CASE("padding on all sides, kernels larger than the image") {
  for (const int mode : {0, 1, 2}) {
    for (const int kernel : {1, 2, 3, 4, 5, 7, 8, 11}) {
      INFO("mode " << mode << " kernel " << kernel);
      LayerSpec spec = same_size(3 + kernel, 2 + kernel);
      spec.mode = mode;
      spec.kernel_h = spec.kernel_w = kernel;
      spec.pad_top = kernel;
      spec.pad_left = kernel;
      check_layer(spec, 3, 2, true, 15);
    }
  }
}

TEST_CASE("strides one to four") {
  for (const int mode : {0, 1, 2}) {
    for (int stride_y = 1; stride_y <= 4; ++stride_y) {
      for (int stride_x = 1; stride_x <= 4; ++stride_x) {
        INFO("mode " << mode << " strides " << stride_y << ' ' << stride_x);
        LayerSpec spec = same_size(3, 3);
        spec.mode = mode;
        spec.kernel_h = spec.kernel_w = 3;
        spec.stride_y = stride_y;
        spec.stride_x = stride_x;
        spec.pad_top = spec.pad_left = 1;
        check_layer(spec, 2 * stride_y + 2, 2 * stride_x + 1, false, 16);
      }
    }
  }
}

TEST_CASE("windows of one to seven columns, one to seven rows") {
  for (const int mode : {1, 2}) {
    for (int rows = 1; rows <= 7; ++rows) {
      for (int columns = 1; columns <= 7; ++columns) {
        INFO("mode " << mode << " rows " << rows << " columns " << columns);
        LayerSpec spec = same_size(4, 6);
        spec.mode = mode;
        spec.kernel_h = rows;
        spec.kernel_w = columns;
        spec.pad_top = rows / 2;
        spec.pad_left = columns / 2;
        check_layer(spec, 4, 6, true, 17);
      }
    }
  }
}

TEST_CASE("a maximum ignores padding, even of negative bytes") {
  Scenario s(dut_shape(), 18);
  const Tensor in = s.input(2, 2, s.shape().lane_words(), true);
  LayerSpec spec = same_size(4, 4);
  spec.mode = 2;
  spec.kernel_h = spec.kernel_w = 2;
  spec.pad_top = spec.pad_left = 2;
  s.store(s.layer(in, spec));
  check(s);
}

TEST_CASE("operands of one: sums without weights") {
  for (const int mode : {0, 1}) {
    LayerSpec spec = same_size(3, 4);
    spec.mode = mode;
    spec.ones = true;
    spec.kernel_h = 4;
    spec.kernel_w = 3;
    check_layer(spec, 6, 6, false, 19, 1);
    check_layer(spec, 6, 6, true, 20, 1);
  }
}

TEST_CASE("two words of a step are blocks or rows") {
  for (const bool pair : {false, true}) {
    for (const int kernel : {1, 2, 3}) {
      INFO("pair_rows " << pair << " kernel " << kernel);
      LayerSpec spec = same_size(5, 5);
      spec.pair_rows = pair;
      spec.kernel_h = spec.kernel_w = kernel;
      spec.pad_top = spec.pad_left = kernel / 2;
      Scenario s(dut_shape(), 21);
      // An odd number of blocks leaves the second word of the last step empty.
      const Tensor in = s.input(5, 5, 3, true);
      s.store(s.layer(in, spec));
      check(s);
    }
  }
}

TEST_CASE("a residual with strides and phases, in every bank against the array's") {
  for (const int stride : {1, 2, 3}) {
    for (int phase = 0; phase < 4; ++phase) {
      INFO("stride " << stride << " phase " << phase);
      Scenario s(dut_shape(), 22);
      const int blocks = s.shape().lane_words();
      const Tensor in = s.input(6, 6, blocks, true, 1, 0);
      const Tensor other = s.input(6 * stride, 6 * stride, blocks, phase % 2 == 0, 1, phase);
      LayerSpec spec = same_size(6, 6);
      spec.kernel_h = spec.kernel_w = 3;
      spec.pad_top = spec.pad_left = 1;
      spec.residual = other;
      spec.residual_stride_y = spec.residual_stride_x = stride;
      spec.group_h = 4;
      spec.group_w = 3;
      s.store(s.layer(in, spec));
      check(s);
      LayerSpec window = spec;
      window.mode = 1;
      window.kernel_w = 2;
      Scenario w(dut_shape(), 23);
      const Tensor win = w.input(6, 6, blocks, false, 1, 0);
      const Tensor wother = w.input(6 * stride, 6 * stride, blocks, true, 1, phase);
      window.residual = wother;
      w.store(w.layer(win, window));
      check(w);
    }
  }
}

TEST_CASE("a residual in the place of the output") {
  Scenario s(dut_shape(), 24);
  const int blocks = s.shape().lane_words();
  const Tensor in = s.input(6, 7, blocks, true);
  LayerSpec spec = same_size(6, 7);
  const Tensor first = s.layer(in, spec);
  spec.residual = first;
  spec.output = first;
  s.store(s.layer(in, spec));
  check(s);
}

TEST_CASE("both decode tables, reloaded behind a busy array, long ones and short ones in turn") {
  for (const int size : {12, 1}) {
    for (const uint32_t second : {8U, 4U}) {
      const auto kind = dut_shape().array_kind;
      const auto one = system_with_table(kind, 8), other = system_with_table(kind, second);
      if (!one || !other) continue;  // such a core has no such tables
      INFO(size << " rows, codes of 8 and " << second << " bits");
      Scenario s(dut_shape(), 25);
      const int blocks = s.shape().lane_words();
      const Tensor in = s.input(size, size, blocks, true);
      LayerSpec spec = same_size(size, size);
      spec.kernel_h = spec.kernel_w = 2;
      std::vector<Tensor> outputs;
      for (int i = 0; i < 8; ++i) {
        spec.number_system = i % 3 != 0 ? *other : *one;
        spec.table_slot = i / 2 % 2;
        // Twice a fresh table for the slot in use, right behind the job that still reads it.
        s.table(spec.table_slot, spec.number_system);
        outputs.push_back(s.layer(in, spec));
      }
      for (const Tensor& t : outputs) s.store(t);
      check(s);
    }
  }
}

TEST_CASE("codes of fixed values are read while both decode tables are loaded") {
  const auto loaded = system_with_table(dut_shape().array_kind, 8);
  if (!loaded) return;  // such a core has no such tables
  for (const auto& system : contract::kNumberSystems) {
    if (system.has_table || !system.runs_on(dut_shape().array_kind)) continue;
    INFO(system.name);
    Scenario s(dut_shape(), 45);
    const Tensor in = s.input(2, 2, 3 * s.shape().lane_words(), true);
    LayerSpec fixed = same_size(2, 2), other = fixed;
    fixed.number_system = static_cast<int>(system.system);
    other.number_system = static_cast<int>(*loaded);
    fixed.kernel_h = fixed.kernel_w = 5;  // a table takes as long to load as many of its tiles
    for (int i = 0; i < 6; ++i) {
      other.table_slot = i / 2 % 2;
      s.table(other.table_slot, other.number_system);
      s.store(s.layer(in, fixed));
      s.store(s.layer(in, other));
    }
    check(s);
    check(s, {0.5, 0.5, 0.5});
  }
}

TEST_CASE("tiles of codes of eight and of four bits and tiles of ones follow each other") {
  for (const auto& system : contract::kNumberSystems) {
    if (system.code_bits != 4 || !system.runs_on(dut_shape().array_kind)) continue;
    for (const int pixels : {1, 2, 3, 9}) {
      INFO(system.name << ", pixels " << pixels);
      Scenario s(dut_shape(), 44);
      const Tensor in = s.input(1, pixels, 3 * s.shape().lane_words(), true);
      LayerSpec whole = same_size(1, pixels), half = whole, ones = whole;
      half.number_system = static_cast<int>(system.system);
      // A layer of ones may name any system.
      ones.number_system = half.number_system;
      ones.ones = true;
      if (system.has_table) s.table(0, half.number_system);
      for (const LayerSpec& spec : {half, half, whole, half, ones, half, whole, ones, half}) {
        s.store(s.layer(in, spec));
      }
      LayerSpec window = half;
      window.mode = 1;
      window.kernel_w = 5;
      window.kernel_h = 4;
      window.pad_left = window.pad_top = 2;
      window.output_blocks = 3;
      s.store(s.layer(in, window));
      check(s);
      check(s, {0.5, 0.5, 0.5});
    }
  }
}

TEST_CASE("parameters at the ends of their ranges") {
  for (uint64_t seed = 26; seed < 36; ++seed) {
    INFO("seed " << seed);
    Scenario s(dut_shape(), seed);
    const int blocks = s.shape().lane_words();
    const Tensor in = s.input(3, 3, blocks, seed % 2 == 0);
    LayerSpec spec = same_size(3, 3);
    spec.extreme = true;
    spec.residual = in;
    spec.output_signed = seed % 3 == 0;
    spec.short_parameters = seed % 4 == 0;
    s.store(s.layer(in, spec));
    check(s);
  }
}

TEST_CASE("waits hold products until rows, frames and products are there") {
  const Stalls slow{0.8, 0.8, 0.8};
  Scenario s(dut_shape(), 36);
  const int blocks = s.shape().lane_words();
  const Tensor in = s.input(8, 8, blocks, true, 4);
  LayerSpec spec = same_size(8, 8);
  spec.weights_by_frames = true;
  spec.kernel_h = 3;
  spec.pad_top = 1;
  const Tensor a = s.layer(in, spec);
  const Tensor b = s.layer(a, spec);
  s.store(a);
  s.store(b);
  const RunResult result = check(s, slow);
  CHECK(result.frames_requested == s.frames().size());
  // Array idle for input rows or frames for most of the run.
  CHECK(result.events[3] + result.events[4] > result.cycles / 2);
  check(s);
}

TEST_CASE("memory that is written again waits for its readers") {
  Scenario s(dut_shape(), 37);
  const int blocks = s.shape().lane_words();
  LayerSpec spec = same_size(8, 8);
  spec.kernel_h = spec.kernel_w = 3;
  spec.pad_top = spec.pad_left = 1;
  for (int i = 0; i < 4; ++i) {
    const Tensor in = s.input(8, 8, blocks, true);
    const Tensor out = s.layer(in, spec);
    LayerSpec copy = same_size(8, 8);
    s.layer(out, copy);
    s.reuse_activations();
  }
  const Tensor in = s.input(8, 8, blocks, true);
  s.store(s.layer(in, spec));
  check(s);
}

TEST_CASE("a warm run leaves resident frames out, others not") {
  for (const bool resident : {false, true}) {
    INFO("resident " << resident);
    const Shape shape = dut_shape();
    Scenario s(shape, 38);
    const Tensor in = s.input(4, 4, s.shape().lane_words(), true);
    s.add_weight_frames(8, resident);
    const auto resident_frames = static_cast<uint64_t>(s.frames_done());
    LayerSpec spec = same_size(4, 4);
    spec.weights_by_frames = true;
    s.store(s.layer(in, spec));
    Golden golden(shape);
    golden.write_weights(s.image());
    const auto expected = golden.run(s.input_bytes(), s.frames());
    Bench bench;
    bench.write_weights(s.image());
    RunResult result = bench.run(s.input_bytes(), s.frames());
    REQUIRE(difference(expected, result.stored) == "");
    CHECK(result.frames_requested == s.frames().size());
    // Warm: the bench gives only the frames that are asked for.
    std::vector<Bytes> rest = s.frames();
    if (resident) rest.erase(rest.begin(), rest.begin() + static_cast<int64_t>(resident_frames));
    result = bench.run(s.input_bytes(), rest, {}, true);
    REQUIRE(difference(expected, result.stored) == "");
    CHECK(result.frames_requested == rest.size());
  }
}

TEST_CASE("resident frames count only after the frames before them are verified") {
  const Shape shape = dut_shape();
  Scenario s(shape, 43);
  const Tensor in = s.input(4, 4, shape.lane_words(), true);
  LayerSpec spec = same_size(4, 4);
  spec.weights_by_frames = true;
  const Tensor out = s.layer(in, spec);
  const int frames_of_layer = s.frames_done();
  // Behind the layer's own frames, which every run reads again, come resident ones.
  s.add_weight_frames(8, true);
  s.store(out);
  Bench bench;
  Golden golden(shape);
  bench.write_weights(s.image());
  golden.write_weights(s.image());
  bench.run(s.input_bytes(), s.frames());
  // Other weights in the second run: had the resident frames counted at once, it would take the
  // old.
  std::vector<Bytes> frames = s.frames();
  for (int i = 0; i < frames_of_layer; ++i) {
    for (uint8_t& byte : frames[static_cast<size_t>(i)]) byte = static_cast<uint8_t>(byte ^ 0x55);
  }
  const auto expected = golden.run(s.input_bytes(), frames);
  frames.resize(static_cast<size_t>(frames_of_layer));
  const RunResult result = bench.run(s.input_bytes(), frames, {0, 0, 0.9}, true);
  REQUIRE(difference(expected, result.stored) == "");
}

TEST_CASE("an unknown opcode, mode, turn or number system is an error until the next run") {
  namespace l = contract::layer;
  const auto layer = [](const contract::Field& field, int64_t value) {
    return Instruction(contract::Opcode::kLayer).set(field, value);
  };
  std::vector<Instruction> bad;
  for (const int opcode : {0, 8, 15}) bad.emplace_back(static_cast<contract::Opcode>(opcode));
  bad.push_back(layer(l::kMode, 3));
  bad.push_back(Instruction(contract::Opcode::kLoadInput).set(contract::load_input::kTurn, 3));
  for (int64_t value = 0; value < 1 << l::kNumberSystem.bits; ++value) {
    const bool known = std::any_of(
        contract::kNumberSystems.begin(), contract::kNumberSystems.end(),
        [&](const auto& system) { return static_cast<int64_t>(system.system) == value; });
    if (!known) bad.push_back(layer(l::kNumberSystem, value));
  }
  for (const Instruction& instruction : bad) {
    INFO("opcode " << instruction.opcode() << ", number system "
                   << instruction.get(l::kNumberSystem));
    const Shape shape = dut_shape();
    Bench bench;
    Bytes image(static_cast<size_t>(2 * shape.weight_word_bytes()), 0);
    std::copy(instruction.bytes().begin(), instruction.bytes().end(), image.begin());
    bench.write_weights(image);
    CHECK(bench.run({}, {}).error);
    CHECK(bench.run({}, {}).error);
    Scenario s(shape, 39);
    const Tensor in = s.input(2, 2, shape.lane_words(), true);
    s.store(s.layer(in, same_size(2, 2)));
    bench.write_weights(s.image());
    CHECK_FALSE(bench.run(s.input_bytes(), {}).error);
  }
}

TEST_CASE("an empty program and a program of layers only end") {
  const Shape shape = dut_shape();
  Scenario s(shape, 40);
  const RunResult empty = check(s);
  CHECK(empty.cycles < 20);
  for (int i = 0; i < 5; ++i) {
    s.raw(Instruction(contract::Opcode::kLayer)
              .set(contract::layer::kNumberSystem, first_system(shape.array_kind)));
  }
  check(s);
}

namespace {

/// Stores the whole activation memory, then sums of all weight memory behind the program and of all
/// codes through both tables, if there are any, all against an input of ones, less what tables of
/// zeros give: zeros show that nothing was left.
Bytes traces(Bench& bench) {
  namespace l = contract::layer;
  namespace f = contract::multiply;
  namespace p = contract::parameter;
  const Shape shape = dut_shape();
  const int words = shape.lane_words(), word_bytes = shape.weight_word_bytes();
  Bytes all;
  const auto store = [&](int width, int products) {
    namespace t = contract::store;
    return Instruction(contract::Opcode::kStore)
        .set(t::kRows, 4)
        .set(t::kWidth, width)
        .set(t::kBlocks, words)
        .set(t::kRowPitch, width)
        .set(t::kWaitProducts, products);
  };
  const auto run = [&](std::vector<Instruction> program, Bytes image, const Bytes& input) {
    program.emplace_back(contract::Opcode::kEnd);
    REQUIRE(program.size() * 32 <= image.size());
    for (size_t k = 0; k < program.size(); ++k) {
      std::copy(program[k].bytes().begin(), program[k].bytes().end(),
                image.begin() + static_cast<int64_t>(32 * k));
    }
    bench.write_weights(image);
    const RunResult result = bench.run(input, {});
    for (const StoredBlock& block : result.stored) {
      all.insert(all.end(), block.data.begin(), block.data.end());
    }
  };
  run({store(shape.bank_words(), 0)}, Bytes(64, 0), {});

  std::vector<Instruction> program;
  // The input word of all blocks: bytes 1, 2, 3 .., so that no two weights can cancel unseen.
  namespace i = contract::load_input;
  program.push_back(Instruction(contract::Opcode::kLoadInput)
                        .set(i::kRows, 1)
                        .set(i::kWidth, 1)
                        .set(i::kBlocks, shape.block_banks())
                        .set(i::kBase, 8));
  constexpr int kProgram = 1024;
  const int parameters = kProgram / word_bytes, biased = parameters + 3, codes = biased + 3,
            data = codes + 64;
  const int tiles = (static_cast<int>(shape.weight_bytes) / word_bytes - data) / shape.tile_words();
  struct Job {
    uint32_t code_bits;
    int system, slot;
  };
  std::vector<Job> jobs{{8, first_system(shape.array_kind), 0}};  // weight memory, then the tables
  for (const uint32_t code_bits : {8U, 4U}) {
    const auto system = system_with_table(shape.array_kind, code_bits);
    if (!system) continue;
    for (const int slot : {0, 1}) jobs.push_back({code_bits, *system, slot});
  }
  for (int job = 0; job < static_cast<int>(jobs.size()); ++job) {
    const auto& [code_bits, system, slot] = jobs[static_cast<size_t>(job)];
    const int blocks = (job == 0 ? tiles : 64 / shape.tile_words(code_bits)) * shape.read_words();
    const bool is_biased = arith::info(static_cast<arith::NumberSystem>(system)).has_corrections;
    program.push_back(Instruction(contract::Opcode::kLayer)
                          .set(l::kNumberSystem, system)
                          .set(l::kTableSlot, slot)
                          .set(l::kKernelH, 1)
                          .set(l::kKernelW, 1)
                          .set(l::kBlocks, blocks)
                          .set(l::kStrideY, 1)
                          .set(l::kStrideX, 1)
                          .set(l::kInputHeight, 1)
                          .set(l::kInputWidth, 1));
    program.push_back(Instruction(contract::Opcode::kMultiply)
                          .set(f::kWaitRows, 1)
                          .set(f::kWeightAddress, job == 0 ? data : codes)
                          .set(f::kParameterAddress, is_biased ? biased : parameters)
                          .set(f::kInputBase, 8)
                          .set(f::kHeight, 1)
                          .set(f::kWidth, 1)
                          .set(f::kSchedule, (int64_t{1} << f::kSchedule.bits) - 1)  // all digits
                          .set(f::kOutputBase, job));
  }
  program.push_back(store(static_cast<int>(jobs.size()), static_cast<int>(jobs.size())));
  Bytes image(static_cast<size_t>(data * word_bytes), 0);
  Bytes input(static_cast<size_t>(32 * shape.block_banks()));
  for (size_t k = 0; k < input.size(); ++k) input[k] = static_cast<uint8_t>(1 + k % 15);
  const arith::NumberSystemInfo& corrected =
      arith::info(static_cast<arith::NumberSystem>(jobs.back().system));
  // None with a sign, where it would make products cancel whatever the corrections.
  const auto code_at = [&](int place) {
    return static_cast<uint8_t>(corrected.has_corrections ? place & 0x7f : place);
  };
  for (int lane = 0; lane < shape.lanes; ++lane) {
    Record record{};
    set_field(record.data(), p::kM, 2);
    set_field(record.data(), p::kShift, 1);
    set_field(record.data(), p::kLo, -128);
    set_field(record.data(), p::kHi, 127);
    write_record(&image[kProgram], shape.lanes, lane, 3, record);
    if (!corrected.has_corrections) continue;
    int64_t sum = 0;  // of all codes, whose place says what they are, with corrections of zero
    for (int word = 0; word < 64; ++word) {
      for (int d = 0; d < 4; ++d) {
        const int depth = word % shape.tile_words() * 4 + d, channels = shape.word_channels();
        const int block = word / shape.tile_words() * shape.read_words() + depth / channels;
        const uint8_t code = code_at(word * word_bytes + 4 * lane + d);
        const size_t x =
            static_cast<size_t>(block % shape.block_banks() * channels + depth % channels);
        sum += corrected.product(code, input[x], {});
      }
    }
    set_field(record.data(), p::kBias, -sum);
    write_record(&image[static_cast<size_t>(biased * word_bytes)], shape.lanes, lane, 3, record);
  }
  for (int k = 0; k < 64 * word_bytes; ++k) {
    image[static_cast<size_t>(codes * word_bytes + k)] = code_at(k);
  }
  run(program, image, input);
  return all;
}

size_t nonzero(const Bytes& bytes) {
  return bytes.size() - static_cast<size_t>(std::count(bytes.begin(), bytes.end(), uint8_t{0}));
}

}  // namespace

TEST_CASE("clearing at any time stops a run, leaves zeros, and the core runs again") {
  const Shape shape = dut_shape();
  Scenario s(shape, 41);
  const Tensor in = s.input(8, 8, shape.lane_words(), true);
  LayerSpec spec = same_size(8, 8);
  spec.kernel_h = spec.kernel_w = 3;
  Tensor t = in;
  std::vector<int> systems;
  for (const uint32_t code_bits : {8U, 4U}) {
    const auto system = system_with_table(shape.array_kind, code_bits);
    if (system) systems.push_back(*system);
  }
  const bool has_tables = !systems.empty();
  if (!has_tables) systems.push_back(first_system(shape.array_kind));
  for (const int system : systems) {
    spec.number_system = system;
    for (const int slot : {0, 1, 0, 1}) {  // both banks of each
      if (has_tables) s.table(slot, system);
    }
    for (int i = 0; i < 3; ++i) {
      spec.table_slot = i % 2;
      t = s.layer(t, spec);
    }
  }
  s.add_weights(256);
  s.store(t);
  Golden golden(shape);
  golden.write_weights(s.image());
  const auto expected = golden.run(s.input_bytes(), {});
  Bench bench;
  bench.write_weights(s.image());
  bench.run(s.input_bytes(), {});
  CHECK(nonzero(traces(bench)) > 100);  // the probe sees what an earlier run left
  for (const uint64_t stop : {5, 60, 150, 400, 900, 1500, 3000}) {
    INFO("cleared after " << stop << " cycles");
    bench.write_weights(s.image());
    bench.run(s.input_bytes(), {}, {0.3, 0.3, 0.3}, false, stop);
    bench.clear();
    CHECK(nonzero(traces(bench)) == 0);
    bench.clear();
    bench.write_weights(s.image());
    const RunResult result = bench.run(s.input_bytes(), {});
    REQUIRE(difference(expected, result.stored) == "");
  }
}

TEST_CASE("several stores, single words and padded beats") {
  Scenario s(dut_shape(), 42);
  const int blocks = s.shape().lane_words();
  const Tensor in = s.input(3, 3, blocks, true);
  LayerSpec spec = same_size(3, 3);
  const Tensor a = s.layer(in, spec);
  spec = same_size(1, 1);
  const Tensor b = s.layer(in, spec);
  for (int i = 0; i < 6; ++i) s.store(i % 2 == 0 ? a : b);
  check(s);
  check(s, {0.5, 0.9, 0});
}

}  // namespace keyway::test
