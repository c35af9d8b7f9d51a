// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <random>

#include "common/error.hpp"
#include "compile/weights.hpp"
#include "program/contract.hpp"

using namespace keyway;
using namespace keyway::compile;
using namespace keyway::program;

namespace {

constexpr uint64_t kPayload = contract::kPayloadBytes;

std::vector<LayerTiles> layers(const std::vector<std::vector<uint64_t>>& block_bytes) {
  std::vector<LayerTiles> result;
  for (const auto& bytes : block_bytes) {
    result.push_back({"layer" + std::to_string(result.size()), bytes, 0});
  }
  return result;
}

}  // namespace

TEST_CASE("weights that fit are resident, each in its place", "[weights]") {
  const CoreConfig core = core_from_name("16x16");
  const std::vector<std::vector<uint64_t>> bytes{{256, 512}, {0}, {40960, 256}};
  const WeightPlan plan = plan_weights(core, layers(bytes), 5000);
  REQUIRE(plan.resident);
  const uint64_t base = 8192;  // two program frames, rounded up to a weight word
  CHECK(plan.tiles[0][0].address == base);
  CHECK(plan.tiles[0][1].address == base + 256);
  CHECK(plan.tiles[1][0].segment == -1);
  CHECK(plan.tiles[2][0].address == base + 768);
  CHECK(plan.tiles[0][1].frames == 1);
  CHECK(plan.tiles[2][0].frames == (768 + 40960 + kPayload - 1) / kPayload);
  REQUIRE(plan.segments.size() == 2);  // the first layer's frames come alone
  CHECK(plan.segments[0].frames == 1);
  CHECK(plan.segments[1].address == base + kPayload);
  CHECK(plan.segments[0].frames + plan.segments[1].frames == plan.frames);
}

TEST_CASE("streamed segments are whole, in order and inside the ring", "[weights]") {
  std::mt19937_64 random(3);
  for (int n = 0; n < 200; ++n) {
    INFO("round " << n);
    CoreConfig core = core_from_name(n % 2 == 0 ? "16x16" : "32x32");
    core.weight_bytes = 64 * 1024;
    std::vector<std::vector<uint64_t>> bytes(8);
    for (auto& layer : bytes) {
      layer.resize(1 + random() % 6);
      const uint64_t tiles = random() % 5 == 0 ? 0 : 1 + random() % (40000 / core.tile_bytes(8));
      for (uint64_t& block : layer) block = tiles * core.tile_bytes(8);
    }
    const uint64_t image = 1 + random() % 9000;
    const WeightPlan plan = plan_weights(core, layers(bytes), image);
    uint64_t frame = 0;
    for (const Segment& segment : plan.segments) {
      REQUIRE(segment.first_frame == frame);
      frame += segment.frames;
      REQUIRE(segment.address >= image);
      REQUIRE(segment.address % core.weight_word_bytes() == 0);
      REQUIRE(segment.address + segment.frames * kPayload <= core.weight_bytes);
    }
    REQUIRE(frame == plan.frames);
    int32_t last = 0;
    for (const auto& layer : plan.tiles) {
      for (const BlockTiles& block : layer) {
        if (block.bytes == 0) continue;
        REQUIRE(block.segment >= last);
        last = block.segment;
        const Segment& segment = plan.segments[static_cast<size_t>(block.segment)];
        if (!plan.resident) {
          // The place in memory follows from the place in the stream.
          REQUIRE(block.address - segment.address ==
                  block.stream_offset - segment.first_frame * kPayload);
          REQUIRE(block.address + block.bytes <= segment.address + segment.frames * kPayload);
        }
        REQUIRE(block.address % core.weight_word_bytes() == 0);
        REQUIRE(block.frames * kPayload >= block.stream_offset + block.bytes);
        REQUIRE((block.frames - 1) * kPayload < block.stream_offset + block.bytes);
      }
    }
  }
}

TEST_CASE("an output block larger than the ring does not fit", "[weights]") {
  CoreConfig core = core_from_name("16x16");
  core.weight_bytes = 32 * 1024;
  try {
    plan_weights(core, {{"small", {256}, 256}, {"big", {256 * 120}, 5 * 16 * 120}}, 100);
    FAIL("it fitted");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::kFit);
    // 4096 bytes of program, eight frames of tiles, in which five of 16 lanes are used
    CHECK_THAT(error.what(), Catch::Contains("weight memory: layer 'big' needs 36736 bytes") &&
                                 Catch::Contains("one output block 32640; 23040 are padding)") &&
                                 Catch::Contains("the core has 32768: 3968 too many"));
  }
  CHECK_THROWS_WITH(plan_weights(core, {{"a", {256}, 256}}, 40000),
                    Catch::Contains("weight memory: instructions, tables and parameters need"));
}
