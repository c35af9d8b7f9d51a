// SPDX-License-Identifier: Apache-2.0
/// Tensors on the command line: .npy files against the shape that a network wants.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/npy.hpp"
#include "program/boundary.hpp"

namespace keyway::tool {

/// Inputs, N first, each in the shape `dims`. At most the first `limit` (negative: all). Throws
/// Error(kFile) naming the file for another shape or type, NaN or infinity, or no input.
common::NpyArray<float> read_inputs(const std::string& path, const std::vector<int64_t>& dims,
                                    int64_t limit);

/// How many classes an output tells apart: by its largest value where it is a list, by the first of
/// its indices where it holds these. Throws Error(kUsage) for any other output (an image, one
/// number), for which labels mean nothing.
int64_t classes_of(const program::OutputBoundary& output);

/// Labels of the first `count` inputs. Throws Error(kFile) when the file has fewer, or labels
/// outside 0..classes-1.
std::vector<int64_t> read_labels(const std::string& path, size_t count, int64_t classes);

/// Number of images whose class, as classes_of() has it (the first of equal values), is its label.
size_t count_correct(const program::OutputBoundary& output, const std::vector<float>& values,
                     const std::vector<int64_t>& labels);

}  // namespace keyway::tool
