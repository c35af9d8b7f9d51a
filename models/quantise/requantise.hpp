// SPDX-License-Identifier: Apache-2.0
/// From real factors to the integers of the requantiser (formula in network.hpp).
///
///     q = clamp((m (acc + bias) + mr residual + 2^(shift-1)) >> shift, lo, hi)
///     m = round(factor 2^shift), mr = round(residual_factor 2^shift)
///
/// with the largest shift in 1..47 at which both fit 18 signed bits (below 2^17 in magnitude).
/// Without a residual m has 17 significant bits. With one, the residual's factor, near one, is far
/// larger than the accumulator's, and m may be left with few bits: then `factor_grid` tells which
/// factors are exact, and the weights are coded for one of those (arith/coding.hpp). Test:
/// tests/quantise/test_requantise.cpp.
#pragma once

#include "quantise/network.hpp"

namespace keyway::quantise {

inline constexpr int kMaxMultiplier = (1 << 17) - 1;
inline constexpr int kMaxShift = 47;

/// Factors up to `largest` that are multiples of this are exact beside `residual_factor`; 0 where
/// there is no residual (17 bits are as good as exact).
double factor_grid(double largest, double residual_factor);

/// `bias` in units of the accumulator; `lo` and `hi` in units of the output, before rounding,
/// infinite where there is no clamp.
ChannelPost make_post(double factor, double residual_factor, double bias, double lo, double hi,
                      bool is_signed);

}  // namespace keyway::quantise
