// SPDX-License-Identifier: Apache-2.0
// Programs come from files that anybody can write: whatever the bytes, an error or some output.
#include <catch2/catch.hpp>
#include <random>

#include "common/error.hpp"
#include "compile/compile.hpp"
#include "program/contract.hpp"
#include "program/instructions.hpp"
#include "program/listing.hpp"
#include "random_network.hpp"
#include "simulate/hazards.hpp"
#include "simulate/simulator.hpp"

using namespace keyway;

namespace {

void refuses(const std::string& text, const std::string& what, size_t weight_bytes = 0) {
  try {
    simulate::ProgramSimulator(program::core_from_name("16x16"), program::assemble(text),
                               std::vector<uint8_t>(weight_bytes));
    FAIL("no error; expected: " << what);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::kFile);
    CHECK_THAT(error.what(), Catch::Contains("malformed program") && Catch::Contains(what));
  }
}

const std::string kLayer =
    "LAYER kernel_h=1 kernel_w=1 blocks=1 stride_y=1 stride_x=1 input_height=4 input_width=4\n";

}  // namespace

TEST_CASE("addresses outside the memories are refused", "[malformed]") {
  refuses("LOAD_INPUT rows=1 width=2 blocks=1 base=4095\nEND", "a transfer outside");
  refuses("STORE rows=4 width=1 blocks=3 block_pitch=2048\nEND", "a transfer outside");
  refuses(kLayer + "MULTIPLY height=4 width=4 input_base=4093\nEND", "operands outside");
  refuses(kLayer + "MULTIPLY height=4 width=4 output_base=4093\nEND", "an output outside");
  refuses(kLayer + "MULTIPLY height=4 width=4 residual=1 residual_base=4095\nEND",
          "a stride of zero");
  refuses(kLayer + "MULTIPLY height=4 width=4 weight_address=8191\nEND", "weights outside");
  refuses(kLayer + "MULTIPLY height=4 width=4 parameter_address=8190\nEND", "parameters outside");
  refuses("TABLE table_address=8190\nEND", "a table outside");
  refuses("LOAD_WEIGHTS count=1 destination=32600\nEND", "outside the weight memory", 4080);
  refuses("LOAD_WEIGHTS count=1 destination=3\nEND", "over the instructions", 4080);
  refuses("LOAD_WEIGHTS count=2 destination=256\nEND", "beyond the package's end", 4080);
}

TEST_CASE("fields of no meaning are refused", "[malformed]") {
  refuses("MULTIPLY height=1 width=1\nEND", "before any LAYER");
  refuses(kLayer + "MULTIPLY height=0 width=1\nEND", "a group of no or too many pixels");
  refuses(kLayer + "MULTIPLY height=27 width=19\nEND", "a group of no or too many pixels");
  refuses("LAYER mode=3 kernel_h=1 kernel_w=1\nEND", "unknown mode");
  refuses("LAYER kernel_h=0 kernel_w=1 blocks=1\nEND", "an empty kernel");
  refuses(
      "LAYER number_system=31 kernel_h=1 kernel_w=1 blocks=1 stride_y=1 stride_x=1 "
      "input_height=1 input_width=1\nEND",
      "unknown number system");
  refuses(
      "LAYER pair_rows=1 kernel_h=1 kernel_w=1 blocks=1 stride_y=1 stride_x=1 input_height=1 "
      "input_width=1\nEND",
      "rows are paired only");
  refuses(kLayer + "MULTIPLY height=1 width=1\nEND", "a shift outside 1 to 47");
  refuses(
      "LAYER kernel_h=255 kernel_w=255 blocks=4095 stride_y=15 stride_x=15 input_height=1 "
      "input_width=1\nMULTIPLY height=16 width=32\nEND",
      "of unreasonable size");
  refuses("TABLE slot=1", "there is no END");
  // qf8 behind sixteen entries, qf4 behind 256.
  const std::string qf8 = "LAYER number_system=1 " + kLayer.substr(6);
  const std::string qf4 = "LAYER number_system=7 " + kLayer.substr(6);
  const std::string product = "MULTIPLY height=1 width=1\nEND";
  refuses("TABLE slot=0 short_table=1\n" + qf8 + product, "a table that is not as long");
  refuses("TABLE slot=0\n" + qf4 + product, "a table that is not as long");
  refuses("", "there is no END");
}

TEST_CASE("an input image that is too short is refused", "[malformed]") {
  const program::Program program =
      compile::compile(test::random_network(3), program::core_from_name("16x16"));
  const simulate::ProgramSimulator simulator(program.core, program.program_image,
                                             program.weight_image);
  CHECK(simulator.input_bytes() == program.input_image.bytes());
  CHECK_THROWS_AS(simulator.run(std::vector<uint8_t>(simulator.input_bytes() - 1)), Error);
}

TEST_CASE("damaged programs are refused or run, never worse", "[malformed]") {
  constexpr uint64_t kSeed = 20240603;
  INFO("seed " << kSeed);
  std::mt19937_64 random(kSeed);
  int refused = 0, ran = 0;
  for (uint64_t seed = 0; seed < 60; ++seed) {
    const program::Program program = compile::compile(
        test::random_network(seed), program::core_from_name(seed % 3 == 0 ? "8x8" : "16x16"));
    const size_t instruction_bytes = size_t{program.instructions} * contract::kInstructionBytes;
    for (int n = 0; n < 60; ++n) {
      std::vector<uint8_t> image = program.program_image;
      const uint64_t flips = 1 + random() % 4;
      for (uint64_t k = 0; k < flips; ++k) {
        const size_t range = random() % 8 == 0 ? image.size() : instruction_bytes;
        image[random() % range] ^= static_cast<uint8_t>(1u << (random() % 8));
      }
      if (random() % 10 == 0) image.resize(random() % (image.size() + 1));
      try {
        simulate::find_hazards(program.core, image, program.weight_image);
        const simulate::ProgramSimulator simulator(program.core, image, program.weight_image);
        if (simulator.input_bytes() <= 1 << 24 && simulator.output_bytes() <= 1 << 24) {
          simulator.run(test::random_bytes(random, simulator.input_bytes()));
        }
        ++ran;
      } catch (const Error& error) {
        REQUIRE(error.kind() == ErrorKind::kFile);
        ++refused;
      }
    }
  }
  CHECK(refused > 100);  // both ways are walked
  CHECK(ran > 100);
}
