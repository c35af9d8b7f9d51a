// SPDX-License-Identifier: Apache-2.0
#include "soft/attacks.hpp"

#include <algorithm>
#include <cmath>

#include "soft/seen.hpp"
#include "soft/streams.hpp"

namespace keyway::soft {
namespace {

using graph::Graph;
using graph::Node;
using graph::OpKind;

constexpr int kRounds = 20;        ///< of equalisation, which converges much faster
constexpr int kStepsAnOctave = 4;  ///< that are tried
constexpr int kOctaves = 14;       ///< below the step of the largest weight

void drop_silent(Graph& graph, const SeenTensors& seen) {
  for (Node& node : graph.nodes) {
    if (node.weights.empty()) continue;
    const std::vector<Seen>&made = seen[static_cast<size_t>(node.output)],
          &read = seen[static_cast<size_t>(node.inputs[0])];
    for (size_t o = 0; o < node.bias.size(); ++o) {
      if (made[o].peak() == 0) node.bias[o] = std::min(node.bias[o], 0.0F);
      for (size_t t = 0; t < taps_of(node); ++t) {
        if (made[o].peak() == 0 || read[read_by(node, o, t)].peak() == 0) {
          node.weights[o * taps_of(node) + t] = 0;
        }
      }
    }
  }
}

/// Groups of channels (streams.hpp) that a sum or a shortcut joins.
std::vector<bool> in_streams(const Graph& graph, const Streams& streams) {
  std::vector<bool> all(streams.groups(), false);
  for (const Node& node : graph.nodes) {
    if (node.kind != OpKind::kAdd && node.kind != OpKind::kShortcut) continue;
    const int64_t channels = graph.tensors[static_cast<size_t>(node.output)].shape.channels;
    for (int64_t c = 0; c < channels; ++c) all[streams.group(node.output, c)] = true;
  }
  return all;
}

/// Largest weights that make and that read each group.
void equalise_weights(Graph& graph, bool whole_streams) {
  const Streams streams(graph);
  const std::vector<bool> joined = in_streams(graph, streams);
  for (int round = 0; round < kRounds; ++round) {
    std::vector<double> made(streams.groups(), 0.0), read(streams.groups(), 0.0);
    for (const Node& node : graph.nodes) {
      for (size_t i = 0; i < node.weights.size(); ++i) {
        const size_t o = i / taps_of(node), c = read_by(node, o, i % taps_of(node));
        const double size = std::abs(static_cast<double>(node.weights[i]));
        double &by = made[streams.group(node.output, static_cast<int64_t>(o))],
               &from = read[streams.group(node.inputs[0], static_cast<int64_t>(c))];
        by = std::max(by, size);
        from = std::max(from, size);
      }
    }
    std::vector<double> factors(streams.groups(), 1.0);
    for (size_t g = 0; g < factors.size(); ++g) {
      if (streams.is_fixed(g) || (joined[g] && !whole_streams)) continue;
      if (made[g] > 0 && read[g] > 0) factors[g] = std::sqrt(read[g] / made[g]);
    }
    rescale(graph, streams, factors);
  }
}

/// Divides every group by its largest value.
void equalise_ranges(Graph& graph, const SeenTensors& seen) {
  const Streams streams(graph);
  std::vector<double> peaks(streams.groups(), 0.0), factors(streams.groups(), 1.0);
  for (size_t t = 0; t < seen.size(); ++t) {
    for (size_t c = 0; c < seen[t].size(); ++c) {
      double& peak = peaks[streams.group(static_cast<int>(t), static_cast<int64_t>(c))];
      peak = std::max(peak, seen[t][c].peak());
    }
  }
  for (size_t g = 0; g < factors.size(); ++g) {
    if (!streams.is_fixed(g) && peaks[g] > 0) factors[g] = 1 / peaks[g];
  }
  rescale(graph, streams, factors);
}

/// Rounds `count` weights to one step. `importance` of their errors: all the same where it is
/// empty, and `search` says whether any step but the one of the largest weight is tried.
void round_weights(float* weights, size_t count, const std::vector<double>& importance, bool search,
                   int bits) {
  const double most = std::ldexp(1.0, bits - 1) - 1;
  double peak = 0;
  for (size_t i = 0; i < count; ++i) {
    peak = std::max(peak, std::abs(static_cast<double>(weights[i])));
  }
  if (!(peak > 0)) return;
  const auto rounded = [&](float weight, double step) {
    return step * std::clamp(std::nearbyint(static_cast<double>(weight) / step), -most, most);
  };
  double best = peak / most, least = HUGE_VAL;
  for (int k = 0; search && k <= kOctaves * kStepsAnOctave; ++k) {
    const double step = peak / most * std::exp2(-static_cast<double>(k) / kStepsAnOctave);
    double error = 0;
    for (size_t i = 0; i < count; ++i) {
      const double off = rounded(weights[i], step) - static_cast<double>(weights[i]);
      error += off * off * (importance.empty() ? 1.0 : importance[i]);
    }
    if (error < least) {
      least = error;
      best = step;
    }
  }
  for (size_t i = 0; i < count; ++i) weights[i] = static_cast<float>(rounded(weights[i], best));
}

void quantise_weights(Node& node, const Attack& attack, const std::vector<Seen>& read) {
  std::vector<double> importance;
  if (attack.steps == StepChoice::kOutputError) {
    for (size_t i = 0; i < node.weights.size(); ++i) {
      importance.push_back(read[read_by(node, i / taps_of(node), i % taps_of(node))].square);
    }
  }
  const size_t row = attack.by_channel ? taps_of(node) : node.weights.size();
  for (size_t first = 0; first < node.weights.size(); first += row) {
    std::vector<double> mine;
    if (!importance.empty()) {
      const auto at = importance.begin() + static_cast<std::ptrdiff_t>(first);
      mine.assign(at, at + static_cast<std::ptrdiff_t>(row));
    }
    round_weights(node.weights.data() + first, row, mine, attack.steps != StepChoice::kLargest,
                  attack.weight_bits);
  }
}

/// A grid over the values of all channels, zero among them, within what the clamp leaves.
graph::Clamp grid(const graph::Clamp& clamp, const std::vector<Seen>& channels, int bits) {
  double low = 0, high = 0;
  for (const Seen& channel : channels) {
    low = std::min(low, channel.low);
    high = std::max(high, channel.high);
  }
  if (!(high > low)) return clamp;
  const double steps = std::ldexp(1.0, bits) - 1, step = (high - low) / steps;
  const double bottom = std::nearbyint(low / step);
  graph::Clamp made;
  made.lo = std::max(clamp.lo, static_cast<float>(bottom * step));
  made.hi = std::min(clamp.hi, static_cast<float>((bottom + steps) * step));
  made.step = static_cast<float>(step);
  return made;
}

/// Values that are one of those of an input, or zero, need no grid of their own.
bool only_moves(const Node& node) {
  return (node.kind == OpKind::kMaxPool || node.kind == OpKind::kShortcut ||
          node.kind == OpKind::kPad) &&
         node.pad_value.empty();
}

}  // namespace

const std::vector<Attack>& attacks() {
  using E = Equalisation;
  using S = StepChoice;
  static const std::vector<Attack> all{
      {"8 bits, a step a tensor", false, E::kNone, S::kLargest, false},
      {"8 bits, a step an output channel"},
      {"pairs of layers equalised, a step a tensor", false, E::kPairs, S::kLargest, false},
      {"pairs of layers equalised", false, E::kPairs},
      {"streams equalised, a step a tensor", false, E::kStreams, S::kLargest, false},
      {"streams equalised", false, E::kStreams},
      {"channels divided by their range", false, E::kRanges},
      {"steps by weight error", false, E::kNone, S::kWeightError},
      {"steps by weight error, streams equalised", false, E::kStreams, S::kWeightError},
      {"16-bit activations, pairs equalised", false, E::kPairs, S::kLargest, true, 8, 16},
      {"silent channels dropped", true},
      {"silent channels dropped, streams equalised", true, E::kStreams},
      {"steps by output error, channels divided by their range", false, E::kRanges,
       S::kOutputError},
      {"12-bit weights, channels divided by their range", false, E::kRanges, S::kLargest, true, 12},
      {"16-bit weights, channels divided by their range", false, E::kRanges, S::kLargest, true, 16},
  };
  return all;
}

graph::Graph attacked(const Graph& original, const Attack& attack, const float* inputs,
                      int64_t images, int threads) {
  Graph graph = original;
  SeenTensors seen = look(graph, inputs, images, threads);
  if (attack.drops_silent) drop_silent(graph, seen);
  switch (attack.equalisation) {
    case Equalisation::kNone:
      break;
    case Equalisation::kPairs:
    case Equalisation::kStreams:
      equalise_weights(graph, attack.equalisation == Equalisation::kStreams);
      break;
    case Equalisation::kRanges:
      equalise_ranges(graph, seen);
      break;
  }
  seen = look(graph, inputs, images, threads);
  for (Node& node : graph.nodes) {
    if (!node.weights.empty()) {
      quantise_weights(node, attack, seen[static_cast<size_t>(node.inputs[0])]);
    }
    if (only_moves(node)) continue;
    node.clamp = grid(node.clamp, seen[static_cast<size_t>(node.output)], attack.activation_bits);
  }
  const auto& input = seen[static_cast<size_t>(graph.input)];
  graph.input_clamp.resize(input.size());
  for (graph::Clamp& clamp : graph.input_clamp) clamp = grid({}, input, attack.activation_bits);
  return graph;
}

}  // namespace keyway::soft
