// SPDX-License-Identifier: Apache-2.0
#include "quantise/quantise.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <string>
#include <utility>

#include "arith/coding.hpp"
#include "arith/mit8.hpp"
#include "common/error.hpp"
#include "common/printable.hpp"
#include "quantise/calibration_run.hpp"
#include "quantise/centre.hpp"
#include "quantise/compensate.hpp"
#include "quantise/equalise.hpp"
#include "quantise/evidence.hpp"
#include "quantise/given_range.hpp"
#include "quantise/lower.hpp"
#include "quantise/network_boundary.hpp"
#include "quantise/reach.hpp"
#include "quantise/requantise.hpp"
#include "quantise/structure.hpp"

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
/// Root mean square of a byte where nothing was seen.
constexpr double kUsualByte = 20;
/// Square of the mean of such bytes, over the mean square.
constexpr double kUsualMean = 0.4;
/// A channel's error counts in units of its output byte, or, where that is larger, of a byte that
/// had to hold this many deviations of its sum before the clamp (a channel that is mostly off).
constexpr double kDeviations = 8;

/// Values of all tensors and images up to which more images than asked for are used: a vector's
/// channel gives but one value an image.
constexpr int64_t kCheapValues = int64_t{1} << 24;
constexpr int64_t kMoreImages = 8;
/// How much coarser scales become at most that suit the weights, and those of what is added as it
/// is.
constexpr double kMostCoarser = 3;
constexpr double kMostAdded = 1.5;
/// See sharpen().
constexpr double kSteep = 8;
constexpr double kAbove = 0.06;
/// Share of a layer's values beyond its range from which a user should hear of it.
constexpr double kMuchSaturation = 0.01;
/// Values of the float outputs that are kept to be compared with.
constexpr int64_t kKeptOutputs = int64_t{1} << 24;

/// Tells of `images` inputs on their way through the float network.
std::function<void(int64_t)> inputs_done(const Options& options, int64_t images) {
  if (!options.progress) return {};
  return [&options, images](int64_t done) {
    options.progress("calibration inputs", static_cast<size_t>(done), static_cast<size_t>(images));
  };
}

bool has_one_step(const graph::Clamp& clamp) {
  const auto step = static_cast<double>(clamp.step);
  const double range = static_cast<double>(clamp.hi) - static_cast<double>(clamp.lo);
  return step > 0 && std::abs(range - step) <= 1e-3 * step;
}

/// Statistics of no values at all.
std::vector<TensorStatistics> nothing_seen(const graph::Graph& graph) {
  std::vector<TensorStatistics> all(graph.tensors.size());
  for (size_t t = 0; t < all.size(); ++t) {
    all[t].channels.resize(static_cast<size_t>(graph.tensors[t].shape.channels));
  }
  return all;
}

class Quantiser {
 public:
  Quantiser(const Centred& centred, const float* inputs, int64_t images, arith::NumberSystem system,
            const Evidence& evidence, const Options& options)
      : centred_(centred),
        evidence_(evidence),
        graph_(centred.graph),
        system_(system),
        options_(options),
        lowered_(lower(graph_)),
        wanted_(graph_, lowered_, images,
                [this](const FloatLayer& layer) { return compensates(layer); }),
        statistics_(
            images > 0
                ? calibrate(graph_, inputs, images, options.threads, inputs_done(options, images),
                            [this](int tensor, const float* data, int64_t first, int64_t count) {
                              wanted_.see(tensor, data, first, count);
                            })
                : nothing_seen(graph_)) {
    for (TensorStatistics& s : statistics_) s.trust = evidence.trust();
    Structure structure = structure_of(graph_, lowered_, system, options.array_kind);
    network_ = std::move(structure.network);
    index_ = std::move(structure.index);
    network_.output_offset = centred.output_offset;
  }

  Network run(const float* inputs, int64_t images, Findings& findings) {
    complete_tensors();
    CalibrationRun calibration(network_, options_.threads, evidence_.trust());
    if (images > 0) calibration.start(inputs, images);
    if (has_few_digits()) share_digits_out();
    const size_t layers = lowered_.layers.size();
    for (size_t i = 0; i < layers; ++i) {
      if (options_.progress) options_.progress("layers", i, layers);
      complete(network_.layers[i], lowered_.layers[i], images > 0 ? &calibration : nullptr, i);
      if (images < 1) continue;
      calibration.advance(network_.layers[i]);
      note_saturation(lowered_.layers[i], network_.layers[i], calibration, findings);
    }
    if (options_.progress) options_.progress("layers", layers, layers);
    if (images < 1) return std::move(network_);
    const Shape& shape = network_.tensors[static_cast<size_t>(network_.output)].shape;
    const int64_t kept = static_cast<int64_t>(centred_.outputs.size()) / shape.elements();
    findings.estimate = compare(
        centred_.outputs, calibration.values(network_.output, kept, network_.output_offset), shape);
    return std::move(network_);
  }

 private:
  const TensorStatistics& statistics(int graph_tensor) const {
    return statistics_[static_cast<size_t>(graph_tensor)];
  }
  int index(int graph_tensor) const { return index_[static_cast<size_t>(graph_tensor)]; }
  const Tensor& tensor(int graph_tensor) const {
    return network_.tensors[static_cast<size_t>(index(graph_tensor))];
  }

  void complete_tensors() {
    const std::vector<Bound> bounds = value_bounds(graph_);
    const auto chosen = [&](int t, const FloatLayer* layer) {
      const auto i = static_cast<size_t>(t);
      const double step = layer != nullptr ? static_cast<double>(layer->clamp.step) : 0;
      const bool is_coarse =
          is_given(bounds[i]) && bounds[i].hi - bounds[i].lo < kCoarseSteps * step;
      if (statistics_[i].images < 1 || is_coarse || (layer == nullptr && is_given(bounds[i]))) {
        auto given = given_scales(graph_.tensors[i], bounds[i], static_cast<float>(step));
        if (given) return *given;
        throw Error(ErrorKind::kUsage,
                    "needs calibration inputs: nothing in the model file tells the range of " +
                        common::quoted(graph_.tensors[i].name));
      }
      ScaleContext context;
      context.bound = bounds[i];
      context.is_input = layer == nullptr;
      context.caution = caution(evidence_);
      context.reach = layer != nullptr ? reach_of(*layer) : input_reach(graph_);
      if (t == graph_.output) context.least = centred_.output_range;
      return choose_scales(graph_.tensors[i], statistics_[i], context, options_.scales);
    };
    const auto complete = [&](int t, const Tensor& from) {
      Tensor& made = network_.tensors[static_cast<size_t>(index(t))];
      made.is_signed = from.is_signed;
      made.scale = from.scale;
    };
    // Ranges come from the user's values; pixels that the host adds do not count.
    Tensor input = chosen(graph_.input, nullptr);
    for (size_t c = 0; c < input.scale.size(); ++c) {
      if (centred_.input_step[c] > 0) input.scale[c] = centred_.input_step[c];
    }
    complete(lowered_.input, input);
    if (!graph_.input_clamp.empty()) bound_input(input);
    for (const FloatLayer& layer : lowered_.layers) {
      complete(layer.output,
               layer.keeps_values ? tensor(layer.input) : chosen(layer.output, &layer));
    }
    for (FloatLayer& layer : lowered_.layers) sharpen(layer);
    for (const FloatLayer& layer : lowered_.layers) {
      if (has_few_digits() && statistics(layer.output).images > 0) equalise(layer);
    }
  }

  /// Suits the scales of what a layer makes to the coarse weights of those that read it.
  void equalise(const FloatLayer& maker) {
    if (maker.keeps_values || maker.clamp.step > 0) return;
    std::vector<int> same{maker.output};  // tensors of one scale
    const auto is_same = [&](int t) {
      return std::find(same.begin(), same.end(), t) != same.end();
    };
    std::vector<const FloatLayer*> readers;
    bool is_added = false;
    for (const FloatLayer& layer : lowered_.layers) {
      if (layer.has_residual && is_same(layer.residual.tensor)) is_added = true;
      if (!is_same(layer.input)) continue;
      readers.push_back(&layer);
      if (layer.keeps_values) same.push_back(layer.output);
    }
    const std::vector<double> factors =
        coarser_scales(tensor(maker.output), importance(maker.output, 1), readers,
                       is_added ? kMostAdded : kMostCoarser);
    for (const int t : same) {
      std::vector<float>& scale = network_.tensors[static_cast<size_t>(index(t))].scale;
      for (size_t c = 0; c < scale.size(); ++c) scale[c] *= static_cast<float>(factors[c]);
    }
  }

  /// Bytes that the clamp of a quantised file's input permits, where they have more.
  void bound_input(const Tensor& input) {
    double lo = 255, hi = -128;
    for (size_t c = 0; c < input.scale.size(); ++c) {
      const graph::Clamp& clamp = graph_.input_clamp[c];
      lo = std::min(lo, std::nearbyint(static_cast<double>(clamp.lo / input.scale[c])));
      hi = std::max(hi, std::nearbyint(static_cast<double>(clamp.hi / input.scale[c])));
    }
    network_.input_least = static_cast<int>(std::max(lo, -128.0));
    network_.input_most = static_cast<int>(std::min(hi, 255.0));
  }

  /// A quantiser of one step asks but on which side of its middle a value is, so the layer before
  /// it may be as steep as suits the integers, each channel by itself: a largest weight moves the
  /// sum by kSteep steps. The middle itself is above, by a little.
  void sharpen(FloatLayer& layer) const {
    const auto step = static_cast<double>(layer.clamp.step);
    if (layer.weights.empty() || layer.has_residual || !has_one_step(layer.clamp)) return;
    const Tensor& in = tensor(layer.input);
    const double middle = (static_cast<double>(layer.clamp.lo) + layer.clamp.hi) / 2;
    const auto window = static_cast<size_t>(layer.window.kernel_h * layer.window.kernel_w);
    const size_t taps = layer.weights.size() / layer.bias.size();
    for (size_t o = 0; o < layer.bias.size(); ++o) {
      const auto of_tap = [&](size_t t) -> float& { return layer.weights[o * taps + t]; };
      double peak = 0;
      for (size_t t = 0; t < taps; ++t) {
        const size_t c = layer.kind == LayerKind::kDense ? t / window : o;
        peak = std::max(peak, static_cast<double>(std::abs(of_tap(t)) * in.scale[c]));
      }
      if (!(peak > 0)) continue;
      const double gain = kSteep * step / peak;
      for (size_t t = 0; t < taps; ++t) {
        of_tap(t) = static_cast<float>(static_cast<double>(of_tap(t)) * gain);
      }
      layer.bias[o] = static_cast<float>((static_cast<double>(layer.bias[o]) - middle) * gain +
                                         middle + kAbove * step);
    }
  }

  /// Says of how many digits every weight is.
  void share_digits_out() {
    const arith::NumberSystemInfo& system = arith::info(system_);
    std::vector<arith::DigitErrors> errors;
    std::vector<double> cycles;
    std::vector<std::vector<uint32_t>> group(lowered_.layers.size());  // of weights, in these
    for (size_t i = 0; i < lowered_.layers.size(); ++i) {
      const FloatLayer& from = lowered_.layers[i];
      if (from.weights.empty() || from.selects) continue;
      const arith::WeightProblem problem = weight_problem(from, i);
      const DigitGroups groups =
          digit_groups(tensor(from.input).shape, tensor(from.output).shape, from.window,
                       from.kind == LayerKind::kDense, *options_.digits_for);
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
    const std::vector<uint8_t> digits = share_digits(errors, cycles);
    digits_.resize(group.size());
    for (size_t i = 0; i < group.size(); ++i) {
      for (const uint32_t g : group[i]) digits_[i].push_back(digits[g]);
    }
  }

  /// A clamp of the network's own (ReLU6) may hold any share of the values at the limit.
  static void note_saturation(const FloatLayer& from, const Layer& layer,
                              const CalibrationRun& calibration, Findings& findings) {
    if (std::isfinite(from.clamp.hi) || from.keeps_values) return;
    const double share = calibration.share_at_limit(layer.output);
    if (share <= kMuchSaturation) return;
    findings.warnings.push_back(fmt::format(
        "layer {}: {:.1f} % of its values on the calibration inputs lie beyond what its "
        "bytes hold",
        common::quoted(layer.name), 100 * share));
  }

  /// Largest real values that a tensor's bytes hold, one per channel.
  std::vector<double> ranges(int graph_tensor) const {
    const Tensor& t = tensor(graph_tensor);
    std::vector<double> all;
    for (const float scale : t.scale) {
      all.push_back(static_cast<double>(scale) * (t.is_signed ? 127 : 255));
    }
    return all;
  }

  std::vector<double> reach_of(const FloatLayer& layer) const {
    const auto channels = static_cast<size_t>(tensor(layer.output).shape.channels);
    std::vector<double> residual;
    if (layer.has_residual) residual = ranges(layer.residual.tensor);
    return expected_reach(layer, channels, ranges(layer.input), residual);
  }

  void complete(Layer& layer, const FloatLayer& from, const CalibrationRun* calibration,
                size_t number) const {
    if (from.weights.empty()) {
      without_weights(from, layer);
    } else {
      with_weights(from, layer, calibration, number);
    }
  }

  /// Scale of the residual that channel c of a layer's output adds, over the output's own scale.
  double residual_factor(const FloatLayer& from, size_t c) const {
    if (!from.has_residual || from.residual.channel[c] < 0) return 0;
    const auto source = static_cast<size_t>(from.residual.channel[c]);
    return static_cast<double>(tensor(from.residual.tensor).scale[source]) /
           static_cast<double>(tensor(from.output).scale[c]);
  }

  /// `step` is the real value of one unit of the accumulator.
  ChannelPost post(const FloatLayer& from, size_t c, double step, double bias) const {
    const Tensor& out = tensor(from.output);
    const auto scale = static_cast<double>(out.scale[c]);
    return make_post(step / scale, residual_factor(from, c), bias / step,
                     static_cast<double>(from.clamp.lo) / scale,
                     static_cast<double>(from.clamp.hi) / scale, out.is_signed);
  }

  void without_weights(const FloatLayer& from, Layer& layer) const {
    const Tensor& in = tensor(from.input);
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
    arith::WeightProblem problem = weight_problem(from, number);
    if (!digits_.empty()) problem.digits = digits_[number];
    if (calibration != nullptr && !from.selects)
      add_gram(problem, from, layer, number, *calibration);
    if (calibration == nullptr && from.kind == LayerKind::kDense && !from.selects &&
        !tensor(from.input).is_signed && problem.taps <= kMostTaps) {
      add_usual_gram(problem);
    }
    if (arith::info(layer.number_system).product != nullptr) {
      problem.table = layer.table = corrections();
      if (calibration != nullptr) problem.activations = calibration->activations(layer.input);
      if (from.kind == LayerKind::kDense && !problem.gram.empty() && calibration != nullptr) {
        const std::vector<float> met = calibration->met(
            layer.input, network_.tensors[static_cast<size_t>(layer.output)].shape, layer.window, 0,
            network_.tensors[static_cast<size_t>(layer.input)].shape.channels);
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
    if (!options_.secret) return arith::mit8::best_corrections();
    std::array<uint8_t, arith::mit8::kClasses * arith::mit8::kClasses> random{};
    options_.secret(random.data(), random.size());
    return arith::mit8::secret_corrections(random);
  }

  arith::WeightProblem weight_problem(const FloatLayer& from, size_t number) const {
    const Tensor &in = tensor(from.input), &out = tensor(from.output);
    const bool dense = from.kind == LayerKind::kDense;
    const int64_t taps = from.window.kernel_h * from.window.kernel_w;
    arith::WeightProblem problem;
    problem.channels = out.shape.channels;
    problem.taps = dense ? in.shape.channels * taps : taps;
    problem.array_kind = options_.array_kind;
    problem.seed = options_.seed * 0x9e3779b97f4a7c15U + number;
    problem.weights.reserve(from.weights.size());
    for (size_t i = 0; i < from.weights.size(); ++i) {
      const auto o = static_cast<int64_t>(i) / problem.taps,
                 t = static_cast<int64_t>(i) % problem.taps;
      const auto c = static_cast<size_t>(dense ? t / taps : o);
      problem.weights.push_back(static_cast<double>(from.weights[i]) *
                                static_cast<double>(in.scale[c]));
    }
    const std::vector<double> square = importance(from.input, dense ? taps : 1);
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
      const bool is_dead = statistics(from.output).channels[o].square <= 0;
      problem.channel_importance.push_back((is_dead ? kDeadImportance : 1.0) / unit_square);
      // Taps that meet one channel are as important as its bytes; so is a channel of such taps.
      if (!dense) problem.channel_importance.back() *= square[o];
      double peak = 0;
      for (int64_t t = 0; t < problem.taps; ++t) {
        peak = std::max(peak, std::abs(problem.weight(static_cast<int64_t>(o), t)));
      }
      // A factor of two, because the coder may choose a step beyond peak / 127.
      problem.grid.push_back(scale * factor_grid(2 * peak / 127 / scale, residual_factor(from, o)));
      // The bias must fit; and the factor needs 17 bits at the largest shift.
      problem.least_step.push_back(
          std::max(2 * std::abs(static_cast<double>(from.bias[o])) / kBiasLimit,
                   std::ldexp(scale, 17 - kMaxShift)));
    }
    return problem;
  }

  /// Mean square of the bytes that meet each tap, as though one more value had been seen, the
  /// largest possible: a channel that was always zero may still wake, and then its weights must not
  /// be rubbish.
  std::vector<double> importance(int graph_tensor, int64_t taps) const {
    const Tensor& in = tensor(graph_tensor);
    const double largest = in.is_signed ? 127 : 255;
    std::vector<double> result;
    for (size_t c = 0; c < in.scale.size(); ++c) {
      const ChannelStatistics& seen = statistics(graph_tensor).channels[c];
      const auto scale = static_cast<double>(in.scale[c]);
      const double count = evidence_.trust() * static_cast<double>(seen.count);
      const double square =
          count > 0 ? (seen.square / (scale * scale) * count + largest * largest) / (count + 1)
                    : kUsualByte * kUsualByte;
      result.insert(result.end(), static_cast<size_t>(taps), square);
    }
    return result;
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

  bool has_few_digits() const { return arith::info(system_).has_digits && options_.digits_for; }
  /// Codes are so few that a layer should make up for the layers before it.
  bool is_coarse() const { return arith::info(system_).code_bits < 8 || has_few_digits(); }
  bool compensates(const FloatLayer& layer) const {
    return is_coarse() && !layer.selects && !has_one_step(layer.clamp);
  }

  /// Adds the covariance of activations, if it is not too large; its diagonal takes the
  /// importances' place. Weights make up for errors of the layers before.
  void add_gram(arith::WeightProblem& problem, const FloatLayer& from, const Layer& layer,
                size_t number, const CalibrationRun& calibration) const {
    const Shape &in = network_.tensors[static_cast<size_t>(layer.input)].shape,
                &out = network_.tensors[static_cast<size_t>(layer.output)].shape;
    const auto taps = static_cast<size_t>(problem.taps);
    std::vector<float> goal = wanted_.of_layer(number);
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
    const std::vector<double> square = importance(from.input, 1);
    for (int64_t c = 0; c < problem.channels; ++c) {
      for (const float g : gram_of(c, 1, 1)) {
        problem.gram.push_back(g / static_cast<float>(square[static_cast<size_t>(c)]));
      }
    }
  }

  /// Codes the weights, with smaller operands where an accumulator could overflow otherwise.
  arith::Coding encode(arith::WeightProblem problem, const Layer& layer) const {
    const int64_t most = network_.tensors[static_cast<size_t>(layer.input)].is_signed ? 128 : 255;
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
    const Shape &in = tensor(from.input).shape, &out = tensor(from.output).shape;
    const bool dense = layer.kind == LayerKind::kDense;
    const std::vector<double> wanted = tap_means(statistics(from.input).mean, in, out, from.window);
    const std::vector<double> got = tap_means(calibration.mean(layer.input), in, out, from.window);
    std::vector<double> wanted_residual, got_residual;
    graph::Window strides;
    if (layer.has_residual) {
      const Shape& shape = tensor(from.residual.tensor).shape;
      strides.stride_h = layer.residual.stride_h;
      strides.stride_w = layer.residual.stride_w;
      wanted_residual = tap_means(statistics(from.residual.tensor).mean, shape, out, strides);
      got_residual = tap_means(calibration.mean(layer.residual.tensor), shape, out, strides);
    }
    const arith::Operands operands = operands_of(network_, layer);
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
          static_cast<double>(tensor(from.residual.tensor).scale[source]) * got_residual[source];
    }
    return change;
  }

  const Centred& centred_;
  const Evidence& evidence_;
  const graph::Graph& graph_;
  arith::NumberSystem system_;
  const Options& options_;
  FloatNetwork lowered_;
  WantedSums wanted_;
  std::vector<TensorStatistics> statistics_;
  std::vector<int> index_;                    ///< of a graph's tensor in the network, or -1
  std::vector<std::vector<uint8_t>> digits_;  ///< of every layer's weights; empty: all that are
  Network network_;
};

/// Of all tensors, for one image.
int64_t values_of(const graph::Graph& graph) {
  int64_t sum = 1;
  for (const graph::Tensor& t : graph.tensors) sum += t.shape.elements();
  return sum;
}

/// At most `most` images, evenly spread.
std::vector<float> sample(const float* inputs, int64_t images, int64_t elements, int64_t most) {
  const int64_t count = std::min(images, std::max<int64_t>(1, most));
  std::vector<float> result;
  result.reserve(static_cast<size_t>(count * elements));
  for (int64_t n = 0; n < count; ++n) {
    const float* from = inputs + n * images / count * elements;
    result.insert(result.end(), from, from + elements);
  }
  return result;
}

}  // namespace

Network quantise(const graph::Graph& graph, const float* calibration, int64_t images,
                 arith::NumberSystem system, const Options& options, Findings* findings) {
  if (images < 0 || (images < 1 && calibration != nullptr))
    throw Error(ErrorKind::kFile, "calibration needs at least one input");
  const int64_t elements = graph.tensors.at(static_cast<size_t>(graph.input)).shape.elements();
  const int64_t wanted = std::clamp(kCheapValues / values_of(graph), options.max_images,
                                    kMoreImages * options.max_images);
  std::vector<float> inputs;
  if (images > 0) {
    inputs = without_copies(calibration, images, elements);
    const auto different = static_cast<int64_t>(inputs.size()) / elements;
    if (different > wanted) inputs = sample(inputs.data(), different, elements, wanted);
  }
  const auto count = static_cast<int64_t>(inputs.size()) / elements;
  const Evidence evidence = count > 0 ? weigh(graph, inputs.data(), count) : Evidence{};
  Centred centred = centre_input(graph, inputs.data(), count, evidence.trust());
  if (options.check_structure) {
    const graph::Graph& shaped = centred.graph;
    options.check_structure(
        structure_of(shaped, lower(shaped), system, options.array_kind).network);
  }
  const int64_t outputs = graph.tensors.at(static_cast<size_t>(graph.output)).shape.elements();
  centre_output(centred, graph, inputs.data(), count, caution(evidence),
                std::max<int64_t>(1, kKeptOutputs / outputs), options.threads,
                inputs_done(options, count));
  Findings found;
  if (count > 0) found.warnings = remarks(evidence, images);
  Network network = Quantiser(centred, inputs.data(), count, system, evidence, options)
                        .run(inputs.data(), count, found);
  const auto add = [&found](const std::vector<std::string>& remarks) {
    found.warnings.insert(found.warnings.end(), remarks.begin(), remarks.end());
  };
  if (count > 0 && !graph.input_clamp.empty()) {
    add(remarks(program::fit(input_boundary(network), inputs.data(), count)));
  }
  if (found.estimate) add(remarks(*found.estimate, evidence.column_ratio));
  if (findings != nullptr) *findings = std::move(found);
  return network;
}

}  // namespace keyway::quantise
