// SPDX-License-Identifier: Apache-2.0
#include "arith/product_coding.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace keyway::arith {
namespace {

constexpr int kRounds = 3;

class OutputDeviation {
 public:
  OutputDeviation(const WeightProblem& problem, const Products& products, Coding& coding)
      : problem_(problem),
        products_(products),
        coding_(coding),
        taps_(static_cast<size_t>(problem.taps)),
        channels_(static_cast<size_t>(problem.channels)),
        columns_(problem.columns.size() / taps_),
        wanted_(channels_ * columns_),
        given_(channels_ * columns_) {
    const double columns = static_cast<double>(columns_), told = problem.column_trust * columns,
                 share = told / (told + static_cast<double>(taps_)),
                 largest = double{kMostActivation} * kMostActivation;
    for (int64_t t = 0; t < problem.taps; ++t) {
      own_.push_back(columns *
                     (problem.importance_of_tap(t) * (1 - share) / share + largest / (told + 1)));
    }
    for (size_t t = 0; t < taps_; ++t) {
      of_code_.fill({});
      const std::vector<float> x = centred([&](int32_t activation) { return activation; }, t);
      for (size_t c = 0; c < channels_; ++c) {
        add(wanted_, c, x, static_cast<float>(problem_.weights[c * taps_ + t]));
        add(given_, c, of(t, coding_.codes[c * taps_ + t]), 1);
      }
    }
  }

  void move_weights(const Ladder& ladder) {
    for (size_t t = 0; t < taps_; ++t) {
      of_code_.fill({});
      for (size_t c = 0; c < channels_; ++c) move_weight(ladder, c, t);
    }
  }

  void fit_steps() {
    for (size_t c = 0; c < channels_; ++c) {
      const float *wanted = &wanted_[c * columns_], *given = &given_[c * columns_];
      double square = 0, product = 0;
      for (size_t t = 0; t < taps_; ++t) {
        const double operand = coding_.operands[coding_.codes[c * taps_ + t]];
        square += own_[t] * operand * operand;
        product += own_[t] * operand * problem_.weights[c * taps_ + t];
      }
      for (size_t n = 0; n < columns_; ++n) {
        square += static_cast<double>(given[n]) * static_cast<double>(given[n]);
        product += static_cast<double>(given[n]) * static_cast<double>(wanted[n]);
      }
      if (!(square > 0 && product > 0)) continue;
      coding_.step[c] = problem_.permitted(static_cast<int64_t>(c), product / square);
    }
  }

 private:
  /// Deviations from the mean, over the columns, of what `value` makes of a tap's activations.
  template <typename Value>
  std::vector<float> centred(const Value& value, size_t tap) const {
    const int16_t* x = &problem_.columns[tap * columns_];
    std::vector<float> values(columns_);
    double sum = 0;
    for (size_t n = 0; n < columns_; ++n) {
      values[n] = static_cast<float>(value(x[n]));
      sum += static_cast<double>(values[n]);
    }
    const auto mean = static_cast<float>(sum / static_cast<double>(columns_));
    for (float& v : values) v -= mean;
    return values;
  }

  /// Products of the tap at hand.
  const std::vector<float>& of(size_t tap, uint8_t code) {
    std::vector<float>& values = of_code_[code];
    if (values.empty()) {
      values = centred([&](int32_t activation) { return products_.of(activation)[code]; }, tap);
    }
    return values;
  }

  void add(std::vector<float>& sums, size_t channel, const std::vector<float>& values, float by) {
    float* sum = &sums[channel * columns_];
    for (size_t n = 0; n < columns_; ++n) sum[n] += by * values[n];
  }

  /// How the squares of the deviations change, summed over the columns.
  double change(size_t channel, const float* from, const float* to, float step) const {
    // Partial sums: the compiler may not reorder a float sum by itself.
    constexpr size_t kParts = 16;
    const float *given = &given_[channel * columns_], *wanted = &wanted_[channel * columns_];
    std::array<float, kParts> part{};
    const auto one = [&](size_t n) {
      const float error = step * given[n] - wanted[n], by = step * (to[n] - from[n]);
      return by * (by + 2 * error);
    };
    size_t n = 0;
    for (; n + kParts <= columns_; n += kParts) {
      for (size_t k = 0; k < kParts; ++k) part[k] += one(n + k);
    }
    float sum = 0;
    for (; n < columns_; ++n) sum += one(n);
    for (const float p : part) sum += p;
    return static_cast<double>(sum);
  }

  void move_weight(const Ladder& ladder, size_t c, size_t t) {
    const std::vector<Ladder::Rung>& rungs = ladder.rungs();
    uint8_t& code = coding_.codes[c * taps_ + t];
    const size_t here = ladder.rung_of(code);
    const double weight = problem_.weights[c * taps_ + t], step = coding_.step[c];
    const auto own = [&](size_t rung) {
      const double off = step * rungs[rung].operand - weight;
      return own_[t] * off * off;
    };
    const std::vector<float>& before = of(t, code);
    size_t best = here;
    double least = 0;
    for (const size_t rung : {here - 1, here + 1}) {  // below the first one there is none
      if (rung >= rungs.size()) continue;
      const double changed =
          change(c, before.data(), of(t, rungs[rung].code).data(), static_cast<float>(step)) +
          own(rung) - own(here);
      if (changed < least) {
        least = changed;
        best = rung;
      }
    }
    if (best == here) return;
    add(given_, c, before, -1);
    code = rungs[best].code;
    add(given_, c, of(t, code), 1);
  }

  const WeightProblem& problem_;
  const Products& products_;
  Coding& coding_;
  size_t taps_, channels_, columns_;
  std::vector<double> own_;            ///< [tap], weight of the square of a weight's own error
  std::vector<float> wanted_, given_;  ///< [channel][column]; given in units of the step
  std::array<std::vector<float>, 256> of_code_;
};

}  // namespace

void refine_products(const WeightProblem& problem, const Products& products, const Ladder& ladder,
                     Coding& coding) {
  if (problem.columns.empty()) return;
  OutputDeviation deviation(problem, products, coding);
  deviation.fit_steps();
  for (int round = 0; round < kRounds; ++round) {
    deviation.move_weights(ladder);
    deviation.fit_steps();
  }
}

}  // namespace keyway::arith
