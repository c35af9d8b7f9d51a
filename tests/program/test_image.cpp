// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "program/image.hpp"

using namespace keyway::program;

TEST_CASE("an input image gathers taps with stride and padding", "[image]") {
  // One channel, 3 x 4; two lanes: the pixel itself and the one to its lower right.
  InputImage image;
  image.height = 2;
  image.width = 2;
  image.blocks = 1;
  image.word_channels = 3;
  image.stride_h = image.stride_w = 2;
  image.pad_top = 0;
  image.pad_left = 1;
  image.lanes = {{0, 0, 0}, {0, 1, 1}, {-1, 0, 0}};
  const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  const std::vector<uint8_t> packed = gather_input(image, {1, 3, 4}, bytes);
  CHECK(packed == std::vector<uint8_t>{0, 5, 0, 2, 7, 0, 0, 0, 0, 10, 0, 0});
}

TEST_CASE("rows hold block after block", "[image]") {
  InputImage image;
  image.height = 1;
  image.width = 2;
  image.blocks = 2;
  image.word_channels = 1;
  image.lanes = {{0, 0, 0}, {1, 0, 0}};
  const uint8_t bytes[] = {1, 2, 3, 4};
  const std::vector<uint8_t> packed = gather_input(image, {2, 1, 2}, bytes);
  CHECK(packed == std::vector<uint8_t>{1, 2, 3, 4});
}

TEST_CASE("an output image gives its channels back", "[image]") {
  OutputImage image;
  image.height = 1;
  image.width = 2;
  image.blocks = 2;
  image.word_channels = 2;
  image.channels = {2, -1, 0, 1};
  const uint8_t stored[] = {10, 77, 20, 77, 30, 40, 50, 60};
  CHECK(scatter_output(image, {3, 1, 2}, stored) == std::vector<uint8_t>{30, 50, 40, 60, 10, 20});
}
