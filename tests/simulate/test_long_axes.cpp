// SPDX-License-Identifier: Apache-2.0
// Networks with one long axis, rows or columns: audio, ECG, time series. Windows, strides and
// tensors exceed the fields that hold them, and every byte is still the reference executor's.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "check.hpp"
#include "common/error.hpp"
#include "compile/compile.hpp"
#include "known_networks.hpp"
#include "program/instructions.hpp"
#include "random_network.hpp"

using namespace keyway;

namespace {

/// What networks were made into.
struct Seen {
  int networks = 0, refused = 0;
  int copied = 0;  ///< windows laid out by a layer of their own
  int folded = 0;  ///< windows laid out by the layer that makes their tensor
  int shared = 0;  ///< inputs whose rows share words
};

/// The first layer meets more words of a pixel than the host sends.
bool shares_rows(const program::Program& program) {
  for (uint32_t i = 0; i < program.instructions; ++i) {
    const program::Instruction instruction =
        program::decode(program.program_image.data() + size_t{i} * contract::kInstructionBytes, i);
    if (const auto* layer = std::get_if<program::LayerInstruction>(&instruction)) {
      return layer->blocks > program.input_image.blocks;
    }
  }
  return false;
}

Seen check_seeds(const std::string& core_name, const test::RandomNetworkOptions& options,
                 uint64_t first, uint64_t last) {
  const program::CoreConfig core = program::core_from_name(core_name);
  Seen seen;
  for (uint64_t seed = first; seed < last; ++seed) {
    INFO("core " << core_name << ", seed " << seed);
    const quantise::Network network = test::random_network(seed, options);
    const auto large = std::count_if(
        network.layers.begin(), network.layers.end(), [](const quantise::Layer& layer) {
          return layer.window.kernel_h > 255 || layer.window.kernel_w > 255;
        });
    ++seen.networks;
    try {
      const program::Program program = test::check_network(network, core, seed);
      const auto copies = std::count_if(program.layers.begin(), program.layers.end(),
                                        [](const program::LayerInfo& layer) {
                                          return layer.name.find(".windows") != std::string::npos;
                                        });
      seen.copied += static_cast<int>(copies);
      seen.folded += static_cast<int>(large - copies);
      if (shares_rows(program)) ++seen.shared;
    } catch (const Error& error) {
      INFO(error.what());
      REQUIRE(error.kind() == ErrorKind::kFit);
      ++seen.refused;
    }
  }
  return seen;
}

void check_seeds(const std::string& core_name, uint64_t first, uint64_t last) {
  test::RandomNetworkOptions options;
  options.most_length = 700;
  options.most_channels = 20;
  const Seen seen = check_seeds(core_name, options, first, last);
  CHECK(20 * seen.refused < seen.networks);
  CHECK(seen.copied > 10);
  CHECK(seen.folded > 10);
  CHECK(seen.shared > 5);
}

/// Tensors of more rows or columns than their fields hold.
void check_tall(const std::string& core_name, uint64_t first, uint64_t last) {
  test::RandomNetworkOptions options;
  options.most_length = 9000;
  options.most_channels = 4;
  options.most_layers = 4;
  const Seen seen = check_seeds(core_name, options, first, last);
  CHECK(2 * seen.refused < seen.networks);
  CHECK(seen.shared > 0);
}

}  // namespace

TEST_CASE("random networks with a long axis equal the reference on 16x16", "[simulator]") {
  check_seeds("16x16", 0, 400);
}
TEST_CASE("random networks with a long axis equal the reference on 8x8", "[simulator]") {
  check_seeds("8x8", 1000, 1400);
}
TEST_CASE("random networks with a long axis equal the reference on 32x32", "[simulator]") {
  check_seeds("32x32", 2000, 2400);
}
TEST_CASE("random networks with a very long axis equal the reference", "[simulator]") {
  check_tall("8x8", 3000, 3100);
  check_tall("16x16", 4000, 4100);
  check_tall("16x16-large", 5000, 5100);
}

TEST_CASE("raw audio and an ECG of ten seconds fit the standard memories", "[simulator]") {
  for (const char* name : {"8x8", "16x16", "32x32"}) {
    INFO("core " << name);
    const program::CoreConfig core = program::core_from_name(name);
    test::check_network(test::m5(8, 16000), core, 1);
    test::check_network(test::m5(32, 8000), core, 2);
    test::check_network(test::m5(16, 5000, 12), core, 3);  // in parts, with the rows of windows
  }
  const program::Program program =
      compile::compile(test::m5(32, 8000), program::core_from_name("16x16"));
  CHECK(program.input_image.blocks == 1);  // 80 taps, of which 16 are sent
  // An output is a word of 16 samples and two of 32 channels.
  CHECK(program.activation_peak_bytes < 3 * 16 * 2400);
}

TEST_CASE("audio that does not fit is refused with its numbers", "[simulator]") {
  CHECK_THROWS_WITH(
      compile::compile(test::m5(128, 8000), program::core_from_name("16x16")),
      Catch::StartsWith("activation memory: layer 'layer1' needs 317440 bytes ('t1' 253952, 't2' "
                        "63488; 512 are padding)") &&
          Catch::EndsWith("the core has 262144: 55296 too many"));
}
