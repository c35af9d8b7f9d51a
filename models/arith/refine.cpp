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

constexpr int kRounds = 12;                   ///< of moves and refits, at most
constexpr double kLeastRound = 0.99;          ///< a round that leaves more of E is the last
constexpr double kLeastExchangeRound = 0.98;  ///< a round of exchanges and entries is dearer
constexpr double kLarge = 3e9;       ///< weights times taps from which exchanges get one round
constexpr double kLeastGain = 1e-9;  ///< of E; smaller gains are rounding noise

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
      difference_[i] = coding.step[c] * coding.operands[coding.codes[i]] - problem.weights[i];
    }
  }
  multiply(difference_, gradient_);
}

void OutputError::multiply(const std::vector<double>& rows, std::vector<double>& products) const {
  using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const auto channels = static_cast<Eigen::Index>(channels_);
  const auto taps = static_cast<Eigen::Index>(taps_);
  const Eigen::Map<const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>
      gram(problem_.gram.data(), taps, taps);
  const Matrix wide = gram.cast<double>();
  const Eigen::Map<const Matrix> left(rows.data(), channels, taps);
  Eigen::Map<Matrix>(products.data(), channels, taps).noalias() = left * wide;
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
  const double entry = coding.operands[code];
  const double best = std::clamp(std::nearbyint(entry - slope / curvature),
                                 -static_cast<double>(limit), double(limit));
  const double x = best - entry;
  if (x == 0 || 2 * x * slope + x * x * curvature >= 0) return false;
  for (const size_t i : members) move(i / taps_, i % taps_, x * coding.step[i / taps_]);
  coding.operands[code] = static_cast<int32_t>(best);
  return true;
}

void OutputError::refit_steps(Coding& coding) {
  // With o the operands: d = s o - w, so o'G o and o'G w follow from the gradient and products.
  std::vector<double> operand(difference_.size()), product(difference_.size());
  for (size_t i = 0; i < operand.size(); ++i) operand[i] = coding.operands[coding.codes[i]];
  multiply(operand, product);
  for (size_t c = 0; c < channels_; ++c) {
    double og = 0, oo = 0;
    for (size_t i = c * taps_; i < (c + 1) * taps_; ++i) {
      og += operand[i] * gradient_[i];
      oo += operand[i] * product[i];
    }
    if (!(oo > 0)) continue;
    const double wish = coding.step[c] - og / oo;
    if (!(wish > 0)) continue;
    const double step = problem_.permitted(static_cast<int64_t>(c), wish);
    const double x = step - coding.step[c];
    if (x == 0 || 2 * x * og + x * x * oo >= 0) continue;
    coding.step[c] = step;
    for (size_t i = c * taps_; i < (c + 1) * taps_; ++i) {
      difference_[i] += x * operand[i];
      gradient_[i] += x * product[i];
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
class Exchange {
 public:
  Exchange(const WeightProblem& problem, Coding& coding, OutputError& error)
      : taps_(static_cast<size_t>(problem.taps)), coding_(coding), error_(error) {
    for (size_t i = 0; i < coding.codes.size(); ++i) members_[coding.codes[i]].push_back(i);
  }

  const std::vector<size_t>& members(size_t code) const { return members_[code]; }

  /// Pairs the weights that gain most by going up with those that gain most by going down. Every
  /// exchange changes what others in its channels would gain, so each is looked at again before.
  void swap_between(size_t a, size_t b, double least) {
    const int apart = coding_.operands[b] - coding_.operands[a];
    if (apart == 0 || members_[a].empty() || members_[b].empty()) return;
    list(members_[a], apart, up_);
    list(members_[b], -apart, down_);
    sort_useful(up_, -least - cheapest(down_));
    sort_useful(down_, -least - cheapest(up_));
    for (size_t k = 0; k < std::min(up_.size(), down_.size()); ++k) {
      if (up_[k].change + down_[k].change >= -least) return;
      exchange(a, b, up_[k].member, down_[k].member, apart, least);
    }
  }

  void sort_members() {
    for (auto& m : members_) std::sort(m.begin(), m.end());
  }

 private:
  struct Move {
    double change;  ///< of E
    size_t member;
  };

  double change(size_t weight, int apart) const {
    const size_t c = weight / taps_;
    return error_.change(c, weight % taps_, apart * coding_.step[c]);
  }

  void list(const std::vector<size_t>& members, int apart, std::vector<Move>& moves) const {
    moves.clear();
    for (size_t k = 0; k < members.size(); ++k) moves.push_back({change(members[k], apart), k});
  }

  static double cheapest(const std::vector<Move>& moves) {
    double least = std::numeric_limits<double>::infinity();
    for (const Move& move : moves) least = std::min(least, move.change);
    return least;
  }

  /// Leaves the moves below `most`, the best first.
  static void sort_useful(std::vector<Move>& moves, double most) {
    moves.erase(std::remove_if(moves.begin(), moves.end(),
                               [most](const Move& move) { return !(move.change < most); }),
                moves.end());
    std::sort(moves.begin(), moves.end(), [](const Move& a, const Move& b) {
      return a.change != b.change ? a.change < b.change : a.member < b.member;
    });
  }

  void exchange(size_t a, size_t b, size_t from, size_t to, int apart, double least) {
    size_t &i = members_[a][from], &j = members_[b][to];
    const size_t ci = i / taps_, cj = j / taps_;
    const double up = apart * coding_.step[ci], down = -apart * coding_.step[cj];
    double gain = change(i, apart) + change(j, -apart);
    if (ci == cj) gain += error_.cross(ci, i % taps_, up, j % taps_, down);
    if (gain >= -least) return;
    error_.move(ci, i % taps_, up);
    error_.move(cj, j % taps_, down);
    coding_.codes[i] = static_cast<uint8_t>(b);
    coding_.codes[j] = static_cast<uint8_t>(a);
    std::swap(i, j);
  }

  size_t taps_;
  Coding& coding_;
  OutputError& error_;
  std::array<std::vector<size_t>, 256> members_;
  std::vector<Move> up_, down_;  ///< of the pair of codes at hand
};

}  // namespace

void refine_exchange(const WeightProblem& problem, int limit, Coding& coding) {
  if (problem.gram.empty() || coding.codes.size() < 256) return;
  OutputError error(problem, coding);
  Exchange exchange(problem, coding, error);
  double before = error.total();
  // Every move costs a row of the gram matrix; entries move all their weights.
  const bool is_large =
      static_cast<double>(coding.codes.size()) * static_cast<double>(problem.taps) > kLarge;
  const double least = kLeastGain * before / static_cast<double>(problem.weights.size());
  for (int round = 0; round < (is_large ? 1 : kRounds); ++round) {
    for (const size_t apart :
         is_large ? std::vector<size_t>{1, 2} : std::vector<size_t>{1, 2, 4, 1}) {
      for (size_t a = 0; a + apart < 256; ++a) exchange.swap_between(a, a + apart, least);
    }
    exchange.sort_members();
    for (size_t code = 0; code < 256 && !is_large; ++code) {
      error.move_entry(coding, static_cast<uint8_t>(code), exchange.members(code), limit);
    }
    error.refit_steps(coding);
    const double left = error.total();
    if (!(left < kLeastExchangeRound * before)) break;
    before = left;
  }
}

}  // namespace keyway::arith
