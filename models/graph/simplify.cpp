// SPDX-License-Identifier: Apache-2.0
#include "graph/simplify.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace keyway::graph {

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// Steps in a clamp's range from which rounding twice hardly differs from rounding once.
constexpr float kFineSteps = 128;

/// The two, one after the other, are one clamp: there is but one rounding, or the first is fine.
bool can_compose(const Clamp& inner, const Clamp& outer) {
  return inner.step == 0 || outer.step == 0 || inner.step == outer.step ||
         inner.hi - inner.lo >= kFineSteps * inner.step;
}

/// First `inner`, then `outer`: min(max(x, lo), hi) is monotone, so its bounds map through `outer`.
Clamp composed(const Clamp& inner, const Clamp& outer) {
  const auto map = [&outer](float v) { return std::min(std::max(v, outer.lo), outer.hi); };
  return {map(inner.lo), map(inner.hi), outer.step > 0 ? outer.step : inner.step};
}

/// Of scale * x + offset where x is clamped so. An offset may take values off a step's multiples.
Clamp moved(const Clamp& clamp, float scale, float offset) {
  if (clamp.is_open()) return clamp;
  if (scale == 0) return {offset, offset};
  const float a = scale * clamp.lo + offset, b = scale * clamp.hi + offset;
  const float step = std::abs(scale) * clamp.step, steps = step > 0 ? offset / step : 0;
  const bool fits = std::abs(steps - std::nearbyint(steps)) < 1e-3F;
  return {std::min(a, b), std::max(a, b), fits ? step : 0};
}

bool all_equal(const std::vector<float>& values, float value) {
  return std::all_of(values.begin(), values.end(), [value](float v) { return v == value; });
}

bool is_conv(const Node& node) {
  return node.kind == OpKind::kConv || node.kind == OpKind::kDepthwiseConv;
}

bool has_pads(const Window& w) {
  return w.pad_top != 0 || w.pad_left != 0 || w.pad_bottom != 0 || w.pad_right != 0;
}

bool is_affine(const Node& node) {
  const Window& w = node.window;
  return node.kind == OpKind::kDepthwiseConv && w.kernel_h == 1 && w.kernel_w == 1 &&
         w.stride_h == 1 && w.stride_w == 1 && !has_pads(w);
}

// An order of quantisers: negative, 0 or positive. Of numbers NaN is the last, as a hostile file's
// weights may become it.
int compared(float a, float b) {
  if (a < b) return -1;
  if (a > b) return 1;
  return static_cast<int>(std::isnan(a)) - static_cast<int>(std::isnan(b));
}

int compared(const std::vector<float>& a, const std::vector<float>& b) {
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  for (size_t i = 0; i < a.size(); ++i) {
    if (const int order = compared(a[i], b[i])) return order;
  }
  return 0;
}

/// Clamps first: they tell most quantisers apart, and weights are long.
int compared(const Node& a, const Node& b) {
  if (const int order = compared(a.clamp.lo, b.clamp.lo)) return order;
  if (const int order = compared(a.clamp.hi, b.clamp.hi)) return order;
  if (const int order = compared(a.clamp.step, b.clamp.step)) return order;
  if (const int order = compared(a.weights, b.weights)) return order;
  return compared(a.bias, b.bias);
}

float multiply_add(float a, float b, float c) {
  return static_cast<float>(static_cast<double>(a) * static_cast<double>(b) +
                            static_cast<double>(c));
}

class Simplifier {
 public:
  explicit Simplifier(Graph& graph) : graph_(graph) {
    producer_.assign(graph.tensors.size(), -1);
    consumers_.resize(graph.tensors.size());
    alive_.assign(graph.nodes.size(), true);
    for (size_t i = 0; i < graph.nodes.size(); ++i) {
      producer_[at(graph.nodes[i].output)] = static_cast<int>(i);
      for (int input : graph.nodes[i].inputs) consumers_[at(input)].push_back(static_cast<int>(i));
    }
  }

  void run() {
    // A rule at one node can only open rules at its neighbours, so few rounds are enough; the graph
    // shrinks with every rule but the moving of pads, which shrinks the number of pads.
    for (bool changed = true; changed;) {
      changed = merge_twins(graph_.input) || bound_input_by_readers();
      for (size_t i = 0; i < graph_.nodes.size(); ++i) {
        while (alive_[i] && apply(static_cast<int>(i))) changed = true;
      }
    }
    compact();
  }

 private:
  static size_t at(int index) { return static_cast<size_t>(index); }
  Node& node(int index) { return graph_.nodes[at(index)]; }
  const Shape& shape(int tensor) const { return graph_.tensors[at(tensor)].shape; }

  bool apply(int index) {
    Node& n = node(index);
    if (merge_twins(n.output) || bound_by_readers(n.output, n.clamp)) return true;
    switch (n.kind) {
      case OpKind::kDepthwiseConv:
        return is_affine(n) && (affine_away(index) || affine_back(index) || affine_forward(index));
      case OpKind::kPad:
        return clamp_back(index) || pad_back(index) || pad_forward(index);
      case OpKind::kShortcut:
        return clamp_back(index) || shortcut_back(index);
      case OpKind::kMaxPool:
        return clamp_back(index);
      default:
        return false;
    }
  }

  /// The node that gives `tensor`, if `reader` is all that reads it; null otherwise.
  Node* sole_producer(int tensor, int reader) {
    if (tensor == graph_.output || producer_[at(tensor)] < 0) return nullptr;
    const auto& readers = consumers_[at(tensor)];
    return readers.size() == 1 && readers[0] == reader ? &node(producer_[at(tensor)]) : nullptr;
  }

  /// Everything that reads `from` reads `to` instead.
  void redirect(int from, int to) {
    for (int reader : consumers_[at(from)]) {
      for (int& input : node(reader).inputs) {
        if (input == from) input = to;
      }
      consumers_[at(to)].push_back(reader);
    }
    consumers_[at(from)].clear();
  }

  void remove(int index) {
    for (int input : node(index).inputs) {
      auto& readers = consumers_[at(input)];
      const auto found = std::find(readers.begin(), readers.end(), index);
      if (found != readers.end()) readers.erase(found);
    }
    producer_[at(node(index).output)] = -1;
    alive_[at(index)] = false;
  }

  /// `before` takes over the output of node `index`, its only reader, which goes.
  void absorb(Node& before, int index) {
    const int output = node(index).output, self = producer_[at(before.output)];
    remove(index);
    producer_[at(before.output)] = -1;
    before.output = output;
    producer_[at(output)] = self;
  }

  /// Node `index` changes nothing: its readers read its input.
  bool bypass(int index) {
    const int input = node(index).inputs[0], output = node(index).output;
    if (output == graph_.output) {
      Node* before = sole_producer(input, index);
      if (!before) return false;
      absorb(*before, index);
      return true;
    }
    remove(index);
    redirect(output, input);
    return true;
  }

  static bool is_identity(const Node& n) {
    return is_affine(n) && all_equal(n.weights, 1) && all_equal(n.bias, 0);
  }

  /// A quantised file has a quantiser for every reader of a tensor: equal ones are one node.
  bool merge_twins(int tensor) {
    std::vector<int> quantisers;
    for (int reader : consumers_[at(tensor)]) {
      if (is_affine(node(reader)) && node(reader).clamp.step > 0) quantisers.push_back(reader);
    }
    std::sort(quantisers.begin(), quantisers.end(), [this](int a, int b) {
      const int order = compared(node(a), node(b));
      return order != 0 ? order < 0 : a < b;
    });
    bool merged = false;
    for (size_t first = 0, i = 1; i < quantisers.size(); ++i) {
      const int earlier = quantisers[first], later = quantisers[i];
      if (compared(node(earlier), node(later)) != 0) {
        first = i;
      } else if (node(later).output != graph_.output) {
        remove(later);
        redirect(node(later).output, node(earlier).output);
        merged = true;
      }
    }
    return merged;
  }

  /// Of a tensor that only quantisers of different ranges read: what lies beyond all of them is of
  /// no account, so `clamp`, that of the tensor's node, may cut it off, and the tensor has a range.
  bool bound_by_readers(int tensor, Clamp& clamp) {
    const std::vector<int>& readers = consumers_[at(tensor)];
    if (tensor == graph_.output || readers.size() < 2) return false;
    Clamp hull{kInfinity, -kInfinity};
    for (int reader : readers) {
      const Node& n = node(reader);
      if (!is_identity(n) || n.clamp.step == 0) return false;
      hull.lo = std::min(hull.lo, n.clamp.lo);
      hull.hi = std::max(hull.hi, n.clamp.hi);
    }
    const Clamp bounded = composed(clamp, hull);
    if (bounded.lo == clamp.lo && bounded.hi == clamp.hi) return false;
    clamp = bounded;
    return true;
  }

  bool bound_input_by_readers() {
    std::vector<Clamp> clamps = graph_.input_clamp;
    clamps.resize(static_cast<size_t>(shape(graph_.input).channels));
    bool changed = false;
    for (Clamp& clamp : clamps) changed = bound_by_readers(graph_.input, clamp) || changed;
    if (changed) graph_.input_clamp = std::move(clamps);
    return changed;
  }

  /// A quantiser of what lies within its range already, and whose rounding does not matter.
  bool is_idle(const Node& n) {
    const int by = producer_[at(n.inputs[0])];
    return by >= 0 && is_identity(n) && n.clamp.step > 0 &&
           n.clamp.hi - n.clamp.lo >= kFineSteps * n.clamp.step &&
           node(by).clamp.lo >= n.clamp.lo && node(by).clamp.hi <= n.clamp.hi;
  }

  bool affine_away(int index) {
    Node& n = node(index);
    if (n.clamp.is_open() && is_identity(n)) return bypass(index);
    if (is_idle(n) && n.output != graph_.output) return bypass(index);
    if (!n.clamp.is_open() && n.clamp.step == 0) return false;
    const int input = n.inputs[0];
    if (input != graph_.input || consumers_[at(input)].size() != 1 || n.output == graph_.output) {
      return false;
    }
    std::vector<Clamp> clamps = graph_.input_clamp;
    clamps.resize(n.weights.size());
    for (size_t c = 0; c < n.weights.size(); ++c) {
      const Clamp before = std::exchange(clamps[c], moved(clamps[c], n.weights[c], n.bias[c]));
      // Coarse steps must not be lost.
      if (clamps[c].step == 0 && before.hi - before.lo < kFineSteps * before.step) return false;
      if (!can_compose(clamps[c], n.clamp)) return false;
      clamps[c] = composed(clamps[c], n.clamp);
    }
    for (size_t c = 0; c < n.weights.size(); ++c) {
      graph_.input_scale[c] *= n.weights[c];
      graph_.input_offset[c] = multiply_add(graph_.input_offset[c], n.weights[c], n.bias[c]);
    }
    if (!clamps.front().is_open()) graph_.input_clamp = std::move(clamps);
    n.clamp = {};
    return bypass(index);
  }

  bool affine_back(int index) {
    Node& n = node(index);
    Node* before = sole_producer(n.inputs[0], index);
    if (!before) return false;
    if (!can_compose(before->clamp, n.clamp)) return false;
    if (!(all_equal(n.weights, 1) && all_equal(n.bias, 0))) {
      if (!is_conv(*before)) return false;
      // A Relu in between commutes with positive scales.
      const bool relu =
          before->clamp.lo == 0 && before->clamp.hi == kInfinity && before->clamp.step == 0 &&
          all_equal(n.bias, 0) &&
          std::all_of(n.weights.begin(), n.weights.end(), [](float w) { return w > 0; });
      // So does an integer's clamp with what takes it to other integers.
      const Clamp scaled = moved(before->clamp, n.weights[0], n.bias[0]);
      const bool integers = before->clamp.step > 0 && n.weights[0] > 0 &&
                            all_equal(n.weights, n.weights[0]) && all_equal(n.bias, n.bias[0]) &&
                            (scaled.step > 0 || before->clamp.hi - before->clamp.lo >=
                                                    kFineSteps * before->clamp.step);
      if (!before->clamp.is_open() && !relu && !integers) return false;
      before->clamp = scaled;
      const size_t taps = before->weights.size() / before->bias.size();
      for (size_t o = 0; o < n.weights.size(); ++o) {
        for (size_t k = 0; k < taps; ++k) before->weights[o * taps + k] *= n.weights[o];
        before->bias[o] = multiply_add(before->bias[o], n.weights[o], n.bias[o]);
      }
    }
    before->clamp = composed(before->clamp, n.clamp);
    absorb(*before, index);
    return true;
  }

  bool affine_forward(int index) {
    Node& n = node(index);
    if (!n.clamp.is_open() || n.output == graph_.output || consumers_[at(n.output)].empty())
      return false;
    const bool offset = !all_equal(n.bias, 0);
    for (int reader : consumers_[at(n.output)]) {
      if (!is_conv(node(reader)) || (offset && has_pads(node(reader).window))) return false;
    }
    for (int reader : consumers_[at(n.output)]) {
      Node& conv = node(reader);
      const auto taps = static_cast<size_t>(conv.window.kernel_h * conv.window.kernel_w);
      const size_t ins = conv.kind == OpKind::kConv ? n.weights.size() : 1;
      float* w = conv.weights.data();
      for (size_t o = 0; o < conv.bias.size(); ++o) {
        double sum = 0;
        for (size_t i = 0; i < ins; ++i) {
          const size_t c = conv.kind == OpKind::kConv ? i : o;
          for (size_t k = 0; k < taps; ++k, ++w) {
            sum += static_cast<double>(*w) * static_cast<double>(n.bias[c]);
            *w *= n.weights[c];
          }
        }
        conv.bias[o] = static_cast<float>(static_cast<double>(conv.bias[o]) + sum);
      }
    }
    return bypass(index);
  }

  /// A quantised file's clamp of values that are only moved (and of zeros, where it keeps them)
  /// holds for the values before they move: there it saves the layer before a range of its own.
  bool clamp_back(int index) {
    Node& n = node(index);
    if (n.clamp.step == 0 || !n.pad_value.empty()) return false;
    if (n.kind != OpKind::kMaxPool && n.clamp(0) != 0) return false;
    Node* before = sole_producer(n.inputs[0], index);
    if (before) {
      if (!can_compose(before->clamp, n.clamp)) return false;
      before->clamp = composed(before->clamp, n.clamp);
    } else {
      const int input = n.inputs[0];
      if (input != graph_.input || consumers_[at(input)].size() != 1) return false;
      graph_.input_clamp.resize(static_cast<size_t>(shape(input).channels));
      for (const Clamp& clamp : graph_.input_clamp) {
        if (!can_compose(clamp, n.clamp)) return false;
      }
      for (Clamp& clamp : graph_.input_clamp) clamp = composed(clamp, n.clamp);
    }
    n.clamp = {};
    return true;
  }

  bool pad_back(int index) {
    Node& n = node(index);
    Window& w = n.window;
    if (!has_pads(w) && n.clamp.is_open()) return bypass(index);
    Node* before = sole_producer(n.inputs[0], index);
    if (!before || before->kind != OpKind::kPad || !before->clamp.is_open()) return false;
    // What the first one cropped, the second one's zeros cannot bring back.
    const Window& b = before->window;
    const auto adds = [](int64_t first, int64_t second) { return first >= 0 || second <= 0; };
    if (!adds(b.pad_top, w.pad_top) || !adds(b.pad_left, w.pad_left) ||
        !adds(b.pad_bottom, w.pad_bottom) || !adds(b.pad_right, w.pad_right)) {
      return false;
    }
    // Nor may a crop from one side reach through the image into the zeros of the other.
    const Shape& in = shape(before->inputs[0]);
    if (b.pad_top + w.pad_top <= -in.height || b.pad_bottom + w.pad_bottom <= -in.height ||
        b.pad_left + w.pad_left <= -in.width || b.pad_right + w.pad_right <= -in.width) {
      return false;
    }
    before->window.pad_top += w.pad_top;
    before->window.pad_left += w.pad_left;
    before->window.pad_bottom += w.pad_bottom;
    before->window.pad_right += w.pad_right;
    before->clamp = n.clamp;
    absorb(*before, index);
    return true;
  }

  bool pad_forward(int index) {
    const Node& n = node(index);
    const Window& p = n.window;
    if (!n.clamp.is_open() || n.output == graph_.output || consumers_[at(n.output)].empty())
      return false;
    if (p.pad_top < 0 || p.pad_left < 0 || p.pad_bottom < 0 || p.pad_right < 0) return false;
    for (int reader : consumers_[at(n.output)]) {
      const Node& r = node(reader);
      const Window& w = r.window;
      const bool average =
          r.kind == OpKind::kAveragePool && (r.count_include_pad || !has_pads(w)) &&
          w.pad_top + p.pad_top < w.kernel_h && w.pad_left + p.pad_left < w.kernel_w &&
          w.pad_bottom + p.pad_bottom < w.kernel_h && w.pad_right + p.pad_right < w.kernel_w;
      // A quantiser goes before the pad.
      if (is_affine(r) && r.clamp.step > 0) return false;
      if (!is_conv(r) && !average) return false;
    }
    for (int reader : consumers_[at(n.output)]) {
      Node& r = node(reader);
      r.window.pad_top += p.pad_top;
      r.window.pad_left += p.pad_left;
      r.window.pad_bottom += p.pad_bottom;
      r.window.pad_right += p.pad_right;
      r.count_include_pad = r.kind == OpKind::kAveragePool;
    }
    return bypass(index);
  }

  bool shortcut_back(int index) {
    Node& n = node(index);
    const bool same =
        shape(n.inputs[0]) == shape(n.output) && n.window.stride_h == 1 && n.window.stride_w == 1;
    if (same && n.clamp.is_open()) return bypass(index);
    Node* before = sole_producer(n.inputs[0], index);
    if (!before || before->kind != OpKind::kShortcut || !before->clamp.is_open()) return false;
    const Shape& in = shape(before->inputs[0]);
    before->window.stride_h = std::min(before->window.stride_h * n.window.stride_h, in.height);
    before->window.stride_w = std::min(before->window.stride_w * n.window.stride_w, in.width);
    before->channel_before += n.channel_before;
    before->clamp = n.clamp;
    absorb(*before, index);
    return true;
  }

  /// Keeps what the output needs, in the old order.
  void compact() {
    std::vector<bool> needed(graph_.tensors.size(), false);
    needed[at(graph_.output)] = true;
    for (size_t i = graph_.nodes.size(); i-- > 0;) {
      if (!alive_[i] || !needed[at(graph_.nodes[i].output)]) {
        alive_[i] = false;
        continue;
      }
      for (int input : graph_.nodes[i].inputs) needed[at(input)] = true;
    }
    needed[at(graph_.input)] = true;
    std::vector<int> renamed(graph_.tensors.size(), -1);
    std::vector<Tensor> tensors;
    for (size_t i = 0; i < graph_.tensors.size(); ++i) {
      if (!needed[i]) continue;
      renamed[i] = static_cast<int>(tensors.size());
      tensors.push_back(std::move(graph_.tensors[i]));
    }
    std::vector<Node> nodes;
    for (size_t i = 0; i < graph_.nodes.size(); ++i) {
      if (!alive_[i]) continue;
      Node& n = graph_.nodes[i];
      for (int& input : n.inputs) input = renamed[at(input)];
      n.output = renamed[at(n.output)];
      nodes.push_back(std::move(n));
    }
    graph_.tensors = std::move(tensors);
    graph_.nodes = std::move(nodes);
    graph_.input = renamed[at(graph_.input)];
    graph_.output = renamed[at(graph_.output)];
  }

  Graph& graph_;
  std::vector<int> producer_;                ///< node that gives a tensor, -1 for the input
  std::vector<std::vector<int>> consumers_;  ///< nodes that read a tensor, once per input
  std::vector<bool> alive_;
};

}  // namespace

void simplify(Graph& graph) { Simplifier(graph).run(); }

}  // namespace keyway::graph
