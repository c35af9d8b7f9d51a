// SPDX-License-Identifier: Apache-2.0
#include "graph/importer.hpp"

#include <onnx/onnx_pb.h>

#include <algorithm>
#include <cmath>

#include "common/error.hpp"
#include "common/printable.hpp"

namespace keyway::graph::importing {

namespace {
constexpr int64_t kBudgetBytes = int64_t{256} << 20;
constexpr int kMostInputs = 4096;

/// Another node than the one that a message is about.
std::string said(const OnnxNode& node) {
  return "node " + common::quoted(node.name()) + ", operator " + common::printable(node.op()) + ",";
}
}  // namespace

Importer::Importer(std::string file, int64_t opset, size_t file_bytes, ExternalFiles& files)
    : file_(std::move(file)),
      opset_(opset),
      budget_(kBudgetBytes + 8 * static_cast<int64_t>(file_bytes)),
      files_(files) {}

void Importer::add_constant(const std::string& name, ConstantPtr constant) {
  Value value;
  value.constant = std::move(constant);
  if (!values_.emplace(name, std::move(value)).second) {
    throw Error(ErrorKind::kFile, file_ + ": two values are called " + common::quoted(name));
  }
}

void Importer::add_input(const std::string& name, const std::vector<int64_t>& dims, bool free_batch,
                         std::optional<std::vector<Axis>> order) {
  input_order_ = std::move(order);
  free_batch_ = free_batch;
  batch_ = dims[0];
  input_dims_.assign(dims.begin() + 1, dims.end());
  graph_.input = 0;
  graph_.tensors.push_back({name, Shape{}});
  bounds_.emplace_back();
  Value value;
  value.view.tensor = 0;
  int64_t stride = 1;
  for (size_t i = dims.size(); i-- > 1;) {
    value.view.axes.push_back(normalised({{Axis::kUser, dims[i], stride}}));
    stride *= dims[i];
  }
  value.view.axes.push_back({{Axis::kBatch, batch_, 1}});
  value.view.axes = {value.view.axes.rbegin(), value.view.axes.rend()};
  input_ = value;
  if (!values_.emplace(name, std::move(value)).second) {
    throw Error(ErrorKind::kFile, file_ + ": two values are called " + common::quoted(name));
  }
}

void Importer::set_input_range(const std::string& name, const Integers& integers) {
  Value& value = values_.at(name);
  value.pending = std::make_shared<Pending>();
  value.pending->step = {nullptr, nullptr, integers.clamp(1)};
  value.pending->view = value.view;
  value.grid = std::make_shared<Grid>(Grid{1, integers});
}

void Importer::run(const onnx::NodeProto& proto) {
  const OnnxNode node(proto, opset_, file_);
  const std::string domain = table_domain(proto.domain(), node.op());
  if (!knows_domain(domain)) {
    node.unsupported("the domain " + common::quoted(proto.domain()) + " is not supported");
  }
  if (proto.output_size() == 0) node.malformed("has no output");
  if (proto.input_size() > kMostInputs) {
    node.unsupported("has " + std::to_string(proto.input_size()) + " inputs; at most " +
                     std::to_string(kMostInputs) + " are supported");
  }
  const Row* row = row_of(domain, node.op());
  const bool folds = domain.empty() && is_folded(node);
  if (!row && !folds) node.unsupported(why_unknown(node.op()));
  Inputs inputs;
  bool any_view = false;
  for (const std::string& name : proto.input()) {
    const Value* value = name.empty() ? nullptr : find(node, name);
    any_view = any_view || (value && !value->is_constant());
    inputs.push_back(value);
  }
  if (!any_view) {
    if (row && (row->handler == &Importer::shape || row->effect == kQuantises)) {
      (this->*row->handler)(node, inputs);
    } else if (folds) {
      give_constant(node, fold(node, constants(inputs), budget_, files_));
    } else {
      node.unsupported("does not depend on the network's input");
    }
    return;
  }
  if (!row) node.unsupported("is supported on constants and shapes alone");
  for (const Value* value : inputs) {
    if (!value || !value->is_finished() || row->effect == kMovesNothing) continue;
    if (!value->selects() && (row->effect == kQuantises || row->effect == kSelects)) continue;
    value->finished_by->unsupported(
        "is supported at the network's end only, where the host "
        "computes it, but " +
        said(node) + " reads it");
  }
  if (std::any_of(inputs.begin(), inputs.end(), [](const Value* v) { return v && v->grid; })) {
    run_on_integers(*row, node, inputs);
  } else {
    (this->*row->handler)(node, inputs);
  }
}

// --- values --------------------------------------------------------------------------------------

std::vector<bool> Importer::free_axes(const View& view) const {
  std::vector<bool> free;
  for (const Group& group : view.axes) free.push_back(free_batch_ && holds(group, Axis::kBatch));
  return free;
}

std::string Importer::shape_text(const View& view) const {
  std::string text;
  const std::vector<int64_t> dims = view.dims();
  const std::vector<bool> free = free_axes(view);
  for (size_t i = 0; i < dims.size(); ++i) {
    const std::string size = std::to_string(dims[i]);
    text += (i ? ", " : "") + (!free[i] ? size : dims[i] == 1 ? "N" : "N * " + size);
  }
  return "[" + text + "]";
}

const Value* Importer::find(const OnnxNode& node, const std::string& name) const {
  const auto at = values_.find(name);
  if (at == values_.end()) {
    node.malformed(
        "reads " + common::quoted(name) +
        ", which nothing before it gives (missing, or nodes in a wrong order or a cycle)");
  }
  if (at->second.withheld) {
    node.unsupported("reads " + common::quoted(name) +
                     ", a further output of its operator, which is not supported");
  }
  return &at->second;
}

void Importer::give(const OnnxNode& node, Value value) {
  for (int i = 0; i < node.output_count(); ++i) {
    const std::string& name = node.output(i);
    if (name.empty() && i > 0) continue;
    Value further;
    further.withheld = true;
    if (!values_.emplace(name, i == 0 ? std::move(value) : further).second) {
      node.malformed("gives " + common::quoted(name) + ", which exists already");
    }
  }
}

void Importer::give_view(const OnnxNode& node, View view) {
  Value value;
  value.view = std::move(view);
  give(node, std::move(value));
}

void Importer::give_constant(const OnnxNode& node, ConstantPtr constant) {
  Value value;
  value.constant = std::move(constant);
  give(node, std::move(value));
}

std::vector<ConstantPtr> Importer::constants(const Inputs& inputs) {
  std::vector<ConstantPtr> out;
  for (const Value* value : inputs) out.push_back(value ? value->constant : nullptr);
  return out;
}

const Value& Importer::view_input(const OnnxNode& node, const Inputs& inputs, size_t index) const {
  if (index >= inputs.size() || !inputs[index]) {
    node.malformed("input " + std::to_string(index) + " is missing");
  }
  if (inputs[index]->is_constant()) {
    node.unsupported("input " + std::to_string(index) + " is a constant");
  }
  return *inputs[index];
}

ConstantPtr Importer::constant_input(const OnnxNode& node, const Inputs& inputs, size_t index,
                                     const char* what) const {
  if (index >= inputs.size() || !inputs[index]) return nullptr;
  if (!inputs[index]->is_constant()) {
    node.unsupported(std::string(what) + " should be constant, but depends on the network's input");
  }
  return inputs[index]->constant;
}

ConstantPtr Importer::weights_input(const OnnxNode& node, const Inputs& inputs, size_t index,
                                    const char* what) const {
  ConstantPtr constant = constant_input(node, inputs, index, what);
  if (!constant) return nullptr;
  if (!constant->is_float) node.malformed(std::string(what) + " should hold floats");
  for (float v : constant->floats) {
    if (!std::isfinite(v)) node.malformed(std::string("NaN or infinity in ") + what);
  }
  return constant;
}

// --- the network's input -------------------------------------------------------------------------

void Importer::bind(const OnnxNode& node, const Binding& binding) {
  if (checked_elements(input_dims_) != binding.shape.elements()) {
    node.unsupported("cannot read the network's input of shape " + to_string(input_dims_));
  }
  binding_ = binding;
  is_bound_ = true;
  graph_.tensors[static_cast<size_t>(graph_.input)].shape = binding.shape;
  graph_.input_layout = {input_dims_, binding.stride_c, binding.stride_h, binding.stride_w};
}

void Importer::bind_vector(const OnnxNode& node) {
  bind(node, {Shape{checked_elements(input_dims_), 1, 1}, 1, 1, 1});
}

void Importer::bind_image(const OnnxNode& node, const Value& value, bool channels_last) {
  const View& view = value.view;
  const size_t rank = view.axes.size();
  if (rank < 2 || rank > 4 || view.axes[0].size() != 1 || view.axes[0][0].axis != Axis::kBatch) {
    not_readable(node, value, "is no batch of images or vectors");
  }
  // Sizes and strides in the user's array of the view's axes behind the batch.
  std::vector<Atom> axes;
  int64_t inner = 1;
  for (size_t i = rank; i-- > 1;) {
    const Group& group = view.axes[i];
    if (group.size() > 1) not_readable(node, value, "has the network's input in no image's order");
    axes.insert(axes.begin(), group.empty() ? Atom{Axis::kUser, 1, inner} : group[0]);
    inner *= axes.front().size;
  }
  if (channels_last) {
    axes.insert(axes.begin(), axes.back());
    axes.pop_back();
  }
  const Atom one{Axis::kUser, 1, 1};
  const Atom c = axes[0], h = axes.size() == 3 ? axes[1] : one,
             w = axes.size() > 1 ? axes.back() : one;
  bind(node, {Shape{c.size, h.size, w.size}, c.step, h.step, w.step});
}

View Importer::settled(const OnnxNode& node, const Value& value) {
  if (value.view.tensor != graph_.input) return value.view;
  const auto translate = [&](const OnnxNode& reader, const View& view) {
    auto translated = bound(view, binding_);
    if (!translated)
      reader.unsupported("reads the network's input in another order than a layer before it");
    return *translated;
  };
  // Emit what is pending, the oldest first.
  std::vector<Pending*> chain;
  for (Pending* p = value.pending.get(); p && p->tensor < 0; p = p->before.get())
    chain.push_back(p);
  for (; !chain.empty(); chain.pop_back()) {
    Pending& p = *chain.back();
    const OnnxNode& from = p.node ? *p.node : node;
    View view = translate(from, p.view);
    if (p.before) view.tensor = p.before->tensor;
    p.tensor = emit_elementwise(from, view, p.step).tensor;
  }
  View view = translate(node, value.view);
  if (value.pending) view.tensor = value.pending->tensor;
  return view;
}

bool Importer::is_joined(const View& view) {
  return std::any_of(view.axes.begin(), view.axes.end(),
                     [](const Group& group) { return group.size() > 1; });
}

View Importer::settled_image(const OnnxNode& node, const Value& value, bool channels_last) {
  if (unbound(value)) {
    is_joined(value.view) ? bind_default(node, value) : bind_image(node, value, channels_last);
  }
  return settled(node, value);
}

View Importer::settled_image(const OnnxNode& node, const Value& value) {
  if (unbound(value)) bind_default(node, value);
  return settled(node, value);
}

void Importer::bind_default(const OnnxNode& node, const Value& value) {
  if (!input_order_) {
    bind_image(node, input_.view.axes.size() == 4 ? input_ : value, false);
    return;
  }
  Binding binding{Shape{1, 1, 1}};
  int64_t stride = 1;
  for (size_t i = input_dims_.size(); i-- > 0; stride *= input_dims_[i]) {
    const Axis axis = (*input_order_)[i];
    (axis == Axis::kChannel  ? binding.shape.channels
     : axis == Axis::kHeight ? binding.shape.height
                             : binding.shape.width) = input_dims_[i];
    (axis == Axis::kChannel  ? binding.stride_c
     : axis == Axis::kHeight ? binding.stride_h
                             : binding.stride_w) = stride;
  }
  bind(node, binding);
}

// --- the graph -----------------------------------------------------------------------------------

const Shape& Importer::shape_of(const View& view) const {
  return graph_.tensors[static_cast<size_t>(view.tensor)].shape;
}

void Importer::not_readable(const OnnxNode& node, const Value& value,
                            const std::string& why) const {
  const std::string shape = " of shape " + shape_text(value.view) + " " + why;
  if (!value.arranged) node.unsupported("its input" + shape);
  value.arranged->unsupported("its result" + shape + ", so " + said(node) + " cannot read it");
}

Roles Importer::image_roles(const OnnxNode& node, const Value& value, const View& view) const {
  auto roles = roles_of(view, shape_of(view));
  if (!roles) not_readable(node, value, "is no image with axes of channels, height and width");
  return *roles;
}

View Importer::with_roles(int tensor, const Roles& roles) const {
  const Shape& shape = graph_.tensors[static_cast<size_t>(tensor)].shape;
  View view;
  view.tensor = tensor;
  for (Axis axis : roles.axes) {
    const int64_t size = axis == Axis::kBatch     ? batch_
                         : axis == Axis::kChannel ? shape.channels
                         : axis == Axis::kHeight  ? shape.height
                                                  : shape.width;
    const bool shuffled = axis == Axis::kChannel && !roles.channels.empty();
    view.axes.push_back(shuffled ? roles.channels : normalised({{axis, size, 1}}));
  }
  return view;
}

Node Importer::make_node(const OnnxNode& node, OpKind kind, const View& input) const {
  Node out;
  out.name = node.name();
  out.kind = kind;
  out.inputs = {input.tensor};
  return out;
}

int Importer::emit(const OnnxNode& node, Node graph_node, const Shape& shape) {
  // With the batch, so that the dimensions of every view have a product in range.
  if (checked_elements({batch_, shape.channels, shape.height, shape.width}) < 1) {
    node.unsupported("its result of shape " +
                     to_string({shape.channels, shape.height, shape.width}) +
                     " is empty or has more than " + std::to_string(kMaxElements) + " elements");
  }
  budget_.take(
      static_cast<int64_t>((graph_node.weights.size() + graph_node.bias.size()) * sizeof(float)),
      node);
  const int tensor = static_cast<int>(graph_.tensors.size());
  graph_.tensors.push_back({node.output(0), shape});
  bounds_.push_back(bounds_of(graph_node));
  graph_node.output = tensor;
  graph_.nodes.push_back(std::move(graph_node));
  return tensor;
}

void Importer::count_macs(const OnnxNode& node, std::initializer_list<int64_t> factors) {
  uint64_t product = 1;
  for (int64_t factor : factors) {
    if (__builtin_mul_overflow(product, static_cast<uint64_t>(factor), &product)) {
      node.unsupported("the layer takes more than 2^64 multiply-accumulates");
    }
  }
  if (__builtin_add_overflow(graph_.macs, product, &graph_.macs))
    node.unsupported("the network takes more than 2^64 multiply-accumulates");
}

Graph Importer::finish(const onnx::NodeProto& last, const std::string& output) {
  const auto fail = [&](const std::string& reason) {
    throw Error(ErrorKind::kUnsupported,
                file_ + ": the network's output " + common::quoted(output) + " " + reason);
  };
  const auto at = values_.find(output);
  if (at == values_.end())
    throw Error(ErrorKind::kFile, file_ + ": nothing gives the output " + common::quoted(output));
  Value value = at->second;
  const auto wrong_order = [&](const std::string& reason) {
    if (!value.arranged) fail(reason);
    value.arranged->unsupported("the network's output " + common::quoted(output) + " " + reason);
  };
  if (value.withheld || value.is_constant()) fail("does not depend on the input");
  if (value.view.tensor == graph_.input && !value.pending) fail("is the input: there is no layer");
  const OnnxNode node(last, opset_, file_);
  if (value.grid) {
    if (value.is_finished()) fail("holds integers of what the host computes");
    value = in_units(node, value);
  }
  const View view = settled_image(node, value);
  if (view.axes.empty() || view.axes[0].size() != 1 || view.axes[0][0].axis != Axis::kBatch) {
    wrong_order("has no batch dimension in front");
  }
  Layout& layout = graph_.output_layout;
  const std::vector<int64_t> dims = view.dims();
  layout.dims.assign(dims.begin() + 1, dims.end());
  // Where the user finds the next element along an axis of the tensor: the same answer from every
  // atom of that axis, or the output is not an image.
  const Shape& shape = shape_of(view);
  layout.stride_c = layout.stride_h = layout.stride_w = 0;
  int64_t stride = 1;
  std::vector<std::pair<Atom, int64_t>> atoms;
  for (size_t i = view.axes.size(); i-- > 1;) {
    for (size_t k = view.axes[i].size(); k-- > 0;) {
      atoms.emplace_back(view.axes[i][k], stride);
      stride *= view.axes[i][k].size;
    }
  }
  for (const auto& [atom, user] : atoms) {
    int64_t& axis = atom.axis == Axis::kChannel  ? layout.stride_c
                    : atom.axis == Axis::kHeight ? layout.stride_h
                                                 : layout.stride_w;
    if (user % atom.step != 0 || (axis != 0 && axis != user / atom.step)) {
      wrong_order("is in an order that is not an image");
    }
    axis = user / atom.step;
  }
  if (layout.stride_w == 0) layout.stride_w = 1;
  if (layout.stride_h == 0) layout.stride_h = shape.width * layout.stride_w;
  if (layout.stride_c == 0) layout.stride_c = 1;
  graph_.output = view.tensor;
  graph_.output_function = value.function;
  graph_.output_selection = value.selection;
  const auto channels =
      static_cast<size_t>(graph_.tensors[static_cast<size_t>(graph_.input)].shape.channels);
  graph_.input_scale.assign(channels, 1.0F);
  graph_.input_offset.assign(channels, 0.0F);
  return std::move(graph_);
}

}  // namespace keyway::graph::importing
