// SPDX-License-Identifier: Apache-2.0
/// What the quantiser has to say of its own result. Test:
/// tests/quantise/test_evidence.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/shape.hpp"
#include "program/boundary.hpp"

namespace keyway::quantise {

/// How far the integers' outputs are from the floats', over the calibration inputs and before the
/// output function. The inputs are those that the quantiser has seen: others may fare worse.
struct Estimate {
  /// |integers - floats| / |floats - their mean|, Euclidean norms; none where the floats do not
  /// vary.
  std::optional<double> relative_error;
  /// Share of the inputs of which both have the largest output in one place; only for outputs that
  /// are vectors.
  std::optional<double> agreement;
};

/// `outputs` are images x channels x height x width of either.
Estimate compare(const std::vector<float>& floats, const std::vector<float>& integers,
                 const Shape& shape);

struct Findings {
  std::optional<Estimate> estimate;   ///< none without calibration inputs
  std::vector<std::string> warnings;  ///< a sentence each, without a full stop; often none
};

/// What should worry a user about the estimate. `column_ratio`: how much larger the values of one
/// channel of the input are than those of another.
std::vector<std::string> remarks(const Estimate& estimate, double column_ratio = 1);

/// What should worry a user about how the calibration inputs lie in the range that a model file
/// gives its input.
std::vector<std::string> remarks(const program::InputFit& fit);

}  // namespace keyway::quantise
