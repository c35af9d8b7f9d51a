// SPDX-License-Identifier: Apache-2.0
/// Between a tensor's bytes (C, H, W order) and the images in the core's memory (program.hpp,
/// InputImage and OutputImage). The same for every target.
/// Contract: the channels that an image names exist in the shape; who reads an image from a package
/// checks that (lock/manifest.cpp). Test: tests/compile/test_image.cpp.
#pragma once

#include <cstdint>
#include <vector>

#include "compile/program.hpp"
#include "graph/graph.hpp"

namespace keyway::compile {

/// The input image of one quantised input of `shape`.
std::vector<uint8_t> gather_input(const InputImage& image, const graph::Shape& shape,
                                  const uint8_t* bytes);

/// The bytes of the output tensor of `shape` out of its image.
std::vector<uint8_t> scatter_output(const OutputImage& image, const graph::Shape& shape,
                                    const uint8_t* image_bytes);

}  // namespace keyway::compile
