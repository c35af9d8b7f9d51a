// SPDX-License-Identifier: Apache-2.0
#include "tune/torch_graph.hpp"

#include <torch/torch.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "graph/execute.hpp"

namespace keyway::tune {
namespace {

using graph::Graph;
using graph::Node;
using graph::OpKind;
using graph::Window;
using torch::Tensor;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Tensor from_floats(const std::vector<float>& values, torch::IntArrayRef shape) {
  const Tensor tensor = torch::empty(shape, torch::kFloat);
  std::memcpy(tensor.data_ptr<float>(), values.data(), values.size() * sizeof(float));
  return tensor;
}

std::vector<float> to_floats(const Tensor& tensor) {
  const Tensor flat = tensor.detach().contiguous();
  const float* data = flat.data_ptr<float>();
  return {data, data + flat.numel()};
}

bool has_weights(const Node& node) {
  return node.kind == OpKind::kConv || node.kind == OpKind::kDepthwiseConv;
}

bool has_pads(const Window& w) {
  return w.pad_top != 0 || w.pad_left != 0 || w.pad_bottom != 0 || w.pad_right != 0;
}

Tensor padded(const Tensor& x, const Window& w, double value = 0) {
  if (!has_pads(w)) return x;
  return torch::constant_pad_nd(x, {w.pad_left, w.pad_right, w.pad_top, w.pad_bottom}, value);
}

Tensor convolution(const Node& node, const Parameters& p, const Tensor& x) {
  const Window& w = node.window;
  const int64_t groups = node.kind == OpKind::kDepthwiseConv ? x.size(1) : 1;
  const bool even = w.pad_top == w.pad_bottom && w.pad_left == w.pad_right;
  const std::vector<int64_t> pads = {even ? w.pad_top : 0, even ? w.pad_left : 0};
  return torch::conv2d(even ? x : padded(x, w), p.weight, p.bias, {w.stride_h, w.stride_w}, pads,
                       {1, 1}, groups);
}

Tensor average_pool(const Node& node, const Tensor& x) {
  const Window& w = node.window;
  const auto average = [&](const Tensor& of) {
    return torch::avg_pool2d(padded(of, w), {w.kernel_h, w.kernel_w}, {w.stride_h, w.stride_w});
  };
  if (node.count_include_pad || !has_pads(w)) return average(x);
  // What lies in the padding does not count: the share of each window that lies in the image.
  return average(x) / average(torch::ones({1, 1, x.size(2), x.size(3)}));
}

Tensor shortcut(const Node& node, const Tensor& x, int64_t channels) {
  const Window& w = node.window;
  const Tensor kept = x.slice(2, 0, x.size(2), w.stride_h).slice(3, 0, x.size(3), w.stride_w);
  const int64_t behind = channels - node.channel_before - x.size(1);
  return torch::constant_pad_nd(kept, {0, 0, 0, 0, node.channel_before, behind});
}

Tensor pad(const Node& node, const Tensor& x) {
  if (node.pad_value.empty()) return padded(x, node.window);
  const Tensor value = from_floats(node.pad_value, {1, x.size(1), 1, 1});
  return padded(x - value, node.window) + value;
}

Tensor clamped(const graph::Clamp& clamp, const Tensor& x) {
  if (clamp.is_open()) return x;
  if (clamp.step > 0) {
    const auto step = static_cast<double>(clamp.step);
    return rounded(x, torch::full({1}, step), clamp.lo / step, clamp.hi / step);
  }
  if (clamp.lo == 0 && std::isinf(clamp.hi)) return torch::relu(x);
  return torch::clamp(x, static_cast<double>(clamp.lo), static_cast<double>(clamp.hi));
}

/// See rounded().
class Rounding : public torch::autograd::Function<Rounding> {
 public:
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& x,
                        const Tensor& step, double lo, double hi) {
    const Tensor units = x / step;
    context->save_for_backward({units.ge(lo).logical_and_(units.le(hi))});
    return units.round().clamp_(lo, hi).mul_(step);
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const Tensor inside = context->get_saved_variables()[0];
    return {gradients[0] * inside, Tensor(), Tensor(), Tensor()};
  }
};

}  // namespace

std::vector<Parameters> parameters_of(const Graph& graph) {
  std::vector<Parameters> all(graph.nodes.size());
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    if (!has_weights(node)) continue;
    const auto channels = static_cast<int64_t>(node.bias.size());
    const int64_t taps = node.window.kernel_h * node.window.kernel_w;
    const int64_t depth = static_cast<int64_t>(node.weights.size()) / (channels * taps);
    all[n].weight =
        from_floats(node.weights, {channels, depth, node.window.kernel_h, node.window.kernel_w});
    all[n].bias = from_floats(node.bias, {channels});
  }
  return all;
}

void store(const std::vector<Parameters>& parameters, Graph& graph) {
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    if (!has_weights(graph.nodes[n])) continue;
    graph.nodes[n].weights = to_floats(parameters[n].weight);
    graph.nodes[n].bias = to_floats(parameters[n].bias);
  }
}

Tensor load_inputs(const Graph& graph, const float* inputs, int64_t images) {
  const Shape& shape = graph.tensors[static_cast<size_t>(graph.input)].shape;
  const Tensor all = torch::empty({images, shape.channels, shape.height, shape.width});
  float* to = all.data_ptr<float>();
  for (int64_t i = 0; i < images; ++i) {
    graph::load_input(graph, inputs + i * shape.elements(), to + i * shape.elements());
  }
  return all;
}

Tensor forward(const Graph& graph, const std::vector<Parameters>& parameters, const Tensor& input,
               const After& after) {
  std::vector<Tensor> values(graph.tensors.size());
  const auto give = [&](int tensor, const Tensor& value) {
    values[static_cast<size_t>(tensor)] = after ? after(tensor, value) : value;
  };
  give(graph.input, input);
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    const Window& w = node.window;
    const Tensor& x = values[static_cast<size_t>(node.inputs[0])];
    Tensor y;
    switch (node.kind) {
      case OpKind::kConv:
      case OpKind::kDepthwiseConv:
        y = convolution(node, parameters[n], x);
        break;
      case OpKind::kMaxPool:
        y = torch::max_pool2d(padded(x, w, -kInfinity), {w.kernel_h, w.kernel_w},
                              {w.stride_h, w.stride_w});
        break;
      case OpKind::kAveragePool:
        y = average_pool(node, x);
        break;
      case OpKind::kAdd:
        y = x + values[static_cast<size_t>(node.inputs[1])];
        break;
      case OpKind::kShortcut:
        y = shortcut(node, x, graph.tensors[static_cast<size_t>(node.output)].shape.channels);
        break;
      case OpKind::kPad:
        y = pad(node, x);
        break;
    }
    give(node.output, clamped(node.clamp, y));
  }
  return values[static_cast<size_t>(graph.output)];
}

Tensor rounded(const Tensor& x, const Tensor& step, double lo, double hi) {
  return Rounding::apply(x, step.view({1, -1, 1, 1}), lo, hi);
}

}  // namespace keyway::tune
