// SPDX-License-Identifier: Apache-2.0
#include "quantise/scales.hpp"

#include <algorithm>
#include <cmath>

#include "common/error.hpp"
#include "common/printable.hpp"
#include "quantise/equalise.hpp"
#include "quantise/given_range.hpp"
#include "quantise/reach.hpp"

namespace keyway::quantise {
namespace {

/// How much coarser scales become at most that suit the weights, and those of what is added as it
/// is.
constexpr double kMostCoarser = 3;
constexpr double kMostAdded = 1.5;
/// See sharpen().
constexpr double kSteep = 8;
constexpr double kAbove = 0.06;

class ScaleChooser {
 public:
  explicit ScaleChooser(Quantisation& quantisation) : q_(quantisation) {}

  void complete_tensors() {
    const std::vector<Bound> bounds = value_bounds(q_.graph);
    const auto chosen = [&](int t, const FloatLayer* layer) {
      const auto i = static_cast<size_t>(t);
      const double step = layer != nullptr ? static_cast<double>(layer->clamp.step) : 0;
      const bool is_coarse =
          is_given(bounds[i]) && bounds[i].hi - bounds[i].lo < kCoarseSteps * step;
      if (q_.seen[i].images < 1 || is_coarse || (layer == nullptr && is_given(bounds[i]))) {
        auto given = given_scales(q_.graph.tensors[i], bounds[i], static_cast<float>(step));
        if (given) return *given;
        throw Error(ErrorKind::kUsage,
                    "needs calibration inputs: nothing in the model file tells the range of " +
                        common::quoted(q_.graph.tensors[i].name));
      }
      ScaleContext context;
      context.bound = bounds[i];
      context.is_input = layer == nullptr;
      context.caution = caution(q_.evidence);
      context.reach = layer != nullptr ? reach_of(*layer) : input_reach(q_.graph);
      if (t == q_.graph.output) context.least = q_.centred.output_range;
      return choose_scales(q_.graph.tensors[i], q_.seen[i], context, q_.options.scales);
    };
    const auto complete = [&](int t, const Tensor& from) {
      Tensor& made = q_.network.tensors[static_cast<size_t>(q_.index(t))];
      made.is_signed = from.is_signed;
      made.scale = from.scale;
    };
    // Ranges come from the user's values; pixels that the host adds do not count.
    Tensor input = chosen(q_.graph.input, nullptr);
    for (size_t c = 0; c < input.scale.size(); ++c) {
      if (q_.centred.input_step[c] > 0) input.scale[c] = q_.centred.input_step[c];
    }
    complete(q_.lowered.input, input);
    if (!q_.graph.input_clamp.empty()) bound_input(input);
    for (const FloatLayer& layer : q_.lowered.layers) {
      complete(layer.output,
               layer.keeps_values ? q_.tensor(layer.input) : chosen(layer.output, &layer));
    }
    for (FloatLayer& layer : q_.lowered.layers) sharpen(layer);
    for (const FloatLayer& layer : q_.lowered.layers) {
      if (q_.has_few_digits() && q_.statistics(layer.output).images > 0) equalise(layer);
    }
  }

 private:
  /// Suits the scales of what a layer makes to the coarse weights of those that read it.
  void equalise(const FloatLayer& maker) {
    if (maker.keeps_values || maker.clamp.step > 0) return;
    std::vector<int> same{maker.output};  // tensors of one scale
    const auto is_same = [&](int t) {
      return std::find(same.begin(), same.end(), t) != same.end();
    };
    std::vector<const FloatLayer*> readers;
    bool is_added = false;
    for (const FloatLayer& layer : q_.lowered.layers) {
      if (layer.has_residual && is_same(layer.residual.tensor)) is_added = true;
      if (!is_same(layer.input)) continue;
      readers.push_back(&layer);
      if (layer.keeps_values) same.push_back(layer.output);
    }
    const std::vector<double> factors =
        coarser_scales(q_.tensor(maker.output), q_.importance(maker.output, 1), readers,
                       is_added ? kMostAdded : kMostCoarser);
    for (const int t : same) {
      std::vector<float>& scale = q_.network.tensors[static_cast<size_t>(q_.index(t))].scale;
      for (size_t c = 0; c < scale.size(); ++c) scale[c] *= static_cast<float>(factors[c]);
    }
  }

  /// Bytes that the clamp of a quantised file's input permits, where they have more.
  void bound_input(const Tensor& input) {
    double lo = 255, hi = -128;
    for (size_t c = 0; c < input.scale.size(); ++c) {
      const graph::Clamp& clamp = q_.graph.input_clamp[c];
      lo = std::min(lo, std::nearbyint(static_cast<double>(clamp.lo / input.scale[c])));
      hi = std::max(hi, std::nearbyint(static_cast<double>(clamp.hi / input.scale[c])));
    }
    q_.network.input_least = static_cast<int>(std::max(lo, -128.0));
    q_.network.input_most = static_cast<int>(std::min(hi, 255.0));
  }

  /// A quantiser of one step asks but on which side of its middle a value is, so the layer before
  /// it may be as steep as suits the integers, each channel by itself: a largest weight moves the
  /// sum by kSteep steps. The middle itself is above, by a little.
  void sharpen(FloatLayer& layer) const {
    const auto step = static_cast<double>(layer.clamp.step);
    if (layer.weights.empty() || layer.has_residual || !has_one_step(layer.clamp)) return;
    const Tensor& in = q_.tensor(layer.input);
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

  /// Largest real values that a tensor's bytes hold, one per channel.
  std::vector<double> ranges(int graph_tensor) const {
    const Tensor& t = q_.tensor(graph_tensor);
    std::vector<double> all;
    for (const float scale : t.scale) {
      all.push_back(static_cast<double>(scale) * (t.is_signed ? 127 : 255));
    }
    return all;
  }

  std::vector<double> reach_of(const FloatLayer& layer) const {
    const auto channels = static_cast<size_t>(q_.tensor(layer.output).shape.channels);
    std::vector<double> residual;
    if (layer.has_residual) residual = ranges(layer.residual.tensor);
    return expected_reach(layer, channels, ranges(layer.input), residual);
  }

  Quantisation& q_;
};

}  // namespace

void complete_tensors(Quantisation& quantisation) { ScaleChooser(quantisation).complete_tensors(); }

}  // namespace keyway::quantise
