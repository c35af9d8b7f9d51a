// SPDX-License-Identifier: Apache-2.0
#include "arith/quantile_fit.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <random>
#include <utility>
#include <vector>

#include "arith/coding.hpp"
#include "arith/quantile.hpp"
#include "arith/refine.hpp"

namespace keyway::arith {
namespace {

constexpr int kFreeRounds = 5;   ///< with real steps and entries, for each share
constexpr int kFixedRounds = 3;  ///< with permitted steps and 12-bit entries
constexpr int64_t kSampledWeights = int64_t{1} << 16;  ///< of a tensor, for the free fit
constexpr int64_t kLeastSampledTaps = 64;
constexpr int kLeastPeak = 128;  ///< of a table that is made coarser for larger steps

/// Shares of the weights that may be put wherever there is room.
constexpr std::array<double, 9> kShares{0, 0.01, 0.03, 0.07, 0.15, 0.3, 0.5, 0.75, 0.9};

Operands round_entries(const Entries& entries, int limit) {
  Operands operands{};
  for (size_t k = 0; k < operands.size(); ++k) {
    operands[k] = static_cast<int32_t>(
        std::clamp(std::nearbyint(entries[k]), -static_cast<double>(limit), double(limit)));
  }
  return operands;
}

double largest_magnitude(const Entries& entries) {
  double peak = 0;
  for (const double e : entries) peak = std::max(peak, std::abs(e));
  return peak;
}

/// A coding with real steps and entries, and how good it is.
struct Free {
  std::vector<double> step;
  double share = 0;
  double peak = 0;  ///< largest entry
  double error = 0;
};

/// Codes, entries, steps in turn.
Free fit_freely(const WeightProblem& problem, Quantiles& quantiles, double share) {
  Free best, fit;
  fit.share = share;
  fit.step.resize(static_cast<size_t>(problem.channels));
  for (int64_t c = 0; c < problem.channels; ++c) {
    fit.step[static_cast<size_t>(c)] = quantiles.first_step(c);
  }
  for (int round = 0; round < kFreeRounds; ++round) {
    quantiles.assign(fit.step, share);
    const Entries entries = quantiles.fit_entries();
    fit.peak = largest_magnitude(entries);
    fit.error = quantiles.error(fit.step, entries);
    if (round == 0 || fit.error < best.error) best = fit;
    for (int64_t c = 0; c < problem.channels; ++c) {
      const double step = quantiles.fit_step(c, entries);
      if (step > 0) fit.step[static_cast<size_t>(c)] = step;
    }
  }
  return best;
}

/// For each share; the best of them.
Free fit_shares(const WeightProblem& problem, Quantiles& quantiles) {
  Free best = fit_freely(problem, quantiles, kShares.front());
  for (size_t i = 1; i < kShares.size() && problem.weights.size() > quantiles.count(); ++i) {
    Free other = fit_freely(problem, quantiles, kShares[i]);
    if (other.error < best.error) best = std::move(other);
  }
  return best;
}

/// The same channels with some taps only, chosen at random, and without a gram matrix.
WeightProblem sampled(const WeightProblem& problem, int64_t taps) {
  std::vector<int64_t> chosen(static_cast<size_t>(problem.taps));
  std::iota(chosen.begin(), chosen.end(), int64_t{0});
  std::mt19937_64 random(problem.seed);
  for (size_t i = 0; i < static_cast<size_t>(taps); ++i) {
    std::swap(chosen[i], chosen[i + random() % (chosen.size() - i)]);
  }
  chosen.resize(static_cast<size_t>(taps));
  std::sort(chosen.begin(), chosen.end());
  WeightProblem sample;
  sample.channels = problem.channels;
  sample.taps = taps;
  sample.channel_importance = problem.channel_importance;
  sample.seed = problem.seed;
  for (int64_t c = 0; c < problem.channels; ++c) {
    for (const int64_t t : chosen) sample.weights.push_back(problem.weight(c, t));
  }
  for (const int64_t t : chosen) sample.tap_importance.push_back(problem.importance_of_tap(t));
  return sample;
}

/// Of a large tensor some taps tell as much as all of them.
Free fit_free_steps(const WeightProblem& problem, Quantiles& quantiles) {
  const int64_t taps = std::max(kLeastSampledTaps, kSampledWeights / problem.channels);
  if (taps >= problem.taps) return fit_shares(problem, quantiles);
  const WeightProblem sample = sampled(problem, taps);
  Quantiles some(sample, quantiles.count());
  return fit_shares(sample, some);
}

/// Permitted steps and 12-bit entries up to about `limit`, starting from the free fit.
std::pair<Coding, double> fit_fixed(const WeightProblem& problem, Quantiles& quantiles,
                                    const Free& free, int limit) {
  Coding best, coding;
  double least = 0;
  coding.step.resize(free.step.size());
  const double unit = free.peak > 0 ? free.peak / limit : 1.0;
  for (int64_t c = 0; c < problem.channels; ++c) {
    const auto i = static_cast<size_t>(c);
    coding.step[i] =
        quantiles.is_zero(c) ? problem.any_step(c) : problem.permitted(c, free.step[i] * unit);
  }
  for (int round = 0; round < kFixedRounds; ++round) {
    quantiles.assign(coding.step, free.share);
    coding.codes = quantiles.codes();
    coding.operands = round_entries(quantiles.fit_entries(), limit);
    for (int64_t c = 0; c < problem.channels; ++c) {
      const double step = quantiles.fit_step(c, coding.operands);
      if (step > 0) coding.step[static_cast<size_t>(c)] = problem.permitted(c, step);
    }
    const double error = relative_error(problem, coding);
    if (round == 0 || error < least) {
      least = error;
      best = coding;
    }
  }
  return {best, least};
}

}  // namespace

Coding encode_quantiles(const WeightProblem& problem, size_t codes) {
  if (problem.weights.empty()) return {};
  const int most = std::min(problem.operand_limit, kOperandMax);
  Quantiles quantiles(problem, codes);
  const Free free = fit_free_steps(problem, quantiles);
  const bool any_step =
      std::all_of(problem.grid.begin(), problem.grid.end(), [](double g) { return g <= 0; });
  auto [best, least] = fit_fixed(problem, quantiles, free, most);
  // A coarse grid of steps may weigh more than fine entries: smaller entries mean larger steps.
  for (double limit = most / std::sqrt(2.0); !any_step && limit >= kLeastPeak;
       limit /= std::sqrt(2.0)) {
    auto [coding, error] = fit_fixed(problem, quantiles, free, static_cast<int>(limit));
    if (error < least) {
      least = error;
      best = std::move(coding);
    }
  }
  refine_exchange(problem, most, codes, best);
  // Of a code that does not exist the lower bits count.
  for (size_t code = codes; code < best.operands.size(); ++code) {
    best.operands[code] = best.operands[code % codes];
  }
  return best;
}

}  // namespace keyway::arith
