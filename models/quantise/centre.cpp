// SPDX-License-Identifier: Apache-2.0
#include "quantise/centre.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <utility>

#include "graph/execute.hpp"
#include "quantise/given_range.hpp"
#include "quantise/input_values.hpp"
#include "quantise/lower.hpp"
#include "quantise/reach.hpp"

namespace keyway::quantise {
namespace {

constexpr double kLeastGain = 1.1;
constexpr double kLeastPaddedGain = 1.25;  ///< the host's padding makes the image larger

struct Range {
  float lo = std::numeric_limits<float>::infinity();
  float hi = -std::numeric_limits<float>::infinity();
};

bool has_padding(const graph::Window& w) {
  return w.pad_top != 0 || w.pad_left != 0 || w.pad_bottom != 0 || w.pad_right != 0;
}

bool reads_input(const graph::Graph& graph, const graph::Node& node) {
  return std::count(node.inputs.begin(), node.inputs.end(), graph.input) > 0;
}

/// Only convolutions read the input, and no more than one if one has padding.
bool can_centre_input(const graph::Graph& graph) {
  if (graph.input == graph.output) return false;
  const Shape& in = graph.tensors[static_cast<size_t>(graph.input)].shape;
  const auto readers = std::count_if(graph.nodes.begin(), graph.nodes.end(),
                                     [&](const auto& node) { return reads_input(graph, node); });
  return std::all_of(graph.nodes.begin(), graph.nodes.end(), [&](const graph::Node& node) {
    if (!reads_input(graph, node)) return true;
    const Shape& out = graph.tensors[static_cast<size_t>(node.output)].shape;
    const graph::Window& w = node.window;
    return node.kind == graph::OpKind::kConv && (readers == 1 || !has_padding(w)) &&
           (out.height - 1) * w.stride_h + w.kernel_h <= in.height + w.pad_top + w.pad_bottom &&
           (out.width - 1) * w.stride_w + w.kernel_w <= in.width + w.pad_left + w.pad_right;
  });
}

bool is_input_padded(const graph::Graph& graph) {
  return std::any_of(graph.nodes.begin(), graph.nodes.end(), [&](const auto& node) {
    return reads_input(graph, node) && has_padding(node.window);
  });
}

/// Takes the middles off the input's values; the biases of its readers make up for them. Padding
/// becomes the host's.
void move_input(graph::Graph& g, const std::vector<InputUnit>& units) {
  const auto is_moved = [](const InputUnit& u) { return u.middle != 0; };
  if (std::none_of(units.begin(), units.end(), is_moved)) return;
  for (size_t c = 0; c < units.size(); ++c) g.input_offset[c] -= units[c].middle;
  for (size_t c = 0; c < g.input_clamp.size(); ++c) {
    g.input_clamp[c].lo -= units[c].middle;
    g.input_clamp[c].hi -= units[c].middle;
  }
  const bool padded = is_input_padded(g);
  for (graph::Node& node : g.nodes) {
    if (!reads_input(g, node)) continue;
    const auto taps = static_cast<size_t>(node.window.kernel_h * node.window.kernel_w);
    for (size_t i = 0; i < node.weights.size(); ++i) {
      const size_t c = i / taps % units.size(), o = i / taps / units.size();
      node.bias[o] += node.weights[i] * units[c].middle;
    }
  }
  if (!padded) return;
  graph::Node& reader = *std::find_if(g.nodes.begin(), g.nodes.end(),
                                      [&](const auto& node) { return reads_input(g, node); });
  graph::Node pad;
  pad.kind = graph::OpKind::kPad;
  pad.name = reader.name;
  pad.inputs = {g.input};
  pad.output = static_cast<int>(g.tensors.size());
  graph::Window& w = reader.window;
  pad.window.pad_top = std::exchange(w.pad_top, 0);
  pad.window.pad_left = std::exchange(w.pad_left, 0);
  pad.window.pad_bottom = std::exchange(w.pad_bottom, 0);
  pad.window.pad_right = std::exchange(w.pad_right, 0);
  for (const InputUnit& u : units) pad.pad_value.push_back(-u.middle);
  graph::Tensor tensor = g.tensors[static_cast<size_t>(g.input)];
  tensor.shape.height += pad.window.pad_top + pad.window.pad_bottom;
  tensor.shape.width += pad.window.pad_left + pad.window.pad_right;
  g.tensors.push_back(std::move(tensor));
  reader.inputs = {pad.output};
  g.nodes.insert(g.nodes.begin(), std::move(pad));
}

/// The convolution that makes the output and can leave a constant to the host, or null. `G` is a
/// graph, const or not.
template <typename G>
auto last_layer(G& graph) -> decltype(graph.nodes.data()) {
  decltype(graph.nodes.data()) last = nullptr;
  for (auto& node : graph.nodes) {
    if (std::count(node.inputs.begin(), node.inputs.end(), graph.output) > 0) return nullptr;
    if (node.output == graph.output) last = &node;
  }
  const bool fits =
      last != nullptr &&
      (last->kind == graph::OpKind::kConv || last->kind == graph::OpKind::kDepthwiseConv) &&
      (last->clamp.is_open() || is_byte(last->clamp));
  return fits ? last : nullptr;
}

/// Units of an input whose range the file gives.
std::vector<InputUnit> given_units(const graph::Graph& graph, bool with_zero, bool can_move) {
  const bool is_unsigned = std::all_of(graph.input_clamp.begin(), graph.input_clamp.end(),
                                       [](const graph::Clamp& clamp) { return clamp.lo >= 0; });
  std::vector<InputUnit> units;
  for (const graph::Clamp& clamp : graph.input_clamp) {
    units.push_back(given_unit(clamp, is_unsigned, with_zero, can_move));
  }
  return units;
}

/// Without calibration an output that the file does not quantise gets the range that its layer can
/// reach, but no more than four deviations of a sum of independent inputs around the bias. An
/// input's root mean square is about an eighth of an unsigned byte's range and a quarter of a
/// signed one's; where it has few steps, it may be at their ends always. A single input's whole
/// range fits.
void bound_output(Centred& centred, graph::Node& last) {
  const int from = last.inputs.front();
  const Bound input = value_bounds(centred.graph)[static_cast<size_t>(from)];
  if (!is_given(input)) return;
  double step = 0;
  if (from == centred.graph.input && !centred.graph.input_clamp.empty()) {
    step = static_cast<double>(centred.graph.input_clamp.front().step);
  }
  for (const graph::Node& node : centred.graph.nodes) {
    if (node.output == from) step = static_cast<double>(node.clamp.step);
  }
  const bool is_coarse = input.hi - input.lo < kCoarseSteps * step;
  const double share = is_coarse ? 1 : input.lo < 0 ? 0.25 : 0.125;
  const double largest = std::max(input.hi, -input.lo);
  const std::vector<Bound> reach = reachable(last, input);
  const size_t taps = last.weights.size() / last.bias.size();
  double range = 0;
  for (size_t c = 0; c < reach.size(); ++c) {
    double square = 0, peak = 0;
    for (size_t t = 0; t < taps; ++t) {
      const double w = std::abs(static_cast<double>(last.weights[c * taps + t]));
      square += w * w;
      peak = std::max(peak, w);
    }
    const auto middle = static_cast<double>(last.bias[c]);
    centred.output_offset[c] = std::exchange(last.bias[c], 0.0F);
    range = std::max(range, std::min(std::max(reach[c].hi - middle, middle - reach[c].lo),
                                     largest * std::max(peak, 4 * share * std::sqrt(square))));
  }
  last.clamp.lo = static_cast<float>(-range);
  last.clamp.hi = static_cast<float>(range);
}

bool has_given_input(const graph::Graph& graph) {
  return !graph.input_clamp.empty() &&
         std::all_of(graph.input_clamp.begin(), graph.input_clamp.end(), [](const graph::Clamp& c) {
           return is_given({c.lo, c.hi});
         });
}

/// Ends of all channels of a tensor.
class Ranges {
 public:
  explicit Ranges(const Shape& shape)
      : pixels_(shape.pixels()), ranges_(static_cast<size_t>(shape.channels)) {}

  void add(const float* data, int64_t images) {
    for (int64_t i = 0; i < images * pixels_ * static_cast<int64_t>(ranges_.size()); ++i) {
      Range& range = ranges_[static_cast<size_t>(i / pixels_) % ranges_.size()];
      range.lo = std::min(range.lo, data[i]);
      range.hi = std::max(range.hi, data[i]);
    }
  }

  std::vector<double> magnitudes() const {
    std::vector<double> all;
    for (const Range& r : ranges_) all.push_back(static_cast<double>(std::max(r.hi, -r.lo)));
    return all;
  }
  std::vector<Range>& all() { return ranges_; }

 private:
  int64_t pixels_;
  std::vector<Range> ranges_;
};

/// Moves the ends of every channel towards the farthest ones, both measured by what was expected.
void widen(std::vector<Range>& ranges, const std::vector<double>& reach, double caution) {
  double lo = std::numeric_limits<double>::infinity(), hi = -lo;
  for (size_t c = 0; c < ranges.size(); ++c) {
    if (!(reach[c] > 0)) continue;
    lo = std::min(lo, static_cast<double>(ranges[c].lo) / reach[c]);
    hi = std::max(hi, static_cast<double>(ranges[c].hi) / reach[c]);
  }
  if (!(lo <= hi)) return;
  for (size_t c = 0; c < ranges.size(); ++c) {
    const double below = reach[c] * lo - static_cast<double>(ranges[c].lo);
    const double above = reach[c] * hi - static_cast<double>(ranges[c].hi);
    ranges[c].lo += static_cast<float>(caution * std::min(0.0, below));
    ranges[c].hi += static_cast<float>(caution * std::max(0.0, above));
  }
}

}  // namespace

Centred centre_input(const graph::Graph& graph, const float* inputs, int64_t images, double trust) {
  Centred result;
  result.graph = graph;
  const Shape& shape = graph.tensors[static_cast<size_t>(graph.input)].shape;
  std::vector<InputValues> values(static_cast<size_t>(shape.channels));
  std::vector<float> image(static_cast<size_t>(shape.elements()));
  for (int64_t n = 0; n < images; ++n) {
    graph::load_input(graph, inputs + n * shape.elements(), image.data());
    const float* channel = image.data();
    for (InputValues& of_channel : values) {
      of_channel.add(channel, shape.pixels());
      channel += shape.pixels();
    }
  }
  const bool can_move = can_centre_input(graph), padded = is_input_padded(graph);
  const double least_gain = padded ? kLeastPaddedGain : kLeastGain;
  const auto units = has_given_input(graph) ? given_units(graph, padded, can_move)
                                            : choose_units(values, padded, can_move, least_gain,
                                                           trust, input_reach(graph));
  for (const InputUnit& unit : units) result.input_step.push_back(unit.step);
  if (can_move) move_input(result.graph, units);
  return result;
}

void centre_output(Centred& centred, const graph::Graph& graph, const float* inputs, int64_t images,
                   double caution, int64_t kept, int threads,
                   const std::function<void(int64_t)>& progress) {
  const graph::Node* const maker = last_layer(graph);
  const int read = maker != nullptr ? maker->inputs.front() : -1;
  const auto shape = [&](int tensor) -> const Shape& {
    return graph.tensors[static_cast<size_t>(tensor)].shape;
  };
  Ranges outputs(shape(graph.output)), seen(shape(read >= 0 ? read : graph.output));
  int64_t done = 0;
  const auto visit = [&](int tensor, const float* data, int64_t count) {
    if (tensor == read) seen.add(data, count);
    if (tensor != graph.output) return;
    outputs.add(data, count);
    const int64_t more = std::min(count, kept);
    centred.outputs.insert(centred.outputs.end(), data, data + more * shape(tensor).elements());
    kept -= more;
    done += count;
    if (progress) progress(done);
  };
  graph::ExecuteOptions options;
  options.threads = threads;
  if (images > 0) graph::execute(graph, inputs, images, options, visit);

  std::vector<Range>& ranges = outputs.all();
  centred.output_offset.assign(ranges.size(), 0.0F);
  if (maker == nullptr) return;
  graph::Node& last = *last_layer(centred.graph);
  if (!last.clamp.is_open()) {
    const InputUnit unit = given_unit(last.clamp, last.clamp.lo >= 0, false, true);
    std::fill(centred.output_offset.begin(), centred.output_offset.end(), unit.middle);
    for (float& bias : last.bias) bias -= unit.middle;
    last.clamp.lo -= unit.middle;
    last.clamp.hi -= unit.middle;
    return;
  }
  if (images < 1) {
    bound_output(centred, last);
    return;
  }
  FloatLayer layer;
  layer.kind = maker->kind == graph::OpKind::kConv ? LayerKind::kDense : LayerKind::kDepthwise;
  layer.window = maker->window;
  layer.weights = maker->weights;
  layer.bias = maker->bias;
  widen(ranges, expected_reach(layer, ranges.size(), seen.magnitudes(), {}), caution);
  for (size_t c = 0; c < ranges.size(); ++c) {
    const float middle = middle_of(ranges[c].lo, ranges[c].hi, kLeastGain);
    centred.output_offset[c] = middle;
    const double range = std::max(ranges[c].hi - middle, middle - ranges[c].lo);
    centred.output_range.push_back(caution * range);
    last.bias[c] -= middle;
  }
}

}  // namespace keyway::quantise
