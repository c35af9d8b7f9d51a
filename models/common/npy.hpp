// SPDX-License-Identifier: Apache-2.0
/// Arrays in NumPy's .npy format: read versions 1 to 3, write version 1.
///
/// Elements f2, f4, f8, i1..i8, u1..u8 and b1 (bool), little-endian, in C or Fortran order; the
/// result is always in C order. Reading as float takes any of them, reading as integer refuses
/// floats. Complex, object, string, structured and big-endian arrays are refused.
///
/// Errors: kFile, naming the file and what is wrong with it. The size that the header claims is
/// compared with the file's length before anything is allocated; a file that is longer or shorter
/// than its header says is refused.
/// Source: NumPy Enhancement Proposal 1 and numpy.lib.format.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/file.hpp"

namespace keyway::common {

template <typename T>
struct NpyArray {
  std::vector<int64_t> shape;  ///< empty for a scalar
  std::vector<T> values;       ///< C order

  /// shape[0], or 1 for a scalar.
  int64_t rows() const { return shape.empty() ? 1 : shape[0]; }
};

/// Reads at most the first `max_rows` along the first dimension (negative: all).
NpyArray<float> read_npy_float(const std::string& path, int64_t max_rows = -1);
NpyArray<int64_t> read_npy_int(const std::string& path, int64_t max_rows = -1);

/// kFile if an element is NaN or infinite; names file and index.
void require_finite(const NpyArray<float>& array, const std::string& path);

/// Written as <f4 and <i8, through common/file.hpp: complete or absent.
void write_npy(const std::string& path, const NpyArray<float>& array);
void write_npy(const std::string& path, const NpyArray<int64_t>& array);
/// Into a file that the caller made and commits.
void write_npy(AtomicFile& file, const NpyArray<float>& array);

}  // namespace keyway::common
