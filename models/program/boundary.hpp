// SPDX-License-Identifier: Apache-2.0
/// Where floats become bytes and bytes floats again: the one implementation that every target uses.
///
/// Input: byte = clamp(round((x * input_scale[c] + input_offset[c]) / scale[c])), in double,
/// rounded to nearest, ties to even; clamped to the byte's range and to least..most. Pixels that
/// the host adds around the user's image stand for pad_value[c], which takes the place of
/// x * input_scale + input_offset: values moved to a middle other than zero cannot be padded by the
/// core, whose padding is zero (centre.hpp). Output: value = scale[c] * byte + offset[c], then a
/// function, in double: over the channels of every pixel softmax (exp(v - max) / sum) or
/// log-softmax (v - max - log sum), or of each value sigmoid or tanh; then the selection
/// (OutputSelection). The structs are small and plain, so that a package's manifest can carry them.
///
/// Bytes stand in C, H, W order, signed ones in two's complement; floats as the model file's user
/// has them (Layout). Errors: kFile for NaN or infinity in the input, and for a struct that
/// contradicts itself (a manifest is not trusted). Test: tests/quantise/test_boundary.cpp.
#pragma once

#include <cstdint>
#include <vector>

#include "common/shape.hpp"

namespace keyway::program {

/// As manifests and --json call it.
const char* function_name(OutputFunction function);

struct InputBoundary {
  Shape shape;  ///< of the bytes: padding included
  Layout layout;
  bool is_signed = false;
  std::vector<float> scale;        ///< of a byte's unit, one per channel
  std::vector<float> input_scale;  ///< applied to the user's values first
  std::vector<float> input_offset;
  int64_t pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;
  std::vector<float> pad_value = {};  ///< one per channel; empty: nothing is added
  int least = -128, most = 255;       ///< bytes that the model file allows, within the type

  /// Of the user's image.
  Shape user_shape() const {
    return {shape.channels, shape.height - pad_top - pad_bottom,
            shape.width - pad_left - pad_right};
  }
};

struct OutputBoundary {
  Shape shape;    ///< of the bytes
  Layout layout;  ///< of what the user gets
  bool is_signed = false;
  std::vector<float> scale;
  std::vector<float> offset;
  OutputFunction function = OutputFunction::kNone;
  OutputSelection selection = {};

  /// Of what the user gets.
  Shape user_shape() const { return selection.shape(shape); }
};

/// kFile unless shape, layout and per-channel numbers fit together, every index lies inside the
/// user's array, and scales are positive and finite.
void validate(const InputBoundary& boundary);
void validate(const OutputBoundary& boundary);

/// One image: user_shape().elements() floats to shape.elements() bytes, and back. Indices come as
/// floats.
void quantise_input(const InputBoundary& boundary, const float* user, uint8_t* bytes);
void dequantise_output(const OutputBoundary& boundary, const uint8_t* bytes, float* user);

/// How inputs lie in the range that the input's bytes hold.
struct InputFit {
  uint64_t values = 0;
  uint64_t beyond = 0;         ///< values that the nearest byte is more than half a unit away from
  uint64_t inputs_beyond = 0;  ///< inputs with such values
  int steps = 256;             ///< bytes that there are
  int lowest = 255, highest = -128;  ///< bytes that values became
};

/// Of `images` inputs, one after the other; padding does not count. kFile for NaN or infinity.
InputFit fit(const InputBoundary& boundary, const float* user, int64_t images);

}  // namespace keyway::program
