// SPDX-License-Identifier: Apache-2.0
#include "quantise/layer_coding.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <string>
#include <utility>

#include "arith/coding.hpp"
#include "arith/mit8.hpp"
#include "common/error.hpp"
#include "common/printable.hpp"
#include "quantise/digit_shares.hpp"
#include "quantise/requantise.hpp"

namespace keyway::quantise {
namespace {

/// A bias of this many accumulator units at most, and as much for the products: together below
/// 2^31.
constexpr double kBiasLimit = static_cast<double>(1 << 30);
constexpr int64_t kProductLimit = (int64_t{1} << 30) - 1;
/// Layers with more taps are coded without a gram matrix; depthwise ones with so many numbers in
/// those of all channels.
constexpr int64_t kMostTaps = 2048;
constexpr int64_t kMostOwnGrams = int64_t{1} << 24;
/// Of a channel whose outputs were all zero: they hardly matter, but other inputs may wake them.
constexpr double kDeadImportance = 0.1;
/// Square of the mean of such bytes, over the mean square.
constexpr double kUsualMean = 0.4;
/// A channel's error counts in units of its output byte, or, where that is larger, of a byte that
/// had to hold this many deviations of its sum before the clamp (a channel that is mostly off).
constexpr double kDeviations = 8;

arith::WeightProblem weight_problem(const Quantisation& q, const FloatLayer& from, size_t number) {
  const Tensor &in = q.tensor(from.input), &out = q.tensor(from.output);
  const bool dense = from.kind == LayerKind::kDense;
  const int64_t taps = from.window.kernel_h * from.window.kernel_w;
  arith::WeightProblem problem;
  problem.channels = out.shape.channels;
  problem.taps = dense ? in.shape.channels * taps : taps;
  problem.array_kind = q.options.array_kind;
  problem.seed = q.options.seed * 0x9e3779b97f4a7c15U + number;
  problem.weights.reserve(from.weights.size());
  for (size_t i = 0; i < from.weights.size(); ++i) {
    const auto o = static_cast<int64_t>(i) / problem.taps,
               t = static_cast<int64_t>(i) % problem.taps;
    const auto c = static_cast<size_t>(dense ? t / taps : o);
    problem.weights.push_back(static_cast<double>(from.weights[i]) *
                              static_cast<double>(in.scale[c]));
  }
  const std::vector<double> square = q.importance(from.input, dense ? taps : 1);
  if (dense) problem.tap_importance = square;
  for (size_t o = 0; o < out.scale.size(); ++o) {
    const auto scale = static_cast<double>(out.scale[o]);
    double power = 0;
    for (int64_t t = 0; t < problem.taps; ++t) {
      const double w = problem.weight(static_cast<int64_t>(o), t);
      power += problem.importance_of_tap(t) * w * w;
    }
    const double unit_square =
        std::max(scale * scale, kDeviations * kDeviations * power / (127.0 * 127.0));
    const bool is_dead = q.statistics(from.output).channels[o].square <= 0;
    problem.channel_importance.push_back((is_dead ? kDeadImportance : 1.0) / unit_square);
    // Taps that meet one channel are as important as its bytes; so is a channel of such taps.
    if (!dense) problem.channel_importance.back() *= square[o];
    double peak = 0;
    for (int64_t t = 0; t < problem.taps; ++t) {
      peak = std::max(peak, std::abs(problem.weight(static_cast<int64_t>(o), t)));
    }
    // A factor of two, because the coder may choose a step beyond peak / 127.
    problem.grid.push_back(scale * factor_grid(2 * peak / 127 / scale, q.residual_factor(from, o)));
    // The bias must fit; and the factor needs 17 bits at the largest shift.
    problem.least_step.push_back(
        std::max(2 * std::abs(static_cast<double>(from.bias[o])) / kBiasLimit,
                 std::ldexp(scale, 17 - kMaxShift)));
  }
  return problem;
}

class LayerCoder {
 public:
  explicit LayerCoder(const Quantisation& quantisation) : q_(quantisation) {}

  void complete(Layer& layer, const CalibrationRun* calibration, size_t number) const {
    const FloatLayer& from = q_.lowered.layers[number];
    if (from.weights.empty()) {
      without_weights(from, layer);
    } else {
      with_weights(from, layer, calibration, number);
    }
  }

 private:
  /// `step` is the real value of one unit of the accumulator.
  ChannelPost post(const FloatLayer& from, size_t c, double step, double bias) const {
    const Tensor& out = q_.tensor(from.output);
    const auto scale = static_cast<double>(out.scale[c]);
    return make_post(step / scale, q_.residual_factor(from, c), bias / step,
                     static_cast<double>(from.clamp.lo) / scale,
                     static_cast<double>(from.clamp.hi) / scale, out.is_signed);
  }

  void without_weights(const FloatLayer& from, Layer& layer) const {
    const Tensor& in = q_.tensor(from.input);
    for (size_t p = 0; p < from.parts.size(); ++p) {
      for (size_t c = 0; c < in.scale.size(); ++c) {
        const double step = static_cast<double>(in.scale[c]) * from.gain / from.parts[p].divisor;
        layer.regions[p].post[c] = post(from, c, step, 0.0);
      }
    }
  }

  /// `calibration` is null where nothing was seen.
  void with_weights(const FloatLayer& from, Layer& layer, const CalibrationRun* calibration,
                    size_t number) const {
    arith::WeightProblem problem = weight_problem(q_, from, number);
    if (!q_.digits.empty()) problem.digits = q_.digits[number];
    if (calibration != nullptr && !from.selects)
      add_gram(problem, from, layer, number, *calibration);
    if (calibration == nullptr && from.kind == LayerKind::kDense && !from.selects &&
        !q_.tensor(from.input).is_signed && problem.taps <= kMostTaps) {
      add_usual_gram(problem);
    }
    if (arith::info(layer.number_system).product != nullptr) {
      problem.table = layer.table = corrections();
      if (calibration != nullptr) problem.activations = calibration->activations(layer.input);
      if (from.kind == LayerKind::kDense && !problem.gram.empty() && calibration != nullptr) {
        const std::vector<float> met = calibration->met(
            layer.input, q_.network.tensors[static_cast<size_t>(layer.output)].shape, layer.window,
            0, q_.network.tensors[static_cast<size_t>(layer.input)].shape.channels);
        for (const float x : met) problem.columns.push_back(static_cast<int16_t>(x));
        problem.column_trust = calibration->trust();
      }
    }
    arith::Coding coding = encode(problem, layer);
    layer.codes = std::move(coding.codes);
    if (arith::info(layer.number_system).tabulate != nullptr) {
      layer.table = arith::info(layer.number_system).table_of(coding.operands);
    }
    std::vector<double> bias(from.bias.begin(), from.bias.end());
    if (calibration != nullptr && !from.selects) {
      const std::vector<double> change = bias_change(from, layer, coding.step, *calibration);
      for (size_t c = 0; c < bias.size(); ++c) bias[c] += change[c];
    }
    std::vector<ChannelPost>& posts = layer.regions.front().post;
    for (size_t c = 0; c < bias.size(); ++c) posts[c] = post(from, c, coding.step[c], bias[c]);
  }

  arith::Table corrections() const {
    if (!q_.options.secret) return arith::mit8::best_corrections();
    std::array<uint8_t, arith::mit8::kClasses * arith::mit8::kClasses> random{};
    q_.options.secret(random.data(), random.size());
    return arith::mit8::secret_corrections(random);
  }

  /// Second moments of bytes of which nothing is known but that none is negative: all have a mean,
  /// so errors of one sign add up. No bias is corrected then that would take the mean away.
  static void add_usual_gram(arith::WeightProblem& problem) {
    const auto taps = static_cast<size_t>(problem.taps);
    problem.gram.assign(taps * taps, static_cast<float>(kUsualMean * kUsualByte * kUsualByte));
    for (size_t t = 0; t < taps; ++t) {
      problem.gram[t * taps + t] = static_cast<float>(kUsualByte * kUsualByte);
    }
  }

  /// Adds the covariance of activations, if it is not too large; its diagonal takes the
  /// importances' place. Weights make up for errors of the layers before.
  void add_gram(arith::WeightProblem& problem, const FloatLayer& from, const Layer& layer,
                size_t number, const CalibrationRun& calibration) const {
    const Shape &in = q_.network.tensors[static_cast<size_t>(layer.input)].shape,
                &out = q_.network.tensors[static_cast<size_t>(layer.output)].shape;
    const auto taps = static_cast<size_t>(problem.taps);
    std::vector<float> goal = q_.wanted.of_layer(number);
    if (!goal.empty() && layer.has_residual) {
      const std::vector<float> residual = calibration.residual(layer);
      for (size_t i = 0; i < goal.size(); ++i) goal[i] -= residual[i];
    }
    // Of output channels from `first` on, which read input channels from there on or all of them.
    const auto gram_of = [&](int64_t first, int64_t inputs, int64_t outputs) {
      const std::vector<float> columns =
          calibration.columns(layer.input, out, layer.window, first, inputs);
      const size_t positions = columns.size() / taps;
      std::vector<float> gram = calibration.gram(layer.input, columns, taps);
      if (!goal.empty()) {
        const CompensationProblem missing{static_cast<size_t>(outputs), taps, columns, gram.data(),
                                          calibration.certainty(positions, taps)};
        compensate(missing, goal.data() + static_cast<size_t>(first) * positions,
                   problem.weights.data() + static_cast<size_t>(first) * taps);
      }
      return gram;
    };
    if (layer.kind == LayerKind::kDense) {
      if (problem.taps > kMostTaps) return;
      problem.gram = gram_of(0, in.channels, out.channels);
      for (size_t t = 0; t < taps; ++t) {
        problem.tap_importance[t] = static_cast<double>(problem.gram[t * taps + t]);
      }
      return;
    }
    if (problem.channels * problem.taps * problem.taps > kMostOwnGrams) return;
    const std::vector<double> square = q_.importance(from.input, 1);
    for (int64_t c = 0; c < problem.channels; ++c) {
      for (const float g : gram_of(c, 1, 1)) {
        problem.gram.push_back(g / static_cast<float>(square[static_cast<size_t>(c)]));
      }
    }
  }

  /// Codes the weights, with smaller operands where an accumulator could overflow otherwise.
  arith::Coding encode(arith::WeightProblem problem, const Layer& layer) const {
    const int64_t most = q_.network.tensors[static_cast<size_t>(layer.input)].is_signed ? 128 : 255;
    const auto& system = arith::info(layer.number_system);
    const std::optional<arith::Products> products = products_of(layer);
    while (true) {
      arith::Coding coding = system.encode(problem);
      int64_t bound = 0;
      for (int64_t c = 0; c < problem.channels; ++c) {
        int64_t sum = 0;
        for (int64_t t = 0; t < problem.taps; ++t) {
          const uint8_t code = coding.codes[static_cast<size_t>(c * problem.taps + t)];
          sum += products ? products->largest(code, most)
                          : std::abs(int64_t{coding.operands[code]}) * most;
        }
        bound = std::max(bound, sum);
      }
      if (bound <= kProductLimit) return coding;
      const double fit = 0.98 * static_cast<double>(kProductLimit) / static_cast<double>(bound);
      int peak = 0;
      for (const int32_t operand : coding.operands) peak = std::max(peak, std::abs(operand));
      const int limit = static_cast<int>(fit * std::min(peak, problem.operand_limit));
      if (limit < 1) {
        throw Error(ErrorKind::kUnsupported, "layer " + common::quoted(layer.name) + ": " +
                                                 std::to_string(problem.taps) +
                                                 " products do not fit a 32-bit accumulator");
      }
      problem.operand_limit = limit;
    }
  }

  /// What the layer's mean output lacks, in real units, before the clamp.
  std::vector<double> bias_change(const FloatLayer& from, const Layer& layer,
                                  const std::vector<double>& step,
                                  const CalibrationRun& calibration) const {
    const Shape &in = q_.tensor(from.input).shape, &out = q_.tensor(from.output).shape;
    const bool dense = layer.kind == LayerKind::kDense;
    const std::vector<double> wanted =
        tap_means(q_.statistics(from.input).mean, in, out, from.window);
    const std::vector<double> got = tap_means(calibration.mean(layer.input), in, out, from.window);
    std::vector<double> wanted_residual, got_residual;
    graph::Window strides;
    if (layer.has_residual) {
      const Shape& shape = q_.tensor(from.residual.tensor).shape;
      strides.stride_h = layer.residual.stride_h;
      strides.stride_w = layer.residual.stride_w;
      wanted_residual = tap_means(q_.statistics(from.residual.tensor).mean, shape, out, strides);
      got_residual = tap_means(calibration.mean(layer.residual.tensor), shape, out, strides);
    }
    const arith::Operands operands = operands_of(q_.network, layer);
    const bool is_linear = arith::info(layer.number_system).product == nullptr;
    const auto channels = static_cast<size_t>(out.channels);
    const size_t taps = from.weights.size() / channels;
    std::vector<double> sums;
    if (!is_linear) sums = calibration.mean_sums(layer);
    std::vector<double> change(channels, 0.0);
    for (size_t o = 0; o < channels; ++o) {
      const size_t first = dense ? 0 : o * taps;
      for (size_t t = 0; t < taps; ++t) {
        const size_t i = o * taps + t;
        change[o] += static_cast<double>(from.weights[i]) * wanted[first + t] -
                     (is_linear ? step[o] * operands[layer.codes[i]] * got[first + t] : 0.0);
      }
      if (!is_linear) change[o] -= step[o] * sums[o];
      if (!layer.has_residual || layer.residual.channel[o] < 0) continue;
      const auto source = static_cast<size_t>(layer.residual.channel[o]);
      change[o] +=
          wanted_residual[source] -
          static_cast<double>(q_.tensor(from.residual.tensor).scale[source]) * got_residual[source];
    }
    return change;
  }

  const Quantisation& q_;
};

}  // namespace

std::vector<std::vector<uint8_t>> share_digits_out(const Quantisation& q) {
  const arith::NumberSystemInfo& system = arith::info(q.system);
  std::vector<arith::DigitErrors> errors;
  std::vector<double> cycles;
  std::vector<std::vector<uint32_t>> group(q.lowered.layers.size());  // of weights, in these
  for (size_t i = 0; i < q.lowered.layers.size(); ++i) {
    const FloatLayer& from = q.lowered.layers[i];
    if (from.weights.empty() || from.selects) continue;
    const arith::WeightProblem problem = weight_problem(q, from, i);
    const DigitGroups groups =
        digit_groups(q.tensor(from.input).shape, q.tensor(from.output).shape, from.window,
                     from.kind == LayerKind::kDense, *q.options.digits_for);
    std::vector<arith::DigitErrors> made =
        arith::digit_errors(problem, system.operand, groups.of_weight, groups.cycles.size());
    group[i] = groups.of_weight;
    for (uint32_t& g : group[i]) g += static_cast<uint32_t>(errors.size());
    for (arith::DigitErrors& of_group : made) {
      for (double& error : of_group) error /= static_cast<double>(problem.channels);
    }
    errors.insert(errors.end(), made.begin(), made.end());
    cycles.insert(cycles.end(), groups.cycles.begin(), groups.cycles.end());
  }
  const std::vector<uint8_t> shared = share_digits(errors, cycles);
  std::vector<std::vector<uint8_t>> digits(group.size());
  for (size_t i = 0; i < group.size(); ++i) {
    for (const uint32_t g : group[i]) digits[i].push_back(shared[g]);
  }
  return digits;
}

void code_layer(Quantisation& quantisation, size_t number, const CalibrationRun* calibration) {
  LayerCoder(quantisation).complete(quantisation.network.layers[number], calibration, number);
}

}  // namespace keyway::quantise
