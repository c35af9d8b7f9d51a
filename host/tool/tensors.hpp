// SPDX-License-Identifier: Apache-2.0
/// Tensors on the command line: .npy files against the shape that a network wants.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/npy.hpp"

namespace keyway::tool {

/// Inputs, N first, each in the shape `dims`. At most the first `limit` (negative: all). Throws
/// Error(kFile) naming the file for another shape or type, NaN or infinity, or no input.
common::NpyArray<float> read_inputs(const std::string& path, const std::vector<int64_t>& dims,
                                    int64_t limit);

/// Labels of the first `count` inputs. Throws Error(kFile) when the file has fewer, or labels
/// outside 0..classes-1.
std::vector<int64_t> read_labels(const std::string& path, size_t count, int64_t classes);

/// Number of images whose largest output (the first of equals) stands at its label.
size_t count_correct(const std::vector<float>& outputs, const std::vector<int64_t>& labels);

}  // namespace keyway::tool
