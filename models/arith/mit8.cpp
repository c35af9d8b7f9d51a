// SPDX-License-Identifier: Apache-2.0
#include "arith/mit8.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "arith/ladder.hpp"
#include "arith/product_coding.hpp"

namespace keyway::arith::mit8 {
namespace {

constexpr int kWeightSteps = 16;      ///< an octave, of a weight
constexpr int kActivationSteps = 64;  ///< and of an activation
constexpr int kCorrectionSteps = 32;
constexpr int kOctaves = 16;  ///< of products
/// Activations of which nothing is known: their mean where none is negative.
constexpr double kUsualActivation = 20;

double value_of(int fraction, int steps) { return 1 + static_cast<double>(fraction) / steps; }

/// The share of every activation, from kLeastActivation on.
std::vector<double> usual_activations() {
  std::vector<double> shares;
  for (int32_t x = kLeastActivation; x <= kMostActivation; ++x) {
    shares.push_back(x < 0 ? 0 : std::exp(-x / kUsualActivation));
  }
  return shares;
}

}  // namespace

int32_t product(uint8_t code, int32_t activation, const Table& table) {
  const int weight = code & 0x7f, magnitude = std::abs(activation);
  if (weight == 0 || magnitude == 0) return 0;
  int octave = 0;
  while (magnitude >> (octave + 1) != 0) ++octave;
  const int fraction = (magnitude << (7 - octave) & 0x7f) >> 1;
  const int correction =
      table[static_cast<size_t>((weight >> 1 & 7) * kClasses + (fraction >> 3))] & kMostCorrection;
  const int logarithm = (weight * (kActivationSteps / kWeightSteps) + octave * kActivationSteps +
                         fraction + correction * (kActivationSteps / kCorrectionSteps)) %
                        (kOctaves * kActivationSteps);
  const int32_t mantissa = 2 * (kActivationSteps + logarithm % kActivationSteps) + 1;
  const int32_t size = mantissa << (logarithm / kActivationSteps);
  return (code >= 0x80) != (activation < 0) ? -size : size;
}

int32_t operand(uint8_t code, const Table&, ArrayKind) {
  const int weight = code & 0x7f;
  if (weight == 0) return 0;
  const int32_t size = (kWeightSteps + weight % kWeightSteps) << (weight / kWeightSteps + 3);
  return (code & 0x80) != 0 ? -size : size;
}

double exact_value(uint8_t code, const Table&) {
  const int weight = code % 128;
  if (weight == 0) return 0;
  const double size = std::exp2(weight / 16) * value_of(weight % 16, kWeightSteps);
  return code < 128 ? size : -size;
}

double unit(ArrayKind) { return 1.0 / 128; }

CodeFields fields(uint8_t code) {
  CodeFields fields{{"sign", bits_of(code, 7, 1), code < 128 ? 1 : -1}};
  if (code % 128 == 0) {
    fields.push_back({"zero", bits_of(code, 0, 7), 0});
  } else {
    fields.push_back({"octave", bits_of(code, 4, 3), code >> 4 & 7});
    fields.push_back({"fraction", bits_of(code, 0, 4), code & 15});
  }
  return fields;
}

Table best_corrections() {
  Table table{};
  for (int f_class = 0; f_class < kClasses; ++f_class) {
    for (int g_class = 0; g_class < kClasses; ++g_class) {
      double sum = 0;
      const int fs = kWeightSteps / kClasses, gs = kActivationSteps / kClasses;
      for (int f = f_class * fs; f < (f_class + 1) * fs; ++f) {
        for (int g = g_class * gs; g < (g_class + 1) * gs; ++g) {
          const double exact = value_of(f, kWeightSteps) * value_of(g, kActivationSteps);
          const double logarithm = exact < 2 ? exact - 1 : exact / 2;
          sum += logarithm - static_cast<double>(f) / kWeightSteps -
                 static_cast<double>(g) / kActivationSteps;
        }
      }
      table[static_cast<size_t>(f_class * kClasses + g_class)] =
          static_cast<int16_t>(std::lround(kCorrectionSteps * sum / (fs * gs)));
    }
  }
  return table;
}

Table secret_corrections(const std::array<uint8_t, kClasses * kClasses>& random) {
  Table table = best_corrections();
  for (size_t i = 0; i < random.size(); ++i) {
    const int moved = table[i] + (random[i] >> 1 & 1) - (random[i] & 1);
    table[i] = static_cast<int16_t>(std::clamp(moved, 0, kMostCorrection));
  }
  return table;
}

Coding encode(const WeightProblem& problem) {
  const std::vector<double> shares =
      problem.activations.empty() ? usual_activations() : problem.activations;
  Operands operands{};
  double square = 0;
  for (int32_t x = kLeastActivation; x <= kMostActivation; ++x) {
    square += shares[static_cast<size_t>(x - kLeastActivation)] * x * x;
  }
  for (size_t code = 0; code < operands.size(); ++code) {
    double sum = 0;
    for (int32_t x = kLeastActivation; x <= kMostActivation; ++x) {
      sum += shares[static_cast<size_t>(x - kLeastActivation)] * x *
             product(static_cast<uint8_t>(code), x, problem.table);
    }
    operands[code] = square > 0 ? static_cast<int32_t>(std::lround(sum / square))
                                : operand(static_cast<uint8_t>(code), {}, problem.array_kind);
  }
  Coding coding = encode_on_ladder(problem, operands);
  refine_products(problem, Products(info(NumberSystem::kMit8), problem.table),
                  Ladder(operands, problem.operand_limit), coding);
  return coding;
}

}  // namespace keyway::arith::mit8
