// SPDX-License-Identifier: Apache-2.0
#include "lock/fuzzy_extractor.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace keyway::lock {

namespace {

using contract::kPufCorrectable;
using contract::kPufRepetition;
using Element = uint16_t;

constexpr int kOrder = static_cast<int>(kPufCodeBits);
constexpr int kSyndromes = 2 * kPufCorrectable;

/// GF(2^9) by logarithms to the base alpha, a root of the contract's polynomial.
class Field {
 public:
  Field() {
    Element power = 1;
    for (int i = 0; i < kOrder; ++i) {
      exp_[i] = exp_[i + kOrder] = power;
      log_[power] = i;
      power = static_cast<Element>(power << 1);
      if (power > kOrder) power = static_cast<Element>(power ^ contract::kPufFieldPolynomial);
    }
  }
  Element power(int exponent) const { return exp_[exponent % kOrder]; }
  Element multiply(Element a, Element b) const {
    return a == 0 || b == 0 ? Element{0} : exp_[log_[a] + log_[b]];
  }
  Element divide(Element a, Element b) const {  // b != 0
    return a == 0 ? Element{0} : exp_[log_[a] + kOrder - log_[b]];
  }

 private:
  std::array<Element, 2 * kOrder> exp_{};
  std::array<int, kOrder + 1> log_{};
};

const Field& field() {
  static const Field f;
  return f;
}

using Bits = Secret<kPufCodeBits>;  // a byte each; bit k is the coefficient of x^(510 - k)
using Syndromes = std::array<Element, kSyndromes + 1>;  // S_i at i
using Polynomial = std::vector<Element>;                // coefficient of x^i at i

/// Goes through helper data bit by bit.
class HelperPlace {
 public:
  explicit HelperPlace(HelperData& helper) : helper_(helper) {}
  unsigned take() {
    const unsigned bit = helper_[at_ / 8] >> at_ % 8 & 1U;
    ++at_;
    return bit;
  }
  void put(unsigned bit) {
    helper_[at_ / 8] = static_cast<uint8_t>(helper_[at_ / 8] | bit << at_ % 8);
    ++at_;
  }

 private:
  HelperData& helper_;
  size_t at_ = 0;
};

Element evaluate(const Bits& bits, int power) {
  Element sum = 0;
  for (size_t k = 0; k < kPufCodeBits; ++k)
    sum = static_cast<Element>(field().multiply(sum, field().power(power)) ^ bits[k]);
  return sum;
}

/// The locator of the errors that have these syndromes, of the lowest degree (Massey 1969).
Polynomial locator(const Syndromes& s) {
  Polynomial c{1}, b{1};
  Element last = 1;
  size_t length = 0, shift = 1;
  for (size_t n = 1; n <= kSyndromes; ++n, ++shift) {
    Element discrepancy = 0;
    for (size_t i = 0; i < c.size() && i < n; ++i)
      discrepancy = static_cast<Element>(discrepancy ^ field().multiply(c[i], s[n - i]));
    if (discrepancy == 0) continue;
    const Polynomial before = c;
    c.resize(std::max(c.size(), b.size() + shift));
    const Element factor = field().divide(discrepancy, last);
    for (size_t i = 0; i < b.size(); ++i)
      c[i + shift] = static_cast<Element>(c[i + shift] ^ field().multiply(factor, b[i]));
    if (2 * length >= n) continue;
    length = n - length;
    b = before;
    last = discrepancy;
    shift = 0;
  }
  c.resize(length + 1);  // a locator of another degree than its length has too few roots
  return c;
}

/// Flips the bits that the locator names; whether it names as many as its degree.
bool correct(Bits& bits, const Polynomial& c) {
  size_t roots = 0;
  for (size_t k = 0; k < kPufCodeBits; ++k) {
    Element sum = 0;  // bit k is at x^(510 - k), and alpha^-(510 - k) = alpha^(k + 1)
    for (size_t i = 0; i < c.size(); ++i)
      sum = static_cast<Element>(
          sum ^ field().multiply(c[i], field().power(static_cast<int>(i * (k + 1)))));
    if (sum != 0) continue;
    bits[k] ^= 1U;
    ++roots;
  }
  return roots == c.size() - 1 && roots <= kPufCorrectable;
}

Key pack(const Bits& bits) {
  Key key;
  for (size_t k = 0; k < contract::kPufKeyBits; ++k)
    key[k / 8] = static_cast<uint8_t>(key[k / 8] | bits[k] << k % 8);
  return key;
}

/// Probability of more than `most` successes among `n` with probability p each.
double more_than(size_t most, size_t n, double p) {
  double sum = 0;
  for (size_t i = most + 1; i <= n; ++i) {
    const double count = static_cast<double>(i), all = static_cast<double>(n);
    const double combinations =
        std::lgamma(all + 1) - std::lgamma(count + 1) - std::lgamma(all - count + 1);
    sum += std::exp(combinations + count * std::log(p) + (all - count) * std::log1p(-p));
  }
  return sum;
}

}  // namespace

ExtractedKey enrol_cells(const PufCells& cells) {
  ExtractedKey out;
  HelperPlace helper(out.helper);
  Bits bits;
  for (size_t k = 0; k < kPufCodeBits; ++k) {
    bits[k] = cells[k * kPufRepetition];
    for (size_t other = 1; other < kPufRepetition; ++other)
      helper.put(bits[k] ^ cells[k * kPufRepetition + other]);
  }
  for (int i = 1; i < kSyndromes; i += 2) {
    const Element s = evaluate(bits, i);
    for (unsigned bit = 0; bit < contract::kPufFieldBits; ++bit) helper.put(s >> bit & 1U);
  }
  out.key = pack(bits);
  return out;
}

std::optional<Key> reproduce_key(const PufCells& cells, const HelperData& helper_data) {
  HelperData copy = helper_data;
  HelperPlace helper(copy);
  Bits bits;
  for (size_t k = 0; k < kPufCodeBits; ++k) {
    size_t ones = cells[k * kPufRepetition];
    for (size_t other = 1; other < kPufRepetition; ++other)
      ones += cells[k * kPufRepetition + other] ^ helper.take();
    bits[k] = 2 * ones > kPufRepetition;
  }
  Syndromes s{};
  for (int i = 1; i < kSyndromes; i += 2) {
    unsigned wanted = 0;
    for (unsigned bit = 0; bit < contract::kPufFieldBits; ++bit) wanted |= helper.take() << bit;
    s[static_cast<size_t>(i)] = static_cast<Element>(evaluate(bits, i) ^ wanted);
  }
  for (size_t i = 1; 2 * i <= kSyndromes; ++i) s[2 * i] = field().multiply(s[i], s[i]);
  if (!correct(bits, locator(s))) return std::nullopt;
  return pack(bits);
}

double extraction_failure(double error) {
  return more_than(kPufCorrectable, kPufCodeBits,
                   more_than(kPufRepetition / 2, kPufRepetition, error));
}

double entropy_left(double bias) {
  const double likelier = std::max(bias, 1 - bias);
  const double guess = more_than(kPufRepetition / 2, kPufRepetition, likelier);
  const double code = static_cast<double>(kPufCodeBits);
  return code * -std::log2(guess) - (code - contract::kPufKeyBits);
}

}  // namespace keyway::lock
