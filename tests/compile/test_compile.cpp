// SPDX-License-Identifier: Apache-2.0
// What the compiler refuses, and what it chooses.
#include <catch2/catch.hpp>
#include <set>

#include "common/error.hpp"
#include "compile/compile.hpp"
#include "known_networks.hpp"
#include "program/contract.hpp"
#include "program/digit_schedule.hpp"
#include "program/instructions.hpp"
#include "random_network.hpp"

using namespace keyway;
using namespace keyway::compile;
using namespace keyway::program;
using quantise::LayerKind;

namespace {

/// One dense layer.
quantise::Network one_layer(const Shape& in, int64_t channels, const graph::Window& window) {
  quantise::Network network;
  network.tensors.resize(2);
  network.tensors[0].shape = in;
  network.tensors[0].scale.assign(static_cast<size_t>(in.channels), 1.0f);
  const Shape out{
      channels,
      (in.height + window.pad_top + window.pad_bottom - window.kernel_h) / window.stride_h + 1,
      (in.width + window.pad_left + window.pad_right - window.kernel_w) / window.stride_w + 1};
  network.tensors[1].shape = out;
  network.tensors[1].scale.assign(static_cast<size_t>(channels), 1.0f);
  quantise::Layer layer;
  layer.name = "conv1";
  layer.input = 0;
  layer.output = 1;
  layer.window = window;
  layer.codes.assign(
      static_cast<size_t>(in.channels * channels * window.kernel_h * window.kernel_w), 127);
  quantise::ChannelPost post;
  post.m = 1;
  layer.regions.push_back(
      {0, 0, out.height, out.width,
       std::vector<quantise::ChannelPost>(static_cast<size_t>(channels), post)});
  network.layers.push_back(layer);
  network.input = 0;
  network.output = 1;
  network.input_layout = {{in.channels, in.height, in.width}, in.height * in.width, in.width, 1};
  network.output_layout = {
      {out.channels, out.height, out.width}, out.height * out.width, out.width, 1};
  network.input_scale.assign(static_cast<size_t>(in.channels), 1.0f);
  network.input_offset.assign(static_cast<size_t>(in.channels), 0.0f);
  return network;
}

void refuses(const quantise::Network& network, ErrorKind kind, const std::string& text,
             uint32_t activation_bytes = 256 * 1024) {
  CoreConfig core = core_from_name("16x16");
  core.activation_bytes = activation_bytes;
  try {
    compile::compile(network, core);
    FAIL("no error; expected: " << text);
  } catch (const Error& error) {
    INFO(error.what());
    CHECK(error.kind() == kind);
    CHECK_THAT(error.what(), Catch::Contains(text));
    CHECK_THAT(error.what(), Catch::Contains("conv1"));
  }
}

}  // namespace

TEST_CASE("what the instruction set cannot say is refused by name", "[compile]") {
  quantise::Network pool = one_layer({1, 300, 300}, 1, {300, 300, 1, 1, 0, 0, 0, 0});
  pool.layers[0].kind = LayerKind::kSum;
  pool.layers[0].codes.clear();
  refuses(pool, ErrorKind::kFit,
          "a window of 300 x 300 positions; the core's kernels hold 255 x 255", 1 << 22);
  quantise::Network vector = one_layer({70000, 1, 1}, 1, {1, 1, 1, 1, 0, 0, 0, 0});
  vector.layers[0].codes.assign(70000, 1);
  vector.tensors[0].name = "the input of conv1";
  refuses(vector, ErrorKind::kFit,
          "tensor 'the input of conv1' has 70000 channels; the core counts 65520", 1 << 20);
}

TEST_CASE("a foreign name stands in a message as escapes", "[compile]") {
  quantise::Network network = one_layer({16, 64, 64}, 16, {1, 1, 1, 1, 0, 0, 0, 0});
  network.layers[0].name = "conv1\x1b[2J";
  network.tensors[0].name = "x\ny";
  refuses(network, ErrorKind::kFit, "layer 'conv1\\x1b[2J' needs 131072 bytes ('x\\x0ay' 65536, ",
          64 * 1024);
}

TEST_CASE("a stride beyond its field takes groups of one row", "[compile]") {
  quantise::Network strided = one_layer({1, 40, 40}, 1, {1, 1, 16, 1, 0, 0, 0, 0});
  strided.layers[0].kind = LayerKind::kSum;
  strided.layers[0].codes.clear();
  const Program program = compile::compile(strided, core_from_name("16x16"));
  REQUIRE(program.products.size() == 1);
  CHECK(program.products[0].count == 3);
}

TEST_CASE("a stride that leads to no second pixel does not matter", "[compile]") {
  quantise::Network pool = one_layer({1, 25, 25}, 1, {25, 25, 25, 25, 0, 0, 0, 0});
  pool.layers[0].kind = LayerKind::kSum;
  pool.layers[0].codes.clear();
  CHECK_NOTHROW(compile::compile(pool, core_from_name("16x16")));
}

TEST_CASE("an accumulator that could overflow is refused", "[compile]") {
  // 255 * 127 * n reaches 2^31 at n = 66313.
  const graph::Window whole{160, 160, 1, 1, 0, 0, 0, 0};
  refuses(one_layer({3, 160, 160}, 1, whole), ErrorKind::kUnsupported,
          "the accumulator of output channel 0 can reach 2487168000");
  quantise::Network biased = one_layer({1, 2, 2}, 1, {1, 1, 1, 1, 0, 0, 0, 0});
  biased.layers[0].regions[0].post[0].bias = INT32_MAX - 255 * 127 + 1;
  refuses(biased, ErrorKind::kUnsupported, "can reach 2147483648");
  biased.layers[0].regions[0].post[0].bias -= 1;
  CHECK_NOTHROW(compile::compile(biased, core_from_name("16x16")));
}

TEST_CASE("a maximum over padding alone is refused", "[compile]") {
  quantise::Network network = one_layer({1, 4, 4}, 1, {1, 1, 1, 1, 1, 1, 1, 1});
  network.layers[0].kind = LayerKind::kMax;
  network.layers[0].codes.clear();
  refuses(network, ErrorKind::kUnsupported, "a maximum over padding alone has no value");
}

TEST_CASE("a network that contradicts itself is refused", "[compile]") {
  quantise::Network network = one_layer({2, 4, 4}, 3, {3, 3, 1, 1, 1, 1, 1, 1});
  network.layers[0].codes.pop_back();
  refuses(network, ErrorKind::kUsage, "number of codes");
}

TEST_CASE("cores have names", "[compile]") {
  CHECK(core_from_name("32x32").depth == 32);
  CHECK(core_from_name("8x8-log").array_kind == contract::ArrayKind::kLogarithmic);
  CHECK_THAT(known_cores(), Catch::StartsWith("8x8, 8x8-log,") && Catch::Contains("32x32-log") &&
                                Catch::EndsWith("-tiny, -small, -standard, -large"));
  for (const char* name : {"16x8", "16x16-", "16x16-huge", "16x16 -tiny", "", "-tiny"}) {
    CHECK_THROWS_WITH(core_from_name(name),
                      std::string("unknown core '") + name + "'; known are: " + known_cores());
  }
}

TEST_CASE("memories have names, and a program runs on larger ones", "[compile]") {
  std::vector<CoreConfig> cores;
  for (const char* name : {"16x16-tiny", "16x16-small", "16x16", "16x16-large"}) {
    cores.push_back(core_from_name(name));
    CHECK(cores.back().name() == name);
    CHECK(cores.back().array_name() == "16x16");
  }
  CHECK(core_from_name("16x16-standard").name() == "16x16");
  CHECK(cores[0].activation_bytes == 64 * 1024);
  CHECK(cores[3].weight_bytes == 1024 * 1024);
  for (size_t a = 0; a < cores.size(); ++a) {
    for (size_t b = 0; b < cores.size(); ++b) CHECK(cores[a].runs(cores[b]) == (a >= b));
  }
  CHECK_FALSE(core_from_name("32x32").runs(cores[0]));
}

TEST_CASE("the compiler adapts to small memories", "[compile]") {
  // The weights of ResNet-20 are 268 KiB: they stream where they cannot stay.
  const auto network = test::resnet20();
  CHECK(compile::compile(network, core_from_name("16x16")).resident);
  const Program small = compile::compile(network, core_from_name("16x16-small"));
  CHECK_FALSE(small.resident);
  CHECK(small.weight_peak_bytes <= small.core.weight_bytes);
  CHECK(small.activation_peak_bytes <= small.core.activation_bytes);
}

TEST_CASE("the first layer's taps are gathered where that is faster", "[compile]") {
  const Program program = compile::compile(test::resnet20(), core_from_name("16x16"));
  CHECK(program.input_image.blocks == 2);  // 27 taps and channels
  CHECK(program.input_image.height == 32);
  CHECK(program.input_image.pad_top == 1);
  const Program deep = compile::compile(one_layer({16, 8, 8}, 16, {3, 3, 1, 1, 1, 1, 1, 1}),
                                        core_from_name("16x16"));
  CHECK(deep.input_image.blocks == 1);  // gathering gains nothing
  CHECK(deep.input_image.pad_top == 0);
}

TEST_CASE("cycles without stalls are those of the architecture's model", "[compile]") {
  for (const test::KnownNetwork& known : test::known_networks()) {
    const Program program = compile::compile(known.make(), core_from_name("16x16"));
    uint64_t ideal = 0;
    for (const LayerInfo& layer : program.layers) ideal += layer.ideal_cycles;
    INFO(known.name << ": " << ideal);
    CHECK(ideal <= known.model_cycles * 101 / 100);
    CHECK(ideal >= known.model_cycles * 80 / 100);
  }
}

TEST_CASE("the second layer fills the gaps while input arrives", "[compile]") {
  // On 32 x 32 the gathered image takes 2048 cycles to load and 1024 to multiply.
  const auto layers_in_order = [](const Program& program) {
    std::vector<int64_t> kernels;
    for (uint32_t i = 0; i < program.instructions; ++i) {
      const Instruction instruction =
          decode(program.program_image.data() + i * contract::kInstructionBytes, i);
      if (const auto* layer = std::get_if<LayerInstruction>(&instruction)) {
        kernels.push_back(layer->kernel_h);
      }
    }
    return kernels;
  };
  const Program mixed = compile::compile(test::resnet8(), core_from_name("32x32"));
  CHECK(layers_in_order(mixed).size() > mixed.layers.size() + 2);
  CHECK(mixed.layers[1].first_instruction <
        mixed.layers[0].first_instruction + mixed.layers[0].instructions);
  const Program plain = compile::compile(test::resnet8(), core_from_name("16x16"));
  CHECK(layers_in_order(plain).size() == plain.layers.size());
}

TEST_CASE("layers account for all instructions of theirs", "[compile]") {
  const Program program = compile::compile(test::resnet8(), core_from_name("16x16"));
  REQUIRE(program.layers.size() == 11);
  uint32_t next = program.layers[0].first_instruction;
  for (const LayerInfo& layer : program.layers) {
    CHECK(layer.first_instruction == next);
    next += layer.instructions;
    bool described = false;
    for (uint32_t i = layer.first_instruction; i < next; ++i) {
      const Instruction instruction =
          decode(program.program_image.data() + i * contract::kInstructionBytes, i);
      described = described || std::holds_alternative<LayerInstruction>(instruction);
    }
    CHECK(described);
  }
  CHECK(next + 1 == program.instructions);  // END
}

TEST_CASE("the order of products says whose each MULTIPLY is", "[compile]") {
  // On 32 x 32 the first two layers are mixed.
  for (const char* core : {"8x8", "16x16", "32x32"}) {
    for (const test::KnownNetwork& known : test::known_networks()) {
      INFO(known.name << ", core " << core);
      const Program program = compile::compile(known.make(), core_from_name(core));
      std::vector<uint32_t> order;
      for (const ProductRun& run : program.products) {
        CHECK(run.count > 0);
        order.insert(order.end(), run.count, run.layer);
      }
      size_t product = 0;
      bool fresh = false;
      for (uint32_t i = 0; i < program.instructions; ++i) {
        const Instruction instruction =
            decode(program.program_image.data() + i * contract::kInstructionBytes, i);
        if (std::holds_alternative<LayerInstruction>(instruction)) fresh = true;
        if (!std::holds_alternative<MultiplyInstruction>(instruction)) continue;
        REQUIRE(product < order.size());
        if (product > 0) CHECK(fresh == (order[product] != order[product - 1]));
        fresh = false;
        ++product;
      }
      CHECK(product == order.size());
      std::set<uint32_t> all(order.begin(), order.end());
      CHECK(all.size() == program.layers.size());
    }
  }
}

TEST_CASE("padding comes from the given source and nothing else changes", "[compile]") {
  const quantise::Network network = test::random_network(5);
  const CoreConfig core = core_from_name("16x16");
  const Program a = compile::compile(network, core), b = compile::compile(network, core);
  CHECK(a.weight_image == b.weight_image);
  size_t asked = 0;
  Options zeros;
  zeros.padding = [&](uint8_t* data, size_t size) {
    asked += size;
    std::fill(data, data + size, uint8_t{0});
  };
  const Program c = compile::compile(network, core, zeros);
  CHECK(asked >= c.weight_image.size());
  CHECK(c.program_image == a.program_image);
  CHECK(c.weight_image != a.weight_image);
  CHECK(a.weight_image.size() % contract::kPayloadBytes == 0);
}

TEST_CASE("tiles have the digits that their codes need, and random ones below", "[compile]") {
  const CoreConfig core = core_from_name("8x8");
  graph::Window window;
  window.kernel_h = window.kernel_w = 1;
  quantise::Network network = one_layer({16, 4, 4}, 8, window);
  network.layers[0].number_system = network.number_system = arith::NumberSystem::kDs8;
  for (size_t i = 0; i < network.layers[0].codes.size(); ++i) {
    network.layers[0].codes[i] = i % 16 < 8 ? 0x80 : 0x64;  // of one digit, and of three
  }
  const auto compiled = [&](uint8_t padding) {
    Options options;
    options.padding = [padding](uint8_t* data, size_t size) { std::fill_n(data, size, padding); };
    return compile::compile(network, core, options);
  };
  const Program zeros = compiled(0), ones = compiled(0xff);
  CHECK(zeros.program_image == ones.program_image);
  for (size_t i = 0; i < 2 * core.tile_bytes(8); ++i) {
    const bool is_first = i < core.tile_bytes(8);
    REQUIRE(zeros.weight_image[i] == (is_first ? 0x80 : 0x64));
    REQUIRE(ones.weight_image[i] == (is_first ? 0xbf : 0x67));
  }
  for (uint32_t i = 0; i < zeros.instructions; ++i) {
    const Instruction instruction =
        decode(zeros.program_image.data() + i * contract::kInstructionBytes, i);
    const auto* multiply = std::get_if<MultiplyInstruction>(&instruction);
    if (multiply == nullptr) continue;
    CHECK(DigitSchedule(*multiply).digits(0) == 1);
    CHECK(DigitSchedule(*multiply).digits(1) == 3);
  }
}
