// SPDX-License-Identifier: Apache-2.0
#include "graphs.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace keyway::test {

using graph::Clamp;
using graph::OpKind;
using graph::Window;

double Random::normal() {
  // Box and Muller; 1 - u is never zero.
  const double radius = std::sqrt(-2 * std::log(1 - uniform()));
  return radius * std::cos(6.283185307179586 * uniform());
}

std::vector<float> Random::normals(int64_t count, double deviation) {
  std::vector<float> values(static_cast<size_t>(count));
  for (float& v : values) v = static_cast<float>(deviation * normal());
  return values;
}

Window window(int64_t kernel, int64_t stride, int64_t pad) {
  Window w;
  w.kernel_h = w.kernel_w = kernel;
  w.stride_h = w.stride_w = stride;
  w.pad_top = w.pad_left = w.pad_bottom = w.pad_right = pad;
  return w;
}

int GraphBuilder::input(Shape shape) {
  graph_.input = static_cast<int>(graph_.tensors.size());
  graph_.tensors.push_back({"input", shape});
  graph_.input_layout = {
      {shape.channels, shape.height, shape.width}, shape.pixels(), shape.width, 1};
  graph_.input_scale.assign(static_cast<size_t>(shape.channels), 1.0F);
  graph_.input_offset.assign(static_cast<size_t>(shape.channels), 0.0F);
  return graph_.input;
}

int GraphBuilder::append(OpKind kind, std::vector<int> inputs, Shape shape, Window w, Clamp clamp) {
  graph::Node node;
  node.name = "node_" + std::to_string(graph_.nodes.size());
  node.kind = kind;
  node.inputs = std::move(inputs);
  node.output = static_cast<int>(graph_.tensors.size());
  node.window = w;
  node.clamp = clamp;
  graph_.tensors.push_back({node.name + "_out", shape});
  graph_.nodes.push_back(std::move(node));
  return graph_.nodes.back().output;
}

Shape GraphBuilder::slid(int x, int64_t channels, const Window& w) const {
  const Shape& in = shape(x);
  return {channels, (in.height + w.pad_top + w.pad_bottom - w.kernel_h) / w.stride_h + 1,
          (in.width + w.pad_left + w.pad_right - w.kernel_w) / w.stride_w + 1};
}

int GraphBuilder::conv(int x, int64_t channels, Window w, Clamp clamp) {
  const int64_t taps = shape(x).channels * w.kernel_h * w.kernel_w;
  const int y = append(OpKind::kConv, {x}, slid(x, channels, w), w, clamp);
  last().weights = random.normals(channels * taps, std::sqrt(2.0 / static_cast<double>(taps)));
  last().bias = random.normals(channels, 0.1);
  graph_.macs += static_cast<uint64_t>(shape(y).elements() * taps);
  return y;
}

int GraphBuilder::depthwise(int x, Window w, Clamp clamp) {
  const int64_t taps = w.kernel_h * w.kernel_w, channels = shape(x).channels;
  const int y = append(OpKind::kDepthwiseConv, {x}, slid(x, channels, w), w, clamp);
  last().weights = random.normals(channels * taps, std::sqrt(2.0 / static_cast<double>(taps)));
  last().bias = random.normals(channels, 0.1);
  graph_.macs += static_cast<uint64_t>(shape(y).elements() * taps);
  return y;
}

int GraphBuilder::dense(int x, int64_t channels, Clamp clamp) {
  Window w;
  w.kernel_h = shape(x).height;
  w.kernel_w = shape(x).width;
  return conv(x, channels, w, clamp);
}

int GraphBuilder::max_pool(int x, Window w, Clamp clamp) {
  return append(OpKind::kMaxPool, {x}, slid(x, shape(x).channels, w), w, clamp);
}

int GraphBuilder::average_pool(int x, Window w, bool include_pad, Clamp clamp) {
  const int y = append(OpKind::kAveragePool, {x}, slid(x, shape(x).channels, w), w, clamp);
  last().count_include_pad = include_pad;
  return y;
}

int GraphBuilder::global_average(int x) {
  Window w;
  w.kernel_h = shape(x).height;
  w.kernel_w = shape(x).width;
  return average_pool(x, w, false);
}

int GraphBuilder::add(int a, int b, Clamp clamp) {
  return append(OpKind::kAdd, {a, b}, shape(a), {}, clamp);
}

int GraphBuilder::shortcut(int x, int64_t stride, int64_t channels, int64_t before) {
  const Shape& in = shape(x);
  const int y = append(OpKind::kShortcut, {x},
                       {channels, (in.height - 1) / stride + 1, (in.width - 1) / stride + 1},
                       window(1, stride, 0), {});
  last().channel_before = before;
  return y;
}

int GraphBuilder::pad(int x, int64_t top, int64_t left, int64_t bottom, int64_t right) {
  const Shape& in = shape(x);
  Window w;
  w.pad_top = top;
  w.pad_left = left;
  w.pad_bottom = bottom;
  w.pad_right = right;
  return append(OpKind::kPad, {x}, {in.channels, in.height + top + bottom, in.width + left + right},
                w, {});
}

graph::Graph GraphBuilder::finish(int output) {
  graph_.name = "test";
  graph_.output = output;
  const Shape& s = shape(output);
  graph_.output_layout = {{s.channels, s.height, s.width}, s.pixels(), s.width, 1};
  return graph_;
}

namespace {

Clamp random_clamp(Random& random) {
  const int64_t kind = random.integer(0, 3);
  return kind < 2 ? kRelu : kind == 2 ? kRelu6 : kNoClamp;
}

Window random_window(Random& random) {
  Window w;
  w.kernel_h = random.integer(1, 5);
  w.kernel_w = random.integer(1, 5);
  w.stride_h = random.integer(1, 2);
  w.stride_w = random.integer(1, 3);
  w.pad_top = random.integer(0, w.kernel_h / 2);
  w.pad_left = random.integer(0, w.kernel_w / 2);
  w.pad_bottom = random.integer(0, w.kernel_h / 2);
  w.pad_right = random.integer(0, w.kernel_w / 2);
  return w;
}

bool fits(const Shape& s, const Window& w) {
  return s.height + w.pad_top + w.pad_bottom >= w.kernel_h &&
         s.width + w.pad_left + w.pad_right >= w.kernel_w;
}

/// Two 3 x 3 convolutions beside a shortcut: identity, projection, or stride and padded channels.
int residual_block(GraphBuilder& b, int x) {
  Random& r = b.random;
  const int64_t kind = r.integer(0, 2), stride = kind == 0 ? 1 : 2;
  const int64_t in = b.shape(x).channels;
  const int64_t out = kind == 0 ? in : kind == 1 ? r.integer(4, 24) : in + 2 * r.integer(0, 4);
  int y = b.conv(x, out, window(3, stride, 1), random_clamp(r));
  y = b.conv(y, out, window(3, 1, 1));
  int start = x;
  if (kind == 1) start = b.conv(x, out, window(1, stride, 0), r.chance(0.3) ? kRelu : kNoClamp);
  if (kind == 2) start = b.shortcut(x, stride, out, (out - in) / 2);
  const Clamp clamp = r.chance(0.8) ? kRelu : kNoClamp;
  return r.chance(0.5) ? b.add(y, start, clamp) : b.add(start, y, clamp);
}

int random_block(GraphBuilder& b, int x) {
  Random& r = b.random;
  const Window w = random_window(r);
  switch (r.integer(0, 6)) {
    case 0:
    case 1:
      return fits(b.shape(x), w) ? b.conv(x, r.integer(1, 30), w, random_clamp(r)) : x;
    case 2:
      return fits(b.shape(x), w) ? b.depthwise(x, w, random_clamp(r)) : x;
    case 3:
      return fits(b.shape(x), w) ? b.max_pool(x, w) : x;
    case 4:
      return fits(b.shape(x), w) ? b.average_pool(x, w, r.chance(0.5)) : x;
    case 5:
      return b.pad(x, r.integer(0, 2), r.integer(0, 2), r.integer(0, 2), r.integer(0, 2));
    default:
      return residual_block(b, x);
  }
}

}  // namespace

graph::Graph random_graph(uint64_t seed) {
  GraphBuilder b(seed);
  Random& r = b.random;
  int x = 0;
  if (r.chance(0.2)) {
    x = b.input({r.integer(5, 200), 1, 1});
    for (int64_t i = r.integer(0, 2); i > 0; --i) x = b.dense(x, r.integer(3, 90), random_clamp(r));
  } else {
    x = b.input({r.integer(1, 16), r.integer(5, 16), r.integer(5, 16)});
    x = b.conv(x, r.integer(3, 20), window(3, 1, 1), random_clamp(r));
    for (int64_t i = r.integer(1, 5); i > 0; --i) x = random_block(b, x);
    if (r.chance(0.5)) x = b.global_average(x);
  }
  return b.finish(b.dense(x, r.integer(2, 20)));
}

std::vector<float> random_inputs(const graph::Graph& graph, int64_t images, uint64_t seed) {
  Random random(seed);
  return random.normals(images * graph.tensors[static_cast<size_t>(graph.input)].shape.elements(),
                        1.0);
}

double relative_distance(const std::vector<float>& got, const std::vector<float>& want) {
  double mean = 0;
  for (const float w : want) mean += static_cast<double>(w) / static_cast<double>(want.size());
  double off = 0, varying = 0, whole = 0;
  for (size_t i = 0; i < want.size(); ++i) {
    const double w = want[i];
    off += std::pow(static_cast<double>(got[i]) - w, 2);
    varying += std::pow(w - mean, 2);
    whole += w * w;
  }
  return std::sqrt(off) / std::max(std::sqrt(varying), 0.3 * std::sqrt(whole));
}

}  // namespace keyway::test
