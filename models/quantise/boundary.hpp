// SPDX-License-Identifier: Apache-2.0
/// Where floats become bytes and bytes floats again: the one implementation that every target uses.
///
/// Input: byte = clamp(round((x * input_scale[c] + input_offset[c]) / scale[c])), in double,
/// rounded to nearest, ties to even; clamped to the byte's range. Output: value = scale[c] * byte +
/// offset[c], then, over the channels of every pixel, softmax (exp(v - max) / sum) or log-softmax
/// (v - max - log sum), in double. The structs are small and plain, so that a package's manifest
/// can carry them.
///
/// Bytes stand in C, H, W order, signed ones in two's complement; floats as the model file's user
/// has them (graph::Layout). Errors: kFile for NaN or infinity in the input, and for a struct that
/// contradicts itself (a manifest is not trusted). Test: tests/quantise/test_boundary.cpp.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/graph.hpp"

namespace keyway::quantise {

struct Network;

struct InputBoundary {
  graph::Shape shape;
  graph::Layout layout;
  bool is_signed = false;
  std::vector<float> scale;        ///< of a byte's unit, one per channel
  std::vector<float> input_scale;  ///< applied to the user's values first
  std::vector<float> input_offset;
};

struct OutputBoundary {
  graph::Shape shape;
  graph::Layout layout;
  bool is_signed = false;
  std::vector<float> scale;
  std::vector<float> offset;
  graph::OutputFunction function = graph::OutputFunction::kNone;
};

InputBoundary input_boundary(const Network& network);
OutputBoundary output_boundary(const Network& network);

/// kFile unless shape, layout and per-channel numbers fit together, every index lies inside the
/// user's array, and scales are positive and finite.
void validate(const InputBoundary& boundary);
void validate(const OutputBoundary& boundary);

/// One image: shape.elements() floats to as many bytes, and back.
void quantise_input(const InputBoundary& boundary, const float* user, uint8_t* bytes);
void dequantise_output(const OutputBoundary& boundary, const uint8_t* bytes, float* user);

}  // namespace keyway::quantise
