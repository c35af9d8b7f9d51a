// SPDX-License-Identifier: Apache-2.0
#include "check.hpp"

#include <catch2/catch.hpp>
#include <random>

#include "compile/compile.hpp"
#include "program/image.hpp"
#include "program/listing.hpp"
#include "quantise/reference.hpp"
#include "random_network.hpp"
#include "simulate/hazards.hpp"
#include "simulate/simulator.hpp"

namespace keyway::test {
namespace {

/// Bytes in C, H, W order become bytes in C, W, H order.
std::vector<uint8_t> transposed(const std::vector<uint8_t>& bytes, const Shape& shape) {
  std::vector<uint8_t> result;
  result.reserve(bytes.size());
  for (int64_t c = 0; c < shape.channels; ++c) {
    for (int64_t x = 0; x < shape.width; ++x) {
      for (int64_t y = 0; y < shape.height; ++y) {
        result.push_back(bytes[static_cast<size_t>((c * shape.height + y) * shape.width + x)]);
      }
    }
  }
  return result;
}

/// The compiler may have turned rows into columns (compile/orientation.hpp).
bool is_turned(const Layout& layout, const Layout& original) {
  return layout.stride_h != original.stride_h;
}

}  // namespace

program::Program check_network(const quantise::Network& network, const program::CoreConfig& core,
                               uint64_t seed, int images) {
  const program::Program program = compile::compile(network, core);
  for (const simulate::Hazard& hazard :
       simulate::find_hazards(core, program.program_image, program.weight_image)) {
    UNSCOPED_INFO(program::list(program.program_image, program.layers));
    FAIL("instruction " << hazard.instruction << ": " << hazard.what);
  }
  const simulate::ProgramSimulator simulator(core, program.program_image, program.weight_image);
  uint64_t cycles = 0;
  for (const program::LayerInfo& layer : program.layers) cycles += layer.ideal_cycles;
  CHECK(simulator.cycles() == cycles);
  const quantise::Reference reference(network);
  const Shape& in = network.tensors[static_cast<size_t>(network.input)].shape;
  std::mt19937_64 random(seed + 77);
  for (int n = 0; n < images; ++n) {
    const std::vector<uint8_t> input = random_bytes(random, static_cast<size_t>(in.elements()));
    const std::vector<uint8_t> laid =
        is_turned(program.input.layout, network.input_layout) ? transposed(input, in) : input;
    const std::vector<uint8_t> result =
        simulator.run(program::gather_input(program.input_image, program.input.shape, laid.data()));
    REQUIRE(result.size() == program.output_image.bytes());
    std::vector<uint8_t> actual =
        program::scatter_output(program.output_image, program.output.shape, result.data());
    if (is_turned(program.output.layout, network.output_layout)) {
      actual = transposed(actual, program.output.shape);
    }
    const std::vector<uint8_t> expected = reference.run(input)[static_cast<size_t>(network.output)];
    for (size_t i = 0; i < expected.size(); ++i) {
      if (expected[i] == actual[i]) continue;
      UNSCOPED_INFO(program::list(program.program_image, program.layers));
      FAIL("seed " << seed << ", image " << n << ", index " << i << ": expected "
                   << int{expected[i]} << ", actual " << int{actual[i]});
    }
    // What no channel owns is zero: nothing leaks into the output image.
    const program::OutputImage& o = program.output_image;
    for (size_t i = 0; i < result.size(); ++i) {
      const size_t block = i / (size_t{o.width} * o.word_channels) % o.blocks;
      if (o.channels[block * o.word_channels + i % o.word_channels] < 0) REQUIRE(result[i] == 0);
    }
  }
  return program;
}

}  // namespace keyway::test
