// SPDX-License-Identifier: Apache-2.0
#include "graph/execute.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <atomic>
#include <cmath>
#include <exception>
#include <mutex>
#include <thread>

#include "common/error.hpp"
#include "common/integers.hpp"
#include "common/threads.hpp"

namespace keyway::graph {

namespace {

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using ConstMap = Eigen::Map<const Matrix>;
using MutableMap = Eigen::Map<Matrix>;

/// Outputs [begin, end) along one axis whose tap `k` lies inside of the image.
struct Span {
  int64_t begin, end;
};

Span inside(int64_t k, int64_t stride, int64_t pad, int64_t in, int64_t out) {
  const int64_t first = pad - k;  // out * stride >= first
  const int64_t begin = first <= 0 ? 0 : common::ceil_div(first, stride);
  const int64_t last = in - 1 + pad - k;  // out * stride <= last
  const int64_t end = last < 0 ? 0 : std::min(out, last / stride + 1);
  return {std::min(begin, end), end};
}

class Layer {
 public:
  Layer(const Node& node, const Shape& in, const Shape& out) : node_(node), in_(in), out_(out) {}

  void run(const float* a, const float* b, float* y, std::vector<float>& scratch) const {
    switch (node_.kind) {
      case OpKind::kConv:
        conv(a, y, scratch);
        break;
      case OpKind::kDepthwiseConv:
        depthwise(a, y);
        break;
      case OpKind::kMaxPool:
        max_pool(a, y);
        break;
      case OpKind::kAveragePool:
        average_pool(a, y);
        break;
      case OpKind::kAdd:
        for (int64_t i = 0; i < out_.elements(); ++i) y[i] = a[i] + b[i];
        break;
      case OpKind::kShortcut:
        shortcut(a, y);
        break;
      case OpKind::kPad:
        pad(a, y);
        break;
    }
    if (node_.clamp.is_open()) return;
    for (int64_t i = 0; i < out_.elements(); ++i) y[i] = node_.clamp(y[i]);
  }

 private:
  void conv(const float* a, float* y, std::vector<float>& scratch) const {
    const Window& w = node_.window;
    const int64_t depth = in_.channels * w.kernel_h * w.kernel_w, pixels = out_.pixels();
    const ConstMap weights(node_.weights.data(), out_.channels, depth);
    MutableMap result(y, out_.channels, pixels);
    const bool direct = w.stride_h == 1 && w.stride_w == 1 && w.pad_top == 0 && w.pad_left == 0 &&
                        w.pad_bottom == 0 && w.pad_right == 0 &&
                        ((w.kernel_h == 1 && w.kernel_w == 1) || pixels == 1);
    if (direct) {
      result.noalias() = weights * ConstMap(a, depth, pixels);
    } else {
      scratch.resize(static_cast<size_t>(depth * pixels));
      im2col(a, scratch.data());
      result.noalias() = weights * ConstMap(scratch.data(), depth, pixels);
    }
    result.colwise() += Eigen::Map<const Eigen::VectorXf>(node_.bias.data(), out_.channels);
  }

  /// Row (channel, ky, kx), column (y, x); taps outside of the image are zero.
  void im2col(const float* a, float* columns) const {
    const Window& w = node_.window;
    for (int64_t c = 0; c < in_.channels; ++c) {
      const float* plane = a + c * in_.pixels();
      for (int64_t ky = 0; ky < w.kernel_h; ++ky) {
        const Span rows = inside(ky, w.stride_h, w.pad_top, in_.height, out_.height);
        for (int64_t kx = 0; kx < w.kernel_w; ++kx, columns += out_.pixels()) {
          const Span cols = inside(kx, w.stride_w, w.pad_left, in_.width, out_.width);
          std::fill_n(columns, out_.pixels(), 0.0F);
          for (int64_t y = rows.begin; y < rows.end; ++y) {
            const float* line =
                plane + (y * w.stride_h + ky - w.pad_top) * in_.width + kx - w.pad_left;
            float* to = columns + y * out_.width;
            for (int64_t x = cols.begin; x < cols.end; ++x) to[x] = line[x * w.stride_w];
          }
        }
      }
    }
  }

  void depthwise(const float* a, float* y) const {
    const Window& w = node_.window;
    const float* weight = node_.weights.data();
    for (int64_t c = 0; c < in_.channels; ++c, a += in_.pixels(), y += out_.pixels()) {
      std::fill_n(y, out_.pixels(), node_.bias[static_cast<size_t>(c)]);
      for (int64_t ky = 0; ky < w.kernel_h; ++ky) {
        const Span rows = inside(ky, w.stride_h, w.pad_top, in_.height, out_.height);
        for (int64_t kx = 0; kx < w.kernel_w; ++kx, ++weight) {
          const Span cols = inside(kx, w.stride_w, w.pad_left, in_.width, out_.width);
          for (int64_t r = rows.begin; r < rows.end; ++r) {
            const float* line = a + (r * w.stride_h + ky - w.pad_top) * in_.width + kx - w.pad_left;
            float* to = y + r * out_.width;
            for (int64_t x = cols.begin; x < cols.end; ++x) to[x] += *weight * line[x * w.stride_w];
          }
        }
      }
    }
  }

  /// Calls visit(output pixel, first row, end row, first column, end column) with the window's part
  /// inside of the image.
  template <typename Visit>
  void for_each_window(Visit visit) const {
    const Window& w = node_.window;
    for (int64_t oy = 0; oy < out_.height; ++oy) {
      const int64_t top = oy * w.stride_h - w.pad_top;
      const int64_t y0 = std::max<int64_t>(top, 0), y1 = std::min(top + w.kernel_h, in_.height);
      for (int64_t ox = 0; ox < out_.width; ++ox) {
        const int64_t left = ox * w.stride_w - w.pad_left;
        visit(oy * out_.width + ox, y0, y1, std::max<int64_t>(left, 0),
              std::min(left + w.kernel_w, in_.width));
      }
    }
  }

  void max_pool(const float* a, float* y) const {
    for (int64_t c = 0; c < in_.channels; ++c, a += in_.pixels(), y += out_.pixels()) {
      for_each_window([&](int64_t o, int64_t y0, int64_t y1, int64_t x0, int64_t x1) {
        float best = -std::numeric_limits<float>::infinity();
        for (int64_t i = y0; i < y1; ++i) {
          for (int64_t j = x0; j < x1; ++j) best = std::max(best, a[i * in_.width + j]);
        }
        y[o] = best;
      });
    }
  }

  void average_pool(const float* a, float* y) const {
    const int64_t taps = node_.window.kernel_h * node_.window.kernel_w;
    for (int64_t c = 0; c < in_.channels; ++c, a += in_.pixels(), y += out_.pixels()) {
      for_each_window([&](int64_t o, int64_t y0, int64_t y1, int64_t x0, int64_t x1) {
        float sum = 0;
        for (int64_t i = y0; i < y1; ++i) {
          for (int64_t j = x0; j < x1; ++j) sum += a[i * in_.width + j];
        }
        const int64_t inside = std::max<int64_t>(y1 - y0, 0) * std::max<int64_t>(x1 - x0, 0);
        const int64_t count = node_.count_include_pad ? taps : std::max<int64_t>(inside, 1);
        y[o] = sum / static_cast<float>(count);
      });
    }
  }

  void shortcut(const float* a, float* y) const {
    std::fill_n(y, out_.elements(), 0.0F);
    y += node_.channel_before * out_.pixels();
    for (int64_t c = 0; c < in_.channels; ++c, a += in_.pixels()) {
      for (int64_t i = 0; i < out_.height; ++i) {
        const float* line = a + i * node_.window.stride_h * in_.width;
        for (int64_t j = 0; j < out_.width; ++j) *y++ = line[j * node_.window.stride_w];
      }
    }
  }

  void pad(const float* a, float* y) const {
    const Window& w = node_.window;
    const Span rows = inside(0, 1, w.pad_top, in_.height, out_.height);
    const Span cols = inside(0, 1, w.pad_left, in_.width, out_.width);
    for (int64_t c = 0; c < in_.channels; ++c, a += in_.pixels(), y += out_.pixels()) {
      std::fill_n(y, out_.pixels(),
                  node_.pad_value.empty() ? 0.0F : node_.pad_value[static_cast<size_t>(c)]);
      for (int64_t i = rows.begin; i < rows.end; ++i) {
        const float* line = a + (i - w.pad_top) * in_.width - w.pad_left;
        std::copy(line + cols.begin, line + cols.end, y + i * out_.width + cols.begin);
      }
    }
  }

  const Node& node_;
  const Shape& in_;
  const Shape& out_;
};

/// What the selection leaves of an image in C, H, W order: the next one in turn, until there are
/// enough.
std::vector<float> selected(const OutputSelection& selection, const Shape& shape,
                            const std::vector<float>& tensor) {
  std::vector<float> out;
  std::vector<bool> taken(tensor.size(), false);
  for (int64_t k = 0; k < selection.count; ++k) {
    for (int64_t p = 0; p < shape.pixels(); ++p) {
      const auto at = [&](int64_t c) { return static_cast<size_t>(c * shape.pixels() + p); };
      int64_t next = -1;
      for (int64_t c = 0; c < shape.channels; ++c) {
        if (taken[at(c)]) continue;
        if (next < 0 || selection.before(tensor[at(c)], c, tensor[at(next)], next)) next = c;
      }
      taken[at(next)] = true;
      out.push_back(selection.gives == OutputSelection::Gives::kIndices ? static_cast<float>(next)
                                                                        : tensor[at(next)]);
    }
  }
  return out;
}

/// A block of images on its way through the graph.
class Block {
 public:
  Block(const Graph& graph, int64_t images)
      : graph_(graph), images_(images), data_(graph.tensors.size()) {
    for (size_t t = 0; t < data_.size(); ++t) {
      data_[t].resize(static_cast<size_t>(images * graph.tensors[t].shape.elements()));
    }
  }

  float* at(int tensor, int64_t image) {
    const auto t = static_cast<size_t>(tensor);
    return data_[t].data() + image * graph_.tensors[t].shape.elements();
  }

  void run(const float* user, int64_t image, float* output, std::vector<float>& scratch) {
    load_input(graph_, user, at(graph_.input, image));
    for (const Node& node : graph_.nodes) {
      Layer(node, shape(node.inputs[0]), shape(node.output))
          .run(at(node.inputs[0], image),
               node.inputs.size() > 1 ? at(node.inputs[1], image) : nullptr, at(node.output, image),
               scratch);
    }
    const Shape& out = shape(graph_.output);
    scratch.assign(at(graph_.output, image), at(graph_.output, image) + out.elements());
    apply_output_function(graph_.output_function, out, scratch.data());
    const OutputSelection& selection = graph_.output_selection;
    if (selection.gives != OutputSelection::Gives::kAll)
      scratch = selected(selection, out, scratch);
    scatter_layout(graph_.output_layout, selection.shape(out), scratch.data(), output);
  }

 private:
  const Shape& shape(int tensor) const { return graph_.tensors[static_cast<size_t>(tensor)].shape; }

  const Graph& graph_;
  int64_t images_;
  std::vector<std::vector<float>> data_;
};

/// Calls work(image, worker's scratch) for every image; rethrows the first exception.
template <typename Work>
void for_each_image(int64_t images, int threads, Work work) {
  std::atomic<int64_t> next{0};
  std::exception_ptr failure;
  std::mutex guard;
  const auto worker = [&] {
    std::vector<float> scratch;
    try {
      for (int64_t i = next++; i < images; i = next++) work(i, scratch);
    } catch (...) {
      const std::lock_guard<std::mutex> lock(guard);
      failure = std::current_exception();
    }
  };
  const int64_t more = std::min<int64_t>(threads, images) - 1;
  std::vector<std::thread> others =
      common::start_threads(static_cast<size_t>(std::max<int64_t>(more, 0)), worker);
  worker();
  for (std::thread& t : others) t.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace

void load_input(const Graph& graph, const float* user, float* tensor) {
  const Shape& shape = graph.tensors[static_cast<size_t>(graph.input)].shape;
  gather_layout(graph.input_layout, shape, user, tensor);
  for (size_t c = 0; c < graph.input_scale.size(); ++c) {
    const Clamp clamp = graph.input_clamp.empty() ? Clamp{} : graph.input_clamp[c];
    for (int64_t i = 0; i < shape.pixels(); ++i, ++tensor) {
      *tensor = clamp(*tensor * graph.input_scale[c] + graph.input_offset[c]);
    }
  }
}

void gather_layout(const Layout& layout, const Shape& shape, const float* user, float* tensor) {
  for (int64_t c = 0; c < shape.channels; ++c) {
    for (int64_t y = 0; y < shape.height; ++y) {
      const float* line = user + c * layout.stride_c + y * layout.stride_h;
      for (int64_t x = 0; x < shape.width; ++x) *tensor++ = line[x * layout.stride_w];
    }
  }
}

void scatter_layout(const Layout& layout, const Shape& shape, const float* tensor, float* user) {
  for (int64_t c = 0; c < shape.channels; ++c) {
    for (int64_t y = 0; y < shape.height; ++y) {
      float* line = user + c * layout.stride_c + y * layout.stride_h;
      for (int64_t x = 0; x < shape.width; ++x) line[x * layout.stride_w] = *tensor++;
    }
  }
}

void apply_output_function(OutputFunction function, const Shape& shape, float* tensor) {
  if (function == OutputFunction::kNone) return;
  if (function == OutputFunction::kSigmoid || function == OutputFunction::kTanh) {
    for (int64_t i = 0; i < shape.elements(); ++i) {
      const auto x = static_cast<double>(tensor[i]);
      const double half = std::tanh(x / 2);  // sigmoid(x) = (1 + tanh(x / 2)) / 2
      tensor[i] =
          static_cast<float>(function == OutputFunction::kTanh ? std::tanh(x) : 0.5 + half / 2);
    }
    return;
  }
  const int64_t pixels = shape.pixels();
  for (int64_t p = 0; p < pixels; ++p) {
    float* const begin = tensor + p;
    float* const end = tensor + shape.channels * pixels;
    float most = *begin;
    for (float* v = begin; v < end; v += pixels) most = std::max(most, *v);
    double sum = 0;
    for (float* v = begin; v < end; v += pixels) sum += std::exp(static_cast<double>(*v - most));
    const double log_sum = std::log(sum);
    for (float* v = begin; v < end; v += pixels) {
      const double log_probability = static_cast<double>(*v - most) - log_sum;
      *v = static_cast<float>(function == OutputFunction::kSoftmax ? std::exp(log_probability)
                                                                   : log_probability);
    }
  }
}

std::vector<float> execute(const Graph& graph, const float* input, int64_t images,
                           const ExecuteOptions& options, const TensorVisitor& visitor) {
  if (images < 0) throw Error(ErrorKind::kUsage, "a negative number of images");
  int64_t bytes = 0;
  for (const Tensor& tensor : graph.tensors)
    bytes += tensor.shape.elements() * static_cast<int64_t>(sizeof(float));
  const int64_t fits = std::max<int64_t>(options.block_bytes / std::max<int64_t>(bytes, 1), 1);
  const int64_t block_images = std::min(images, fits);
  const int64_t in = graph.tensors[static_cast<size_t>(graph.input)].shape.elements();
  const Shape& last = graph.tensors[static_cast<size_t>(graph.output)].shape;
  const int64_t out = graph.output_selection.shape(last).elements();
  std::vector<float> outputs(static_cast<size_t>(images * out));
  Block block(graph, block_images);
  for (int64_t first = 0; first < images; first += block_images) {
    const int64_t count = std::min(block_images, images - first);
    for_each_image(count, options.threads, [&](int64_t i, std::vector<float>& scratch) {
      block.run(input + (first + i) * in, i, outputs.data() + (first + i) * out, scratch);
    });
    if (!visitor) continue;
    visitor(graph.input, block.at(graph.input, 0), count);
    for (const Node& node : graph.nodes) visitor(node.output, block.at(node.output, 0), count);
  }
  return outputs;
}

}  // namespace keyway::graph
