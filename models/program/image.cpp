// SPDX-License-Identifier: Apache-2.0
#include "program/image.hpp"

namespace keyway::program {

std::vector<uint8_t> gather_input(const InputImage& image, const Shape& shape,
                                  const uint8_t* bytes) {
  std::vector<uint8_t> out(image.bytes());
  const size_t row_words = size_t{image.blocks} * image.width;
  for (size_t lane = 0; lane < image.lanes.size(); ++lane) {
    const InputImage::Source& source = image.lanes[lane];
    if (source.channel < 0) continue;
    const size_t block = lane / image.word_channels;
    const uint8_t* plane = bytes + source.channel * shape.pixels();
    for (uint32_t y = 0; y < image.height; ++y) {
      const int64_t from_y = int64_t{y} * image.stride_h + source.dy - image.pad_top;
      if (from_y < 0 || from_y >= shape.height) continue;
      uint8_t* to = out.data() + (y * row_words + block * image.width) * image.word_channels +
                    lane % image.word_channels;
      for (uint32_t x = 0; x < image.width; ++x) {
        const int64_t from_x = int64_t{x} * image.stride_w + source.dx - image.pad_left;
        if (from_x < 0 || from_x >= shape.width) continue;
        to[size_t{x} * image.word_channels] = plane[from_y * shape.width + from_x];
      }
    }
  }
  return out;
}

std::vector<uint8_t> scatter_output(const OutputImage& image, const Shape& shape,
                                    const uint8_t* image_bytes) {
  std::vector<uint8_t> out(static_cast<size_t>(shape.elements()));
  const size_t row_words = size_t{image.blocks} * image.width;
  for (size_t lane = 0; lane < image.channels.size(); ++lane) {
    if (image.channels[lane] < 0) continue;
    const size_t block = lane / image.word_channels;
    uint8_t* plane = out.data() + image.channels[lane] * shape.pixels();
    for (uint32_t y = 0; y < image.height; ++y) {
      const uint8_t* from = image_bytes +
                            (y * row_words + block * image.width) * image.word_channels +
                            lane % image.word_channels;
      for (uint32_t x = 0; x < image.width; ++x) {
        plane[size_t{y} * image.width + x] = from[size_t{x} * image.word_channels];
      }
    }
  }
  return out;
}

}  // namespace keyway::program
