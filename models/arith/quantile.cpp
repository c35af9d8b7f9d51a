// SPDX-License-Identifier: Apache-2.0
#include "arith/quantile.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <utility>

namespace keyway::arith {
namespace {

/// Numbers that rise as finite floats do.
uint32_t rising(float value) {
  value += 0.0F;  // the negative zero is zero
  uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return (bits & 0x80000000U) != 0 ? ~bits : bits | 0x80000000U;
}

struct Item {
  uint32_t key, index;
};

/// Indices in order of their keys, those of equal keys as they were: a radix sort.
std::vector<uint32_t> sorted(std::vector<Item> items) {
  constexpr int kDigit = 11, kDigits = 3;
  const auto digit = [](uint32_t key, int d) { return key >> (kDigit * d) & ((1U << kDigit) - 1); };
  std::array<std::array<uint32_t, size_t{1} << kDigit>, kDigits> places{};
  for (const Item& item : items) {
    for (int d = 0; d < kDigits; ++d) ++places[static_cast<size_t>(d)][digit(item.key, d)];
  }
  std::vector<Item> other(items.size());
  for (int d = 0; d < kDigits; ++d) {
    auto& next = places[static_cast<size_t>(d)];
    std::exclusive_scan(next.begin(), next.end(), next.begin(), 0U);
    for (const Item& item : items) other[next[digit(item.key, d)]++] = item;
    items.swap(other);
  }
  std::vector<uint32_t> order;
  order.reserve(items.size());
  for (const Item& item : items) order.push_back(item.index);
  return order;
}

}  // namespace

Quantiles::Quantiles(const WeightProblem& problem, size_t codes)
    : problem_(problem), count_(problem.weights.size()), buckets_(codes), random_(problem.seed) {
  std::vector<Item> ties(count_);
  value_.resize(count_);
  importance_.resize(count_);
  codes_.resize(count_);
  for (size_t i = 0; i < count_; ++i) {
    const auto at = static_cast<int64_t>(i);
    ties[i] = {static_cast<uint32_t>(random_()), static_cast<uint32_t>(i)};
    error_weight_.push_back(problem.importance_of_channel(at / problem.taps) *
                            problem.importance_of_tap(at % problem.taps));
  }
  shuffled_ = sorted(std::move(ties));
  choose_codes();
}

void Quantiles::choose_codes() {
  std::vector<uint8_t> all(buckets_);
  std::iota(all.begin(), all.end(), uint8_t{0});
  for (size_t i = buckets_ - 1; i > 0; --i) std::swap(all[i], all[random_() % (i + 1)]);
  used_.assign(all.begin(), all.begin() + static_cast<ptrdiff_t>(std::min(count_, buckets_)));
  std::sort(used_.begin(), used_.end());
}

bool Quantiles::is_zero(int64_t channel) const { return !(first_step(channel) > 0); }

double Quantiles::first_step(int64_t channel) const {
  double sum = 0;
  for (int64_t t = 0; t < problem_.taps; ++t) {
    sum += problem_.weight(channel, t) * problem_.weight(channel, t);
  }
  return std::sqrt(sum / static_cast<double>(problem_.taps));
}

void Quantiles::rank() {
  std::vector<Item> items(count_);
  for (size_t k = 0; k < count_; ++k) {
    const uint32_t i = shuffled_[k];
    items[k] = {rising(static_cast<float>(value_[i])), i};
  }
  order_ = sorted(std::move(items));
}

size_t Quantiles::capacity(size_t bucket) const {
  return (bucket + 1) * count_ / buckets_ - bucket * count_ / buckets_;
}

/// Importance that `share` of the weights do not reach.
double Quantiles::importance_below(double share) const {
  const auto at = static_cast<size_t>(share * static_cast<double>(count_));
  if (at == 0) return -1;
  std::vector<double> sorted = importance_;
  std::nth_element(sorted.begin(), sorted.begin() + static_cast<ptrdiff_t>(at), sorted.end());
  return sorted[at];
}

/// Cuts the important weights, in order of value, into runs of at most `most` error; the number of
/// runs.
size_t Quantiles::cut(double most, bool store) {
  const size_t count = important_.size();
  size_t bucket = 0, begin = 0;
  while (begin < count) {
    if (bucket >= buckets_) return bucket + 1;
    // A run's error grows with every weight, so its end is found by bisection; one weight fits.
    size_t fits = begin + 1, fails = std::min(count, begin + capacity(bucket)) + 1;
    while (fails - fits > 1) {
      const size_t end = fits + (fails - fits) / 2;
      const double n0 = sums_[end].zeroth - sums_[begin].zeroth;
      const double n1 = sums_[end].first - sums_[begin].first;
      const double n2 = sums_[end].second - sums_[begin].second;
      (n0 > 0 && n2 - n1 * n1 / n0 > most ? fails : fits) = end;
    }
    if (store) {
      for (size_t k = begin; k < fits; ++k) codes_[important_[k]] = static_cast<uint8_t>(bucket);
      taken_[bucket] = fits - begin;
    }
    begin = fits;
    ++bucket;
  }
  return bucket;
}

void Quantiles::fill(const std::vector<uint32_t>& rest) {
  size_t bucket = 0;
  for (const uint32_t i : rest) {
    while (taken_[bucket] == capacity(bucket)) ++bucket;
    codes_[i] = static_cast<uint8_t>(bucket);
    ++taken_[bucket];
  }
}

void Quantiles::assign(const std::vector<double>& step, double share) {
  const auto taps = static_cast<size_t>(problem_.taps);
  for (size_t i = 0; i < count_; ++i) {
    const double s = step[i / taps];
    value_[i] = s > 0 ? problem_.weights[i] / s : 0.0;
    importance_[i] = error_weight_[i] * s * s;
  }
  rank();
  if (count_ < buckets_) {
    for (size_t r = 0; r < count_; ++r) codes_[order_[r]] = used_[r];
    return;
  }
  const double least = importance_below(share);
  std::vector<uint32_t> rest;
  important_.clear();
  sums_.assign(1, {});
  for (const uint32_t i : order_) {
    const double a = importance_[i], v = value_[i];
    if (a < least) {
      rest.push_back(i);
      continue;
    }
    important_.push_back(i);
    const Sums& s = sums_.back();
    sums_.push_back({s.zeroth + a, s.first + a * v, s.second + a * v * v});
  }
  // The smallest error per run that so many runs suffice for, by bisection of its logarithm.
  double hi = sums_.back().second * 1.001 + 1e-300, lo = hi * 1e-14;
  for (int i = 0; i < 40 && hi > lo * 1.0001; ++i) {
    const double middle = std::sqrt(lo * hi);
    (cut(middle, false) <= buckets_ ? hi : lo) = middle;
  }
  taken_.fill(0);
  cut(hi, true);
  fill(rest);
}

Entries Quantiles::fit_entries() const {
  Entries sum{}, weight{};
  for (size_t i = 0; i < count_; ++i) {
    // Buckets of weights without any importance get their plain mean.
    const double w = importance_[i] + 1e-200;
    sum[codes_[i]] += w * value_[i];
    weight[codes_[i]] += w;
  }
  Entries entries{};
  for (size_t k = 0; k < buckets_; ++k) entries[k] = weight[k] > 0 ? sum[k] / weight[k] : 0.0;
  fill_unused(entries);
  return entries;
}

/// Entries of codes that no weight has: on the line between their neighbours, and beyond the
/// outermost used code as far apart as the used ones are on average.
void Quantiles::fill_unused(Entries& entries) const {
  if (used_.empty() || used_.size() == buckets_) return;
  const size_t first = used_.front(), last = used_.back();
  const double gap =
      last > first ? (entries[last] - entries[first]) / static_cast<double>(last - first) : 0.0;
  for (size_t k = 0; k < first; ++k) {
    entries[k] = entries[first] - gap * static_cast<double>(first - k);
  }
  for (size_t k = last + 1; k < buckets_; ++k) {
    entries[k] = entries[last] + gap * static_cast<double>(k - last);
  }
  for (size_t u = 0; u + 1 < used_.size(); ++u) {
    const size_t a = used_[u], b = used_[u + 1];
    for (size_t k = a + 1; k < b; ++k) {
      const double part = static_cast<double>(k - a) / static_cast<double>(b - a);
      entries[k] = entries[a] + part * (entries[b] - entries[a]);
    }
  }
}

double Quantiles::error(const std::vector<double>& step, const Entries& entries) const {
  double sum = 0;
  for (size_t i = 0; i < count_; ++i) {
    const double s = step[i / static_cast<size_t>(problem_.taps)];
    const double d = problem_.weights[i] - s * entries[codes_[i]];
    sum += error_weight_[i] * d * d;
  }
  return sum;
}

}  // namespace keyway::arith
