// SPDX-License-Identifier: Apache-2.0
/// Between a tensor's bytes (C, H, W order) and the images in the core's memory (InputImage,
/// OutputImage). The same for every target.
/// Contract: the channels that an image names exist in the shape; who reads an image from a package
/// checks that (lock/manifest.cpp). Test: tests/program/test_image.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/shape.hpp"

namespace keyway::program {

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

/// The input image of one quantised input of `shape`.
std::vector<uint8_t> gather_input(const InputImage& image, const Shape& shape,
                                  const uint8_t* bytes);

/// The bytes of the output tensor of `shape` out of its image.
std::vector<uint8_t> scatter_output(const OutputImage& image, const Shape& shape,
                                    const uint8_t* image_bytes);

}  // namespace keyway::program
