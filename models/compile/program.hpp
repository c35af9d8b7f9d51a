// SPDX-License-Identifier: Apache-2.0
/// What the compiler gives: the bytes that the core runs, and what the host must know around them.
/// The instruction set and the memory images are defined in rtl/pkg/contract.toml.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "arith/number_system.hpp"
#include "quantise/boundary.hpp"

namespace keyway::compile {

/// Size of a core. Named cores: see `core_from_name`.
struct CoreConfig {
  uint32_t lanes = 16;
  uint32_t depth = 16;
  uint32_t activation_bytes = 256 * 1024;
  uint32_t weight_bytes = 512 * 1024;

  // Derived as contract.toml's [core] says.
  uint32_t word_channels() const { return depth < 16 ? depth : 16; }
  uint32_t read_words() const { return depth / word_channels(); }
  uint32_t lane_words() const { return lanes / word_channels(); }
  uint32_t block_banks() const { return read_words() > lane_words() ? read_words() : lane_words(); }
  uint32_t max_columns() const { return depth / 3 < 5 ? depth / 3 : 5; }
  uint32_t weight_word_bytes() const { return 4 * lanes; }
  uint32_t tile_bytes() const { return lanes * depth; }
  uint32_t bank_words() const { return activation_bytes / word_channels() / 4 / block_banks(); }
  std::string array_name() const { return std::to_string(lanes) + "x" + std::to_string(depth); }
  /// With the memories, where they are a preset other than the standard one.
  std::string name() const;

  /// True if a program for `other` runs here: the same array, memories at least as large.
  bool runs(const CoreConfig& other) const {
    return lanes == other.lanes && depth == other.depth &&
           activation_bytes >= other.activation_bytes && weight_bytes >= other.weight_bytes;
  }
};

/// "8x8", "16x16", "32x32", with the standard memories or, as in "16x16-small", with those of a
/// preset (contract.toml, [[memory_preset]]). Throws Error(kUsage) that lists the known names.
CoreConfig core_from_name(const std::string& name);

/// How the host lays the quantised input out in memory. Byte (y, b, x, lane) of the image,
/// row-major in that order (the order of LOAD_INPUT), holds element
///     (channel, y * stride_h + dy - pad_top, x * stride_w + dx - pad_left)
/// of the quantised input, where {channel, dy, dx} = lanes[b * word_channels + lane]; it is zero
/// when that is outside the input or channel is -1. Gathering taps ahead of the first layer
/// (im2col) makes a first layer of few channels fill the depth of the array.
struct InputImage {
  struct Source {
    int32_t channel = -1;
    int32_t dy = 0, dx = 0;
  };
  uint32_t height = 1, width = 1, blocks = 1, word_channels = 16;
  int32_t stride_h = 1, stride_w = 1, pad_top = 0, pad_left = 0;
  std::vector<Source> lanes;
  size_t bytes() const { return size_t{height} * blocks * width * word_channels; }
};

/// The output image in memory, in the same byte order; channel = channels[b * word_channels +
/// lane], -1 for bytes that mean nothing.
struct OutputImage {
  uint32_t height = 1, width = 1, blocks = 1, word_channels = 16;
  std::vector<int32_t> channels;
  size_t bytes() const { return size_t{height} * blocks * width * word_channels; }
};

/// One entry per layer, for listings, traces and cycle accounts. The instructions of the first two
/// layers may be mixed (emit.hpp); then `first_instruction` is where each begins and `instructions`
/// counts its own.
struct LayerInfo {
  std::string name;
  std::string kind;
  uint32_t first_instruction = 0, instructions = 0;
  uint64_t macs = 0;
  uint64_t ideal_cycles = 0;  ///< passes x steps that the array must make, without any stall
};

/// So many MULTIPLYs of one layer follow each other.
struct ProductRun {
  uint32_t layer = 0, count = 0;
};

struct Program {
  CoreConfig core;
  std::string name;
  arith::NumberSystem number_system = arith::NumberSystem::kInt8;
  std::vector<uint8_t> program_image;  ///< instructions, tables, parameters; for weight memory 0
  uint32_t instructions = 0;           ///< at the start of program_image
  std::vector<uint8_t> weight_image;   ///< codes, cut into frame payloads in order
  bool resident = true;                ///< every weight frame stays on chip between runs
  quantise::InputBoundary input;
  quantise::OutputBoundary output;
  InputImage input_image;
  OutputImage output_image;
  std::vector<LayerInfo> layers;
  std::vector<ProductRun> products;  ///< all MULTIPLYs in order, for traces and cycle accounts
  uint64_t macs = 0;
  uint64_t activation_peak_bytes = 0, weight_peak_bytes = 0;
};

}  // namespace keyway::compile
