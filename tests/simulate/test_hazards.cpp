// SPDX-License-Identifier: Apache-2.0
// The hazard checker finds what it is for: faults planted into programs that have none.
#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>

#include "compile/compile.hpp"
#include "known_networks.hpp"
#include "program/contract.hpp"
#include "program/instructions.hpp"
#include "program/listing.hpp"
#include "random_network.hpp"
#include "simulate/hazards.hpp"

using namespace keyway;
using namespace keyway::compile;
using namespace keyway::program;

namespace {

constexpr size_t kBytes = contract::kInstructionBytes;

Instruction at(const Program& program, size_t index) {
  return decode(program.program_image.data() + index * kBytes, index);
}

std::vector<simulate::Hazard> with(const Program& program, size_t index,
                                   const Instruction& changed) {
  std::vector<uint8_t> image = program.program_image;
  const InstructionBytes bytes = encode(changed, "test");
  std::copy(bytes.begin(), bytes.end(),
            image.begin() + static_cast<std::ptrdiff_t>(index * kBytes));
  return simulate::find_hazards(program.core, image, program.weight_image);
}

/// Instructions 0.. as text; memory as large as the core's.
std::vector<simulate::Hazard> hazards_of(const std::string& text, size_t frames = 0) {
  std::vector<uint8_t> image = assemble(text);
  image.resize(4096, 0);
  for (size_t i = 2048; i < image.size(); ++i) image[i] = 0;
  return simulate::find_hazards(core_from_name("16x16"), image,
                                std::vector<uint8_t>(frames * contract::kPayloadBytes));
}

void finds(const std::string& text, const std::string& what, size_t frames = 0) {
  const std::vector<simulate::Hazard> found = hazards_of(text, frames);
  REQUIRE(found.size() >= 1);
  CHECK_THAT(found[0].what, Catch::Contains(what));
}

// A 4 x 4 image at 0 goes through sums of 1 x 1 to 16, and from there to 32.
const std::string kLoad = "LOAD_INPUT rows=4 width=4 blocks=1 row_pitch=4 block_pitch=4\n";
const std::string kLayer =
    "LAYER mode=1 ones=1 kernel_h=1 kernel_w=1 blocks=1 stride_y=1 stride_x=1 input_height=4 "
    "input_width=4 input_row_pitch=4 output_row_pitch=4 residual_row_pitch=4 residual_stride_y=1 "
    "residual_stride_x=1\n";
std::string multiply(const std::string& fields) {
  return "MULTIPLY parameter_address=40 height=4 width=4 " + fields + "\n";
}
std::string store(const std::string& fields) {
  return "STORE rows=4 width=4 blocks=1 row_pitch=4 block_pitch=4 " + fields + "\n";
}

/// True if a region of some layer has only a part of the output's columns.
bool cuts_rows(const quantise::Network& network) {
  return std::any_of(network.layers.begin(), network.layers.end(), [&](const auto& layer) {
    const int64_t width = network.tensors[static_cast<size_t>(layer.output)].shape.width;
    return std::any_of(layer.regions.begin(), layer.regions.end(),
                       [&](const quantise::Region& region) { return region.width < width; });
  });
}

}  // namespace

TEST_CASE("a program in order has no hazards", "[hazards]") {
  CHECK(hazards_of(kLoad + kLayer + multiply("wait_rows=4 output_base=16") +
                   multiply("wait_products=1 input_base=16 output_base=32") +
                   store("wait_products=2 base=32") + "END")
            .empty());
}

TEST_CASE("missing waits are found", "[hazards]") {
  finds(kLoad + kLayer + multiply("wait_rows=3 output_base=16") + "END", "needs wait_rows of 4");
  finds(kLoad + kLayer + multiply("wait_rows=4 output_base=16") +
            multiply("input_base=16 output_base=32") + "END",
        "operand: needs wait_products of 1");
  finds(kLoad + kLayer + multiply("wait_rows=4 output_base=16") + store("base=16") + "END",
        "needs wait_products of 1");
  finds(kLoad + kLayer + multiply("wait_rows=4 output_base=16") +
            multiply("input_base=0 output_base=32 residual=1 residual_base=16") + "END",
        "residual: needs wait_products of 1");
  finds(kLoad + kLayer + multiply("output_base=0 wait_rows=4 input_base=0") + "END",
        "writes words that it reads");
}

TEST_CASE("waits of earlier array instructions count", "[hazards]") {
  CHECK(hazards_of(kLoad + kLayer + multiply("wait_rows=4 output_base=16") +
                   multiply("wait_products=1 input_base=16 output_base=32") +
                   multiply("input_base=16 output_base=48") + "END")
            .empty());
}

TEST_CASE("unwritten words are found", "[hazards]") {
  finds(kLoad + kLayer + multiply("wait_rows=4 input_base=8 output_base=16") + "END",
        "reads a word that nothing has written");
  finds(kLoad + store("base=4") + "END", "stores a word that nothing has written");
  finds(kLoad + store("base=0") + "END", "stores input that may not have come yet");
}

TEST_CASE("overwriting too early is found", "[hazards]") {
  // The input's memory is reused before the input is whole.
  finds(kLoad + kLayer +
            "MULTIPLY parameter_address=40 height=1 width=4 wait_rows=1 output_base=16\n"
            "MULTIPLY parameter_address=40 height=1 width=4 input_base=16 wait_products=1 "
            "output_base=0 output_phase=2\nEND",
        "overwrites input that may not have come yet");
  // A second input over operands of a product that may still run.
  finds(kLoad + kLayer + multiply("wait_rows=4 output_base=16") + kLoad + "END",
        "needs wait_products of 1");
  finds(kLoad + kLayer + multiply("wait_rows=4 output_base=16") + store("wait_products=1 base=16") +
            multiply("output_base=16") + "END",
        "overwrites a word that a STORE reads");
}

TEST_CASE("weights must have come, and must stay while they are used", "[hazards]") {
  const std::string dense =
      "LAYER kernel_h=1 kernel_w=1 blocks=1 stride_y=1 stride_x=1 input_height=4 input_width=4 "
      "input_row_pitch=4 output_row_pitch=4\n";
  const std::string weights = "LOAD_WEIGHTS count=1 destination=256\n";
  CHECK(hazards_of(weights + kLoad + dense +
                       multiply("wait_frames=1 wait_rows=4 weight_address=64 output_base=16") +
                       "END",
                   1)
            .empty());
  finds(weights + kLoad + dense + multiply("wait_rows=4 weight_address=64 output_base=16") + "END",
        "weights: needs wait_frames of 1", 1);
  finds(weights + kLoad + dense +
            multiply("wait_frames=1 wait_rows=4 weight_address=128 output_base=16") + "END",
        "weights: reads weight memory that nothing has written", 1);
  finds(weights + kLoad + dense +
            multiply("wait_frames=1 wait_rows=4 weight_address=64 output_base=16") + weights +
            "END",
        "needs wait_products of 1", 2);
  finds(weights + "TABLE table_address=63\nEND", "table: needs wait_frames of 1", 1);
  finds(weights + kLoad +
            "LAYER number_system=1 kernel_h=1 kernel_w=1 blocks=1 stride_y=1 stride_x=1 "
            "input_height=4 input_width=4 input_row_pitch=4 output_row_pitch=4\n" +
            multiply("wait_frames=1 wait_rows=4 weight_address=64 output_base=16") + "END",
        "uses a table slot that is not loaded", 1);
}

TEST_CASE("waits that nothing earlier can end are found", "[hazards]") {
  finds(kLoad + kLayer + multiply("wait_rows=5 output_base=16") + "END", "asked for later");
  finds(kLoad + kLayer + multiply("wait_rows=4 wait_products=1 output_base=16") + "END",
        "waits for a product that comes later");
  finds(kLoad + kLayer + multiply("wait_rows=4 wait_frames=1 output_base=16") + "END",
        "waits for frames that are asked for later");
}

TEST_CASE("every wait of a compiled program that raises the bar is needed", "[hazards]") {
  // Removing one is found. (A wait below an earlier one is covered by it.) Waits are for whole
  // rows, so where regions cut these, a group may wait for a part that it does not read.
  const CoreConfig core = core_from_name("16x16");
  int checked = 0;
  for (uint64_t seed = 0; checked < 100; ++seed) {
    REQUIRE(seed < 1000);
    const quantise::Network network = test::random_network(seed, {core.array_kind});
    if (cuts_rows(network)) continue;
    ++checked;
    const Program program = compile::compile(network, core);
    int64_t products = 0, rows = 0, frames = 0;
    for (size_t i = 0; i < program.instructions; ++i) {
      const Instruction original = at(program, i);
      INFO("seed " << seed << ", instruction " << i);
      if (const auto* multiply = std::get_if<MultiplyInstruction>(&original)) {
        const auto planted = [&](int64_t MultiplyInstruction::*field, int64_t& bar) {
          if (multiply->*field <= bar) return;
          MultiplyInstruction changed = *multiply;
          changed.*field = multiply->*field - 1;
          CHECK_FALSE(with(program, i, changed).empty());
          bar = multiply->*field;
        };
        planted(&MultiplyInstruction::wait_products, products);
        planted(&MultiplyInstruction::wait_rows, rows);
        planted(&MultiplyInstruction::wait_frames, frames);
      } else if (const auto* kept = std::get_if<StoreInstruction>(&original)) {
        StoreInstruction changed = *kept;
        --changed.wait_products;
        CHECK_FALSE(with(program, i, changed).empty());
      }
    }
  }
}
