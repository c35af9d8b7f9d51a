// SPDX-License-Identifier: Apache-2.0
#include "arith/refine.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace keyway::arith {
namespace {

constexpr int kRounds = 12;           ///< of moves and refits, at most
constexpr double kLeastRound = 0.99;  ///< a round that leaves more of E is the last
constexpr double kLeastGain = 1e-9;   ///< of E; smaller gains are rounding noise

}  // namespace

OutputError::OutputError(const WeightProblem& problem, const Coding& coding)
    : problem_(problem),
      channels_(static_cast<size_t>(problem.channels)),
      taps_(static_cast<size_t>(problem.taps)),
      difference_(problem.weights.size()),
      gradient_(problem.weights.size()) {
  for (size_t c = 0; c < channels_; ++c) {
    for (size_t t = 0; t < taps_; ++t) {
      const size_t i = c * taps_ + t;
      difference_[i] = coding.step[c] * coding.table[coding.codes[i]] - problem.weights[i];
    }
    update_gradient(c);
  }
}

void OutputError::update_gradient(size_t channel) {
  double* g = gradient_.data() + channel * taps_;
  std::fill(g, g + taps_, 0.0);
  for (size_t t = 0; t < taps_; ++t) {
    const double d = difference_[channel * taps_ + t];
    const float* row = problem_.gram.data() + t * taps_;
    for (size_t u = 0; u < taps_; ++u) g[u] += d * static_cast<double>(row[u]);
  }
}

void OutputError::move(size_t channel, size_t tap, double x) {
  difference_[channel * taps_ + tap] += x;
  double* g = gradient_.data() + channel * taps_;
  const float* row = problem_.gram.data() + tap * taps_;
  for (size_t u = 0; u < taps_; ++u) g[u] += x * static_cast<double>(row[u]);
}

bool OutputError::move_entry(Coding& coding, uint8_t code, const std::vector<size_t>& members,
                             int limit) {
  // E as a parabola of the entry: slope and curvature over all weights that have this code.
  double slope = 0, curvature = 0;
  for (size_t k = 0; k < members.size(); ++k) {
    const size_t c = members[k] / taps_, t = members[k] % taps_;
    const double s = coding.step[c];
    slope += importance(c) * s * gradient_[members[k]];
    for (size_t l = k; l < members.size() && members[l] / taps_ == c; ++l) {
      curvature += (l == k ? 1 : 2) * importance(c) * s * s * gram(t, members[l] % taps_);
    }
  }
  if (!(curvature > 0)) return false;
  const double entry = coding.table[code];
  const double best = std::clamp(std::nearbyint(entry - slope / curvature),
                                 -static_cast<double>(limit), double(limit));
  const double x = best - entry;
  if (x == 0 || 2 * x * slope + x * x * curvature >= 0) return false;
  for (const size_t i : members) move(i / taps_, i % taps_, x * coding.step[i / taps_]);
  coding.table[code] = static_cast<int16_t>(best);
  return true;
}

void OutputError::refit_steps(Coding& coding) {
  for (size_t c = 0; c < channels_; ++c) {
    // With o the operands: d = s o - w, so o'G o and o'G w follow from the gradient and products.
    double og = 0, oo = 0;
    std::vector<double> product(taps_, 0.0);
    for (size_t t = 0; t < taps_; ++t) {
      const double o = coding.table[coding.codes[c * taps_ + t]];
      if (o == 0) continue;
      og += o * gradient_[c * taps_ + t];
      const float* row = problem_.gram.data() + t * taps_;
      for (size_t u = 0; u < taps_; ++u) product[u] += o * static_cast<double>(row[u]);
    }
    for (size_t t = 0; t < taps_; ++t) oo += product[t] * coding.table[coding.codes[c * taps_ + t]];
    if (!(oo > 0)) continue;
    const double wish = coding.step[c] - og / oo;
    if (!(wish > 0)) continue;
    const double step = problem_.permitted(static_cast<int64_t>(c), wish);
    const double x = step - coding.step[c];
    if (x == 0 || 2 * x * og + x * x * oo >= 0) continue;
    coding.step[c] = step;
    for (size_t t = 0; t < taps_; ++t) {
      difference_[c * taps_ + t] += x * coding.table[coding.codes[c * taps_ + t]];
      gradient_[c * taps_ + t] += x * product[t];
    }
  }
}

double OutputError::total() const {
  double sum = 0;
  for (size_t c = 0; c < channels_; ++c) {
    double channel = 0;
    for (size_t i = c * taps_; i < (c + 1) * taps_; ++i) channel += difference_[i] * gradient_[i];
    sum += importance(c) * channel;
  }
  return sum;
}

void refine_rounding(const WeightProblem& problem, int largest, Coding& coding) {
  if (problem.gram.empty()) return;
  OutputError error(problem, coding);
  double before = error.total();
  const double least = kLeastGain * before / static_cast<double>(problem.weights.size());
  for (int round = 0; round < kRounds; ++round) {
    for (size_t i = 0; i < coding.codes.size(); ++i) {
      const size_t c = i / static_cast<size_t>(problem.taps),
                   t = i % static_cast<size_t>(problem.taps);
      const int code = static_cast<int8_t>(coding.codes[i]);
      int best = 0;
      double change = -least;
      for (const int x : {-1, 1}) {
        if (std::abs(code + x) > largest) continue;
        const double changed = error.change(c, t, x * coding.step[c]);
        if (changed < change) {
          change = changed;
          best = x;
        }
      }
      if (best == 0) continue;
      error.move(c, t, best * coding.step[c]);
      coding.codes[i] = static_cast<uint8_t>(static_cast<int8_t>(code + best));
    }
    error.refit_steps(coding);
    const double left = error.total();
    if (!(left < kLeastRound * before)) break;
    before = left;
  }
}

namespace {

/// Swaps weights between two codes for as long as that lessens E.
class Exchange {
 public:
  Exchange(const WeightProblem& problem, Coding& coding, OutputError& error)
      : taps_(static_cast<size_t>(problem.taps)), coding_(coding), error_(error) {
    for (size_t i = 0; i < coding.codes.size(); ++i) members_[coding.codes[i]].push_back(i);
  }

  const std::vector<size_t>& members(size_t code) const { return members_[code]; }

  void swap_between(size_t a, size_t b, double least) {
    const int apart = coding_.table[b] - coding_.table[a];
    std::vector<size_t>&from = members_[a], &to = members_[b];
    if (apart == 0) return;
    for (size_t swaps = std::min(from.size(), to.size()); swaps > 0; --swaps) {
      const auto [i, up] = best(from, apart);
      const auto [j, down] = best(to, -apart);
      const size_t ci = from[i] / taps_, cj = to[j] / taps_;
      double change = up + down;
      if (ci == cj) {
        change += error_.cross(ci, from[i] % taps_, apart * coding_.step[ci], to[j] % taps_,
                               -apart * coding_.step[cj]);
      }
      if (change >= -least) return;
      error_.move(ci, from[i] % taps_, apart * coding_.step[ci]);
      error_.move(cj, to[j] % taps_, -apart * coding_.step[cj]);
      coding_.codes[from[i]] = static_cast<uint8_t>(b);
      coding_.codes[to[j]] = static_cast<uint8_t>(a);
      std::swap(from[i], to[j]);
    }
  }

  void sort_members() {
    for (auto& m : members_) std::sort(m.begin(), m.end());
  }

 private:
  /// The member whose move by `apart` operand units changes E least, and by how much.
  std::pair<size_t, double> best(const std::vector<size_t>& all, int apart) const {
    size_t at = 0;
    double least = 0;
    for (size_t k = 0; k < all.size(); ++k) {
      const size_t c = all[k] / taps_;
      const double changed = error_.change(c, all[k] % taps_, apart * coding_.step[c]);
      if (k == 0 || changed < least) {
        least = changed;
        at = k;
      }
    }
    return {at, least};
  }

  size_t taps_;
  Coding& coding_;
  OutputError& error_;
  std::array<std::vector<size_t>, 256> members_;
};

}  // namespace

void refine_exchange(const WeightProblem& problem, int limit, Coding& coding) {
  if (problem.gram.empty() || coding.codes.size() < 256) return;
  OutputError error(problem, coding);
  Exchange exchange(problem, coding, error);
  double before = error.total();
  const double least = kLeastGain * before / static_cast<double>(problem.weights.size());
  for (int round = 0; round < kRounds; ++round) {
    for (size_t apart : {1U, 2U, 4U, 1U}) {
      for (size_t a = 0; a + apart < 256; ++a) exchange.swap_between(a, a + apart, least);
    }
    exchange.sort_members();
    for (size_t code = 0; code < 256; ++code) {
      error.move_entry(coding, static_cast<uint8_t>(code), exchange.members(code), limit);
    }
    error.refit_steps(coding);
    const double left = error.total();
    if (!(left < kLeastRound * before)) break;
    before = left;
  }
}

}  // namespace keyway::arith
