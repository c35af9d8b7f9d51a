// SPDX-License-Identifier: Apache-2.0
/// The inner loops of the program simulator, once in plain C++ and once for AVX2 with FMA.
///
/// Both give the same bits: sums are 32 bits wide and wrap around; post-processing is exact (plain:
/// 64-bit integers; AVX2: doubles, in which every term is an integer below 2^51 times a power of
/// two, so that nothing is rounded before the final floor).
///
/// All work on one row of output pixels. Operands stand in a patch of 16-bit values, in which tap t
/// of pixel x is the word at x * step + offsets[t]. Sums are [pixel][lane]. Test:
/// tests/simulate/test_kernels.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace keyway::simulate {

/// What taps outside the image are to a maximum: less than any activation, and what a maximum over
/// nothing but such taps gives.
inline constexpr int16_t kNeverWins = -256;

/// Lanes that share one run of weights: weights are [lanes / group][tap][word channels /
/// 2][group][2].
inline constexpr uint32_t kLaneGroup = 16;

struct DenseRow {
  const int16_t* patch = nullptr;
  size_t step = 0;
  size_t width = 0;
  const int32_t* offsets = nullptr;
  size_t taps = 0;
  const int16_t* weights = nullptr;
  uint32_t lanes = 0, word_channels = 0;
  int32_t* sums = nullptr;
};

/// Lane l of the output reads channel l % word_channels of word l / word_channels; words are
/// `word_distance` apart in the patch. Weights are [word][(taps + 1) / 2][word channels][2]: taps
/// in pairs, the missing one of an odd number zero. No weights for maxima.
struct WindowRow {
  const int16_t* patch = nullptr;
  size_t step = 0;
  size_t width = 0;
  size_t word_distance = 0;
  const int32_t* offsets = nullptr;
  size_t taps = 0;
  const int16_t* weights = nullptr;
  uint32_t lanes = 0, word_channels = 0;
  int32_t* sums = nullptr;
};

/// Parameters of the lanes of one output block, integers and the doubles that stand for them:
/// scaled_m = m / 2^shift, constant = (m * bias + 2^(shift-1)) / 2^shift, scaled_mr = mr / 2^shift.
struct PostParameters {
  struct Lane {
    int64_t bias = 0, m = 0, mr = 0, shift = 1, lo = 0, hi = 0;
  };
  std::vector<Lane> lanes;
  std::vector<double> scaled_m, constant, scaled_mr, lo, hi;

  void add(const Lane& lane);
};

/// Residual words are `residual_step` bytes apart from pixel to pixel, the words of one pixel
/// `residual_word_distance`; output words likewise.
struct PostRow {
  const int32_t* sums = nullptr;
  size_t width = 0;
  uint32_t lanes = 0, word_channels = 0;
  const PostParameters* parameters = nullptr;
  const uint8_t* residual = nullptr;  ///< null: none
  size_t residual_step = 0, residual_word_distance = 0;
  bool residual_signed = false;
  uint8_t* output = nullptr;
  size_t output_word_distance = 0;
};

struct Kernels {
  const char* name;
  void (*widen)(const uint8_t* bytes, size_t count, bool is_signed, int16_t* values);
  void (*dense)(const DenseRow&);
  void (*window)(const WindowRow&);
  void (*maximum)(const WindowRow&);
  void (*post)(const PostRow&);
};

const Kernels& portable_kernels();
/// Null where compiler or processor has no AVX2 and FMA.
const Kernels* avx2_kernels();
/// The fastest that this machine has.
const Kernels& best_kernels();

}  // namespace keyway::simulate
