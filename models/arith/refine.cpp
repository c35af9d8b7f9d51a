// SPDX-License-Identifier: Apache-2.0
#include "arith/refine.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "arith/ladder.hpp"

namespace keyway::arith {
namespace {

constexpr int kRounds = 12;           ///< of moves and refits, at most
constexpr double kLeastRound = 0.99;  ///< a round that leaves more of E is the last
constexpr double kLeastGain = 1e-9;   ///< of a weight's share of E; smaller gains are noise

/// Taps of a product at once. Left alone, Eigen would choose by the machine's caches, and the order
/// of a sum is part of its bits.
constexpr Eigen::Index kSlice = 256;

constexpr double kLarge = 1e8;              ///< weights times taps from which a tensor is large
constexpr double kBudget = 5e9;             ///< of that in all rounds of a large tensor
constexpr size_t kBlock = size_t{1} << 17;  ///< weights whose gradients half fill a usual cache

/// How far exchanges go. Gains are in units of a weight's mean share of E.
struct Effort {
  int rounds;
  double least_round;
  std::vector<size_t> apart;  ///< codes that exchange weights
  size_t block;               ///< channels that exchange codes with each other
  double exchange_gain;
  double entry_gain;  ///< for each weight that has it
  double stride;      ///< of steps
};

Effort effort(const WeightProblem& problem, double time) {
  if (time < kLarge) {
    return {kRounds, 0.98, {1, 2, 4, 1}, static_cast<size_t>(problem.channels), kLeastGain, 0, 1};
  }
  const int rounds = static_cast<int>(std::clamp(kBudget / time, 1.0, 3.0));
  const size_t block = std::max(size_t{1}, kBlock / static_cast<size_t>(problem.taps));
  return {rounds, 0.975, {1, 2, 1}, block, 0.08, 0.004, 1.9};
}

}  // namespace

template <typename Real>
OutputErrorIn<Real>::OutputErrorIn(const WeightProblem& problem, const Coding& coding)
    : problem_(problem),
      channels_(static_cast<size_t>(problem.channels)),
      taps_(static_cast<size_t>(problem.taps)),
      difference_(problem.weights.size()),
      wanted_(multiply(problem.weights)) {
  for (size_t c = 0; c < (problem.has_own_grams() ? channels_ : 1); ++c) {
    for (size_t t = 0; t < taps_; ++t) diagonal_.push_back(gram(c, t, t));
  }
  for (size_t c = 0; c < channels_; ++c) {
    for (size_t t = 0; t < taps_; ++t) {
      const size_t i = c * taps_ + t;
      difference_[i] = coding.step[c] * coding.operands[coding.codes[i]] - problem.weights[i];
    }
  }
  gradient_ = multiply(difference_);
}

template <typename Real>
std::vector<Real> OutputErrorIn<Real>::multiply(const std::vector<double>& rows) const {
  using Eigen::Dynamic, Eigen::Index, Eigen::Map, Eigen::RowMajor;
  using Matrix = Eigen::Matrix<Real, Dynamic, Dynamic, RowMajor>;
  const bool own = problem_.has_own_grams();
  const auto channels = static_cast<Index>(own ? 1 : channels_), taps = static_cast<Index>(taps_);
  std::vector<Real> products(rows.size());
  for (size_t c = 0; c < (own ? channels_ : 1); ++c) {
    const size_t first = c * taps_;
    const Map<const Eigen::Matrix<float, Dynamic, Dynamic, RowMajor>> gram(problem_.gram_of(c),
                                                                           taps, taps);
    const Map<const Eigen::Matrix<double, Dynamic, Dynamic, RowMajor>> left(rows.data() + first,
                                                                            channels, taps);
    Map<Matrix> sums(products.data() + first, channels, taps);
    for (Index at = 0; at < taps; at += kSlice) {
      const Index count = std::min(kSlice, taps - at);
      const Matrix columns = left.middleCols(at, count).template cast<Real>();
      const Matrix slice = gram.middleRows(at, count).template cast<Real>();
      sums.noalias() += columns * slice;
    }
  }
  return products;
}

template <typename Real>
void OutputErrorIn<Real>::move(size_t channel, size_t tap, double x) {
  difference_[channel * taps_ + tap] += x;
  Real* g = gradient_.data() + channel * taps_;
  const float* row = problem_.gram_of(channel) + tap * taps_;
  const auto by = static_cast<Real>(x);
  for (size_t u = 0; u < taps_; ++u) g[u] += by * static_cast<Real>(row[u]);
}

template <typename Real>
void OutputErrorIn<Real>::move_entry(Coding& coding, uint8_t code,
                                     const std::vector<Place>& members, int limit, double least) {
  // E as a parabola of the entry: slope and curvature over all weights that have this code.
  double slope = 0, curvature = 0;
  for (size_t k = 0; k < members.size(); ++k) {
    const size_t c = members[k].channel, t = members[k].tap;
    const double s = coding.step[c];
    slope += importance(c) * s * gradient(c, t);
    curvature += importance(c) * s * s * diagonal(c, t);
    for (size_t l = k + 1; l < members.size() && members[l].channel == c; ++l) {
      curvature += 2 * importance(c) * s * s * gram(c, t, members[l].tap);
    }
  }
  if (!(curvature > 0)) return;
  const double entry = coding.operands[code];
  const double best = std::clamp(std::nearbyint(entry - slope / curvature),
                                 -static_cast<double>(limit), double(limit));
  const double x = best - entry;
  const double gain = -x * (2 * slope + x * curvature);
  if (!(gain > least * static_cast<double>(members.size()))) return;
  for (const Place& m : members) move(m.channel, m.tap, x * coding.step[m.channel]);
  coding.operands[code] = static_cast<int32_t>(best);
}

template <typename Real>
void OutputErrorIn<Real>::refit_steps(Coding& coding, double stride) {
  // With o the operands: d = s o - w, so o'G o and o'G w follow from G d and G w.
  std::vector<double> operand(taps_), product(taps_);
  for (size_t c = 0; c < channels_; ++c) {
    Real* g = gradient_.data() + c * taps_;
    double og = 0, oo = 0;
    for (size_t t = 0; t < taps_; ++t) {
      operand[t] = coding.operands[coding.codes[c * taps_ + t]];
      const auto now = static_cast<double>(g[t]);
      product[t] = (now + static_cast<double>(wanted_[c * taps_ + t])) / coding.step[c];
      og += operand[t] * now;
      oo += operand[t] * product[t];
    }
    if (!(oo > 0)) continue;
    const double wish = coding.step[c] - stride * og / oo;
    if (!(wish > 0)) continue;
    const double step = problem_.permitted(static_cast<int64_t>(c), wish);
    const double x = step - coding.step[c];
    if (x == 0 || 2 * x * og + x * x * oo >= 0) continue;
    coding.step[c] = step;
    for (size_t t = 0; t < taps_; ++t) {
      difference_[c * taps_ + t] += x * operand[t];
      g[t] = static_cast<Real>(static_cast<double>(g[t]) + x * product[t]);
    }
  }
}

template <typename Real>
double OutputErrorIn<Real>::total() const {
  double sum = 0;
  for (size_t c = 0; c < channels_; ++c) {
    double channel = 0;
    for (size_t t = 0; t < taps_; ++t) channel += difference_[c * taps_ + t] * gradient(c, t);
    sum += importance(c) * channel;
  }
  return sum;
}

template class OutputErrorIn<double>;
template class OutputErrorIn<float>;

void refine_rounding(const WeightProblem& problem, const Ladder& ladder, Coding& coding) {
  refine_rounding(
      problem, [&](size_t) -> const Ladder& { return ladder; }, coding);
}

void refine_rounding(const WeightProblem& problem, const LadderOf& ladder_of, Coding& coding) {
  if (problem.gram.empty()) return;
  OutputError error(problem, coding);
  double before = error.total();
  const double least = kLeastGain * before / static_cast<double>(problem.weights.size());
  for (int round = 0; round < kRounds; ++round) {
    for (size_t i = 0; i < coding.codes.size(); ++i) {
      const size_t c = i / static_cast<size_t>(problem.taps),
                   t = i % static_cast<size_t>(problem.taps);
      const Ladder& ladder = ladder_of(i);
      const std::vector<Ladder::Rung>& rungs = ladder.rungs();
      const size_t here = ladder.rung_of(coding.codes[i]);
      size_t best = here;
      double change = -least;
      const auto apart = [&](size_t rung) {
        return coding.step[c] * (rungs[rung].operand - rungs[here].operand);
      };
      for (const size_t rung : {here - 1, here + 1}) {  // below the first one there is none
        if (rung >= rungs.size()) continue;
        const double changed = error.change(c, t, apart(rung));
        if (changed < change) {
          change = changed;
          best = rung;
        }
      }
      if (best == here) continue;
      error.move(c, t, apart(best));
      coding.codes[i] = rungs[best].code;
    }
    error.refit_steps(coding);
    const double left = error.total();
    if (!(left < kLeastRound * before)) break;
    before = left;
  }
}

namespace {

/// Swaps weights between two codes for as long as that lessens E.
template <typename Real>
class Exchange {
 public:
  Exchange(const WeightProblem& problem, Coding& coding, OutputErrorIn<Real>& error)
      : taps_(static_cast<size_t>(problem.taps)), coding_(coding), error_(error) {}

  const std::vector<Place>& members(size_t code) const { return members_[code]; }

  /// Pairs the weights that gain most by going up with those that gain most by going down. Every
  /// exchange changes what others in its channels would gain, so each is looked at again before.
  void swap_between(size_t a, size_t b, double least) {
    const int apart = coding_.operands[b] - coding_.operands[a];
    if (apart == 0 || members_[a].empty() || members_[b].empty()) return;
    list(members_[a], apart, up_);
    list(members_[b], -apart, down_);
    heap_useful(up_, -least - cheapest(down_));
    heap_useful(down_, -least - cheapest(up_));
    while (!up_.empty() && !down_.empty()) {
      const Move up = take_best(up_), down = take_best(down_);
      if (up.change + down.change >= -least) return;
      exchange(a, b, up.member, down.member, apart, least);
    }
  }

  /// Of some channels, in order of channel and tap.
  void list_members(size_t first, size_t end) {
    for (auto& m : members_) m.clear();
    for (size_t c = first; c < end; ++c) {
      for (size_t t = 0; t < taps_; ++t) {
        members_[coding_.codes[c * taps_ + t]].push_back(
            {static_cast<uint32_t>(c), static_cast<uint32_t>(t)});
      }
    }
  }

 private:
  struct Move {
    double change;  ///< of E
    size_t member;
  };

  double change(const Place& weight, int apart) const {
    return error_.change(weight.channel, weight.tap, apart * coding_.step[weight.channel]);
  }

  void list(const std::vector<Place>& members, int apart, std::vector<Move>& moves) const {
    moves.clear();
    for (size_t k = 0; k < members.size(); ++k) moves.push_back({change(members[k], apart), k});
  }

  static double cheapest(const std::vector<Move>& moves) {
    double least = std::numeric_limits<double>::infinity();
    for (const Move& move : moves) least = std::min(least, move.change);
    return least;
  }

  static bool is_worse(const Move& a, const Move& b) {
    return a.change != b.change ? a.change > b.change : a.member > b.member;
  }

  /// Leaves the moves below `most`, in a heap: few of them are ever taken.
  static void heap_useful(std::vector<Move>& moves, double most) {
    moves.erase(std::remove_if(moves.begin(), moves.end(),
                               [most](const Move& move) { return !(move.change < most); }),
                moves.end());
    std::make_heap(moves.begin(), moves.end(), is_worse);
  }

  static Move take_best(std::vector<Move>& heap) {
    std::pop_heap(heap.begin(), heap.end(), is_worse);
    const Move best = heap.back();
    heap.pop_back();
    return best;
  }

  void exchange(size_t a, size_t b, size_t from, size_t to, int apart, double least) {
    Place &i = members_[a][from], &j = members_[b][to];
    const double up = apart * coding_.step[i.channel], down = -apart * coding_.step[j.channel];
    double gain = change(i, apart) + change(j, -apart);
    if (i.channel == j.channel) gain += error_.cross(i.channel, i.tap, up, j.tap, down);
    if (gain >= -least) return;
    error_.move(i.channel, i.tap, up);
    error_.move(j.channel, j.tap, down);
    coding_.codes[i.channel * taps_ + i.tap] = static_cast<uint8_t>(b);
    coding_.codes[j.channel * taps_ + j.tap] = static_cast<uint8_t>(a);
    std::swap(i, j);
  }

  size_t taps_;
  Coding& coding_;
  OutputErrorIn<Real>& error_;
  std::array<std::vector<Place>, 256> members_;
  std::vector<Move> up_, down_;  ///< of the pair of codes at hand
};

template <typename Real>
void refine_exchange_in(const WeightProblem& problem, int limit, size_t codes, const Effort& effort,
                        Coding& coding) {
  OutputErrorIn<Real> error(problem, coding);
  Exchange<Real> exchange(problem, coding, error);
  const size_t channels = coding.step.size();
  double before = error.total();
  const double share = before / static_cast<double>(problem.weights.size());
  for (int round = 0; round < effort.rounds; ++round) {
    for (size_t first = 0; first < channels; first += effort.block) {
      exchange.list_members(first, std::min(first + effort.block, channels));
      for (const size_t apart : effort.apart) {
        for (size_t a = 0; a + apart < codes; ++a) {
          exchange.swap_between(a, a + apart, effort.exchange_gain * share);
        }
      }
    }
    exchange.list_members(0, channels);
    for (size_t code = 0; code < codes; ++code) {
      error.move_entry(coding, static_cast<uint8_t>(code), exchange.members(code), limit,
                       effort.entry_gain * share);
    }
    error.refit_steps(coding, effort.stride);
    const double left = error.total();
    if (!(left < effort.least_round * before)) break;
    before = left;
  }
  if (effort.stride > 1) error.refit_steps(coding);
}

}  // namespace

void refine_exchange(const WeightProblem& problem, int limit, size_t codes, Coding& coding) {
  if (problem.gram.empty() || coding.codes.size() < codes) return;
  const double time = static_cast<double>(coding.codes.size()) * static_cast<double>(problem.taps);
  if (time < kLarge) {
    refine_exchange_in<double>(problem, limit, codes, effort(problem, time), coding);
  } else {
    refine_exchange_in<float>(problem, limit, codes, effort(problem, time), coding);
  }
}

}  // namespace keyway::arith
