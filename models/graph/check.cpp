// SPDX-License-Identifier: Apache-2.0
#include "graph/check.hpp"

#include <cmath>
#include <string>

#include "common/error.hpp"
#include "common/printable.hpp"

namespace keyway::graph {

namespace {

class Checker {
 public:
  explicit Checker(const Graph& graph) : graph_(graph), ready_(graph.tensors.size(), false) {}

  void run() {
    need(valid(graph_.input) && valid(graph_.output), "input or output is no tensor");
    ready_[static_cast<size_t>(graph_.input)] = true;
    for (const Tensor& t : graph_.tensors) {
      need(t.shape.channels > 0 && t.shape.height > 0 && t.shape.width > 0,
           common::quoted(t.name) + " is empty");
    }
    for (const Node& node : graph_.nodes) check(node);
    need(ready_[static_cast<size_t>(graph_.output)], "nothing gives the output");
    check_layout(graph_.input_layout, shape(graph_.input));
    const OutputSelection& selection = graph_.output_selection;
    need(selection.gives == OutputSelection::Gives::kAll ||
             (selection.count > 0 && selection.count <= shape(graph_.output).channels),
         "selects more channels than there are, or none");
    check_layout(graph_.output_layout, selection.shape(shape(graph_.output)));
    const auto channels = static_cast<size_t>(shape(graph_.input).channels);
    need(graph_.input_scale.size() == channels && graph_.input_offset.size() == channels,
         "input_scale or input_offset has a wrong size");
    need(graph_.input_clamp.empty() || graph_.input_clamp.size() == channels,
         "input_clamp has a wrong size");
    for (const Clamp& clamp : graph_.input_clamp) check(clamp, "the input");
    finite(graph_.input_scale, "the input");
    finite(graph_.input_offset, "the input");
  }

 private:
  void need(bool holds, const std::string& what) const {
    if (!holds)
      throw Error(ErrorKind::kUsage,
                  "inconsistent graph " + common::quoted(graph_.name) + ": " + what);
  }
  bool valid(int tensor) const {
    return tensor >= 0 && tensor < static_cast<int>(graph_.tensors.size());
  }
  const Shape& shape(int tensor) const { return graph_.tensors[static_cast<size_t>(tensor)].shape; }

  void finite(const std::vector<float>& values, const std::string& where) const {
    for (float v : values) {
      if (!std::isfinite(v)) {
        throw Error(ErrorKind::kFile, common::printable(graph_.name) + ": the weights of " + where +
                                          " overflow when constants are folded into them");
      }
    }
  }

  void check_layout(const Layout& layout, const Shape& s) const {
    int64_t elements = 1;
    for (int64_t d : layout.dims) elements *= d;
    need(elements == s.elements(), "a layout does not fit its tensor");
    const int64_t last = (s.channels - 1) * layout.stride_c + (s.height - 1) * layout.stride_h +
                         (s.width - 1) * layout.stride_w;
    need(layout.stride_c > 0 && layout.stride_h > 0 && layout.stride_w > 0 && last == elements - 1,
         "a layout leaves its array");
  }

  void check(const Clamp& clamp, const std::string& where) const {
    need(!std::isnan(clamp.lo) && !std::isnan(clamp.hi) && clamp.lo <= clamp.hi &&
             clamp.step >= 0 && std::isfinite(clamp.step),
         where + " has a wrong clamp");
  }

  void check(const Node& node) {
    const std::string where = "node " + common::quoted(node.name);
    need(node.inputs.size() == (node.kind == OpKind::kAdd ? 2U : 1U), where + " has wrong inputs");
    for (int input : node.inputs) {
      need(valid(input) && ready_[static_cast<size_t>(input)], where + " reads what is not there");
    }
    need(valid(node.output) && !ready_[static_cast<size_t>(node.output)],
         where + " has a wrong output");
    ready_[static_cast<size_t>(node.output)] = true;
    check(node.clamp, where);
    const Shape& in = shape(node.inputs[0]);
    const Window& w = node.window;
    need(w.kernel_h > 0 && w.kernel_w > 0 && w.stride_h > 0 && w.stride_w > 0,
         where + " has a wrong window");
    Shape out = in;
    bool weighted = false;
    size_t weights = 0;
    switch (node.kind) {
      case OpKind::kConv:
      case OpKind::kDepthwiseConv:
        weighted = true;
        out.channels = node.kind == OpKind::kConv ? shape(node.output).channels : in.channels;
        weights =
            static_cast<size_t>(out.channels * (node.kind == OpKind::kConv ? in.channels : 1) *
                                w.kernel_h * w.kernel_w);
        slide(w, out, where);
        break;
      case OpKind::kMaxPool:
      case OpKind::kAveragePool:
        need(w.pad_top < w.kernel_h && w.pad_bottom < w.kernel_h && w.pad_left < w.kernel_w &&
                 w.pad_right < w.kernel_w,
             where + " has pads as wide as its kernel");
        slide(w, out, where);
        break;
      case OpKind::kAdd:
        need(shape(node.inputs[1]) == in, where + " adds different shapes");
        break;
      case OpKind::kShortcut:
        out.height = (in.height - 1) / w.stride_h + 1;
        out.width = (in.width - 1) / w.stride_w + 1;
        out.channels = shape(node.output).channels;
        need(node.channel_before >= 0 && node.channel_before + in.channels <= out.channels,
             where + " has wrong channels");
        break;
      case OpKind::kPad:
        out.height += w.pad_top + w.pad_bottom;
        out.width += w.pad_left + w.pad_right;
        need(-w.pad_top < in.height && -w.pad_bottom < in.height && -w.pad_left < in.width &&
                 -w.pad_right < in.width,
             where + " crops everything");
        break;
    }
    need(out == shape(node.output), where + " gives another shape than it says");
    need(node.weights.size() == weights &&
             node.bias.size() == (weighted ? static_cast<size_t>(out.channels) : 0U),
         where + " has weights of a wrong size");
    finite(node.weights, where);
    finite(node.bias, where);
  }

  void slide(const Window& w, Shape& out, const std::string& where) const {
    need(w.pad_top >= 0 && w.pad_left >= 0 && w.pad_bottom >= 0 && w.pad_right >= 0 &&
             out.height + w.pad_top + w.pad_bottom >= w.kernel_h &&
             out.width + w.pad_left + w.pad_right >= w.kernel_w,
         where + " has a wrong window");
    out.height = window_outputs(out.height, w.kernel_h, w.stride_h, w.pad_top, w.pad_bottom);
    out.width = window_outputs(out.width, w.kernel_w, w.stride_w, w.pad_left, w.pad_right);
  }

  const Graph& graph_;
  std::vector<bool> ready_;
};

}  // namespace

void check(const Graph& graph) { Checker(graph).run(); }

}  // namespace keyway::graph
