// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <catch2/catch.hpp>

#include "common/error.hpp"
#include "compile/compile.hpp"
#include "known_networks.hpp"
#include "program/contract.hpp"
#include "program/listing.hpp"
#include "random_network.hpp"

using namespace keyway;

namespace {

void round_trip(const quantise::Network& network) {
  const program::Program program = compile::compile(network, program::core_from_name("16x16"));
  const std::string text = program::list(program.program_image, program.layers);
  const std::vector<uint8_t> bytes = program::assemble(text);
  REQUIRE(bytes.size() == size_t{program.instructions} * contract::kInstructionBytes);
  REQUIRE(std::equal(bytes.begin(), bytes.end(), program.program_image.begin()));
  for (const program::LayerInfo& layer : program.layers) {
    CHECK_THAT(text, Catch::Contains("; layer '" + layer.name + "'"));
  }
}

}  // namespace

TEST_CASE("a listing assembles to the bytes that it lists", "[listing]") {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    INFO("seed " << seed);
    round_trip(test::random_network(seed));
  }
  round_trip(test::resnet20());
}

TEST_CASE("a listing shows a foreign name on one line, as escapes", "[listing]") {
  const std::vector<uint8_t> bytes = program::assemble("END\n");
  program::LayerInfo layer;
  layer.name = "a\x1b[2J\n   0 END";
  layer.kind = "den\rse";
  const std::string text = program::list(bytes, {layer});
  CHECK_THAT(text, Catch::StartsWith("; layer 'a\\x1b[2J\\x0a   0 END' (den\\x0dse), "));
  CHECK(std::count(text.begin(), text.end(), '\n') == 2);
}

TEST_CASE("programs can be written by hand", "[listing]") {
  const std::vector<uint8_t> bytes = program::assemble(
      "; two instructions\n"
      "LOAD_INPUT rows=0x10 width=2 ; the input\n"
      "\n"
      "  7 END\n");
  REQUIRE(bytes.size() == 64);
  const std::string text = program::list(bytes, {});
  CHECK_THAT(text, Catch::Contains("LOAD_INPUT   rows=16 width=2"));
}

TEST_CASE("a listing's mistakes are named by line", "[listing]") {
  CHECK_THROWS_WITH(program::assemble("END\nJUMP x=1"),
                    "listing, line 2: unknown instruction 'JUMP'");
  CHECK_THROWS_WITH(program::assemble("TABLE slots=1"),
                    "listing, line 1: TABLE has no field 'slots'");
  CHECK_THROWS_WITH(program::assemble("TABLE slot=1x"), "listing, line 1: '1x' is not a number");
  CHECK_THROWS_WITH(program::assemble("TABLE slot"), "listing, line 1: 'slot' is not field=value");
  CHECK_THROWS_WITH(program::assemble("12"), "listing, line 1: an index without an instruction");
  CHECK_THROWS_AS(program::assemble("TABLE slot=2"), Error);
}

TEST_CASE("bytes without END are no program", "[listing]") {
  CHECK_THROWS_WITH(program::list({}, {}), Catch::Contains("malformed program"));
  std::vector<uint8_t> bytes(32, 0);
  bytes[0] = 3;
  CHECK_THROWS_WITH(program::list(bytes, {}), Catch::Contains("no END"));
}
