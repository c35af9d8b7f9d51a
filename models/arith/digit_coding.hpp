// SPDX-License-Identifier: Apache-2.0
/// Codes for weights in a number system with digits, of which groups of weights have fewer than
/// all.
///
/// Mathematics: a weight of k digits takes one of the operands whose lower digits are zero, a
/// ladder four times coarser for every digit that lacks. Few digits round so coarsely that each
/// rounding has to make up for those before it: with E = d' G d (refine.hpp) and G = R' R by
/// Cholesky, G damped and its taps ordered by their power, E is the sum of |R d|^2, so from the
/// last tap on each takes the operand nearest to what makes its own row of R d zero, given the
/// errors of those that have one. Then codes step along their ladders as everywhere. Every
/// channel's step is chosen by what this makes of it; and its sign, since the operands reach twice
/// as far on one side as on the other. Without a gram matrix operands are the nearest ones.
/// Deterministic. Source: error feedback over the gram matrix: Frantar et al., GPTQ, arXiv
/// 2210.17323; that it is Babai's nearest plane: Chen et al., arXiv 2507.18553. Test:
/// tests/arith/test_digit_coding.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "arith/coding.hpp"

namespace keyway::arith {

/// Codes for a tensor in the system without a table that decodes so; problem.digits says of how
/// many digits each weight is.
Coding encode_digits(const WeightProblem& problem,
                     int32_t (*operand)(uint8_t code, const Table& table, ArrayKind kind));

/// Of a group of weights, by the number of their digits less one: the objective of coding.hpp.
using DigitErrors = std::array<double, contract::kMostDigits>;

/// What nearest operands would make of groups of weights, in steps that suit so many digits;
/// group[channel][tap] is below `groups`.
std::vector<DigitErrors> digit_errors(const WeightProblem& problem,
                                      int32_t (*operand)(uint8_t code, const Table& table,
                                                         ArrayKind kind),
                                      const std::vector<uint32_t>& group, size_t groups);

}  // namespace keyway::arith
