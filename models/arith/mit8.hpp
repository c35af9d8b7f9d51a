// SPDX-License-Identifier: Apache-2.0
/// mit8: sign and logarithm, sixteen steps an octave, for products by addition of logarithms.
///
/// Mathematics: bit 7 is the sign, bits 6..4 are the octave i, bits 3..0 the fraction f: the
/// magnitude is 2^i (1 + f / 16); bits 6..0 of zero are the number zero. To base two i + f / 16 is
/// nearly its logarithm, exact at powers of two and linear between them. An activation x is taken
/// so too: |x| is 2^k (1 + g / 64) with whole k and 0 <= g < 64, rounded down to six bits behind
/// the leading one. The product adds the two logarithms and a correction c, in 32nds, which the
/// layer's table has for the upper three bits of f and of g:
///
///     e + h / 64 = i + k + f / 16 + g / 64 + c / 32    (mod 16; e whole, 0 <= h < 64)
///     |product|  = (2 (64 + h) + 1) 2^e
///
/// with the product of the signs; zero where weight or activation is. So products are integers,
/// about 128 times what weight and activation stand for, and nothing is rounded but x and h, to the
/// middle. With c = 0 that is Mitchell's multiplication, up to 11 % too small; the best
/// corrections (`best_corrections`) leave 4 %, 1.2 % in the root mean square. Corrections are part
/// of the number system, not of the weights: each layer may have its own, secret ones. The product
/// is not linear in x, so a weight has no operand; `operand` says what it would be if logarithms
/// were exact, and the coder what it comes to on a layer's activations (`encode`).
///
/// Source: Mitchell, IRE Transactions on Electronic Computers EC-11(4), 1962; corrections by upper
/// bits of both fractions: Abed and Siferd, IEEE Transactions on Computers 52(11), 2003. Twins:
/// rtl/arith/mit8_logarithm.sv, rtl/engine/array/activation_logarithm.sv, product_mitchell.sv.
/// Test: tests/arith.
#pragma once

#include <array>
#include <cstdint>

#include "arith/number_system.hpp"

namespace keyway::arith::mit8 {

inline constexpr int kClasses = 8;          ///< of a fraction, which choose a correction
inline constexpr int kMostCorrection = 15;  ///< in 32nds

/// What the array makes of a code and an activation from -255 to 255, bit for bit; entry 8 F + G of
/// the table is the correction for classes F and G, of which the lower four bits count.
int32_t product(uint8_t code, int32_t activation, const Table& table);

/// 128 times the number.
int32_t operand(uint8_t code, const Table& table, ArrayKind kind);

/// The number by the definition above.
double exact_value(uint8_t code, const Table& table);
double unit(ArrayKind kind);
/// Sign, octave i and fraction f.
CodeFields fields(uint8_t code);

/// Those with the least error of a product, over fractions that are equally likely.
Table best_corrections();
/// The same, each a step more or less, or as it was, as the lower two bits of its random byte say.
/// Products are less exact; codes are chosen for them.
Table secret_corrections(const std::array<uint8_t, kClasses * kClasses>& random);

/// Codes for a tensor whose products the problem's table corrects: the nearest number, in steps of
/// the channel (ladder.hpp), where a code's operand is the factor that is nearest to its products
/// over the problem's activations; then what is nearest at the layer's outputs
/// (product_coding.hpp).
Coding encode(const WeightProblem& problem);

}  // namespace keyway::arith::mit8
