// SPDX-License-Identifier: Apache-2.0
// Folding of nodes whose inputs are all constants; see onnx_constant.hpp.
#include <onnx/onnx_pb.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "common/printable.hpp"
#include "graph/onnx_constant.hpp"

namespace keyway::graph::importing {

namespace {

using Dims = std::vector<int64_t>;

class Folder {
 public:
  Folder(const OnnxNode& node, const std::vector<ConstantPtr>& inputs, Budget& budget,
         ExternalFiles& files)
      : node_(node), inputs_(inputs), budget_(budget), files_(files) {}

  ConstantPtr run();

  struct Row {
    const char* name;
    ConstantPtr (Folder::*fold)();
    const char* holds = nullptr;  ///< see FoldedOperator
  };
  static const std::vector<Row>& rows();

 private:
  const ConstantPtr& input(size_t index) const {
    static const ConstantPtr kNone;
    return index < inputs_.size() ? inputs_[index] : kNone;
  }
  const Constant& data() const {
    if (inputs_.empty() || !inputs_[0]) node_.malformed("input 0 is missing");
    return *inputs_[0];
  }

  /// An uninitialised constant of these dimensions, paid for.
  std::shared_ptr<Constant> make(const Dims& dims, bool is_float);
  ConstantPtr with_dims(const Dims& dims);
  /// Element at multi-index i is source[offset + sum of i[k] * strides[k]].
  ConstantPtr strided(const Constant& source, const Dims& dims, const Dims& strides,
                      int64_t offset);
  ConstantPtr same();
  ConstantPtr dropout();
  ConstantPtr constant() { return decode_constant_node(node_, files_); }
  ConstantPtr flattened() { return with_dims(flattened_dims(node_, data().dims)); }
  ConstantPtr squeezed() { return with_dims(squeezed_dims(node_, data().dims, input(1))); }
  ConstantPtr unsqueezed() { return with_dims(unsqueezed_dims(node_, data().dims, input(1))); }
  ConstantPtr reshaped();
  ConstantPtr expanded();
  ConstantPtr cast();
  ConstantPtr gather();
  ConstantPtr concat();
  ConstantPtr slice();
  ConstantPtr transpose();
  /// The source as an array of dimensions `from`, repeated as broadcasting against `dims` has it.
  ConstantPtr expand(const Constant& source, const Dims& from, const Dims& dims);
  Dims broadcast_dims(const Dims& a, const Dims& b) const;
  ConstantPtr constant_of_shape();
  ConstantPtr binary();
  ConstantPtr unary();

  const OnnxNode& node_;
  const std::vector<ConstantPtr>& inputs_;
  Budget& budget_;
  ExternalFiles& files_;
};

Dims row_major(const Dims& dims) {
  Dims strides(dims.size(), 1);
  for (size_t i = dims.size(); i-- > 1;) strides[i - 1] = strides[i] * dims[i];
  return strides;
}

std::shared_ptr<Constant> Folder::make(const Dims& dims, bool is_float) {
  const int64_t count = checked_elements(dims);
  if (count < 0)
    node_.unsupported("a constant of shape " + to_string(dims) + " has more than " +
                      std::to_string(kMaxElements) + " elements");
  budget_.take(64 + count * 8, node_);
  auto constant = std::make_shared<Constant>();
  constant->dims = dims;
  constant->is_float = is_float;
  if (is_float) {
    constant->floats.resize(static_cast<size_t>(count));
  } else {
    constant->integers.resize(static_cast<size_t>(count));
  }
  return constant;
}

ConstantPtr Folder::with_dims(const Dims& dims) {
  const Constant& source = data();
  if (checked_elements(dims) != source.elements())
    node_.malformed("changes the number of elements");
  auto out = make(dims, source.is_float);
  out->element_type = source.element_type;
  out->floats = source.floats;
  out->integers = source.integers;
  return out;
}

ConstantPtr Folder::strided(const Constant& source, const Dims& dims, const Dims& strides,
                            int64_t offset) {
  auto out = make(dims, source.is_float);
  out->element_type = source.element_type;
  Dims index(dims.size(), 0);
  const auto count = static_cast<size_t>(out->elements());
  int64_t at = offset;
  for (size_t i = 0; i < count; ++i) {
    const auto from = static_cast<size_t>(at);
    if (source.is_float) {
      out->floats[i] = source.floats[from];
    } else {
      out->integers[i] = source.integers[from];
    }
    for (size_t k = dims.size(); k-- > 0;) {
      at += strides[k];
      if (++index[k] < dims[k]) break;
      at -= strides[k] * dims[k];
      index[k] = 0;
    }
  }
  return out;
}

ConstantPtr Folder::cast() {
  node_.allow({"to", {"saturate", 19}});
  const Constant& source = data();
  using Type = onnx::TensorProto;
  const int64_t to = node_.integer("to", Type::UNDEFINED);
  const bool to_float = to == Type::FLOAT || to == Type::DOUBLE || to == Type::FLOAT16;
  auto out = make(source.dims, to_float);
  if (!to_float) out->element_type = static_cast<int32_t>(to);
  for (size_t i = 0; i < static_cast<size_t>(source.elements()); ++i) {
    if (to_float) {
      out->floats[i] = source.is_float ? source.floats[i] : static_cast<float>(source.integers[i]);
      continue;
    }
    int64_t value = 0;
    if (!source.is_float) {
      value = source.integers[i];
    } else if (std::isfinite(source.floats[i]) && std::fabs(source.floats[i]) < 0x1p62F) {
      value = static_cast<int64_t>(source.floats[i]);
    } else {
      node_.unsupported("casts a value beyond the integers");
    }
    switch (to) {
      case Type::INT64:
      case Type::UINT64:
        break;
      case Type::INT32:
        value = static_cast<int32_t>(value);
        break;
      case Type::INT16:
        value = static_cast<int16_t>(value);
        break;
      case Type::UINT16:
        value = static_cast<uint16_t>(value);
        break;
      case Type::INT8:
        value = static_cast<int8_t>(value);
        break;
      case Type::UINT8:
        value = static_cast<uint8_t>(value);
        break;
      case Type::BOOL:
        value = source.is_float ? source.floats[i] != 0 : value != 0;
        break;
      default:
        node_.unsupported("cast of constants to element type " + std::to_string(to));
    }
    out->integers[i] = value;
  }
  return out;
}

ConstantPtr Folder::gather() {
  node_.allow({"axis"});
  const Constant& source = data();
  const auto& indices = integers_of(node_, input(1), "indices");
  if (source.dims.empty()) node_.malformed("gathers from a scalar");
  const auto axis =
      static_cast<size_t>(checked_axis(node_, node_.integer("axis", 0), source.dims.size()));
  const Dims& picked = input(1)->dims;
  Dims dims(source.dims.begin(), source.dims.begin() + static_cast<ptrdiff_t>(axis));
  dims.insert(dims.end(), picked.begin(), picked.end());
  dims.insert(dims.end(), source.dims.begin() + static_cast<ptrdiff_t>(axis) + 1,
              source.dims.end());
  int64_t outer = 1, inner = 1;
  for (size_t i = 0; i < source.dims.size(); ++i) {
    if (i < axis) outer *= source.dims[i];
    if (i > axis) inner *= source.dims[i];
  }
  auto out = make(dims, source.is_float);
  const int64_t size = source.dims[axis];
  size_t to = 0;
  for (int64_t index : indices) {
    if (index < -size || index >= size)
      node_.malformed("index " + std::to_string(index) + " is out of range");
  }
  for (int64_t o = 0; o < outer; ++o) {
    for (int64_t index : indices) {
      auto from = static_cast<size_t>((o * size + (index < 0 ? index + size : index)) * inner);
      for (int64_t i = 0; i < inner; ++i, ++from, ++to) {
        if (source.is_float) {
          out->floats[to] = source.floats[from];
        } else {
          out->integers[to] = source.integers[from];
        }
      }
    }
  }
  return out;
}

ConstantPtr Folder::concat() {
  node_.allow({"axis"});
  if (!node_.has("axis")) node_.malformed("has no axis");
  Dims dims = data().dims;
  const auto axis = static_cast<size_t>(checked_axis(node_, node_.integer("axis", 0), dims.size()));
  dims[axis] = 0;
  for (const auto& part : inputs_) {
    if (!part) node_.malformed("an input is missing");
    Dims rest = part->dims;
    if (rest.size() != dims.size() || part->is_float != data().is_float) {
      node_.malformed("its inputs do not fit each other");
    }
    dims[axis] += rest[axis];
    rest[axis] = dims[axis];
    if (rest != dims) node_.malformed("its inputs do not fit each other");
  }
  auto out = make(dims, data().is_float);
  int64_t outer = 1, inner = 1;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (i < axis) outer *= dims[i];
    if (i > axis) inner *= dims[i];
  }
  ptrdiff_t to = 0;
  for (int64_t o = 0; o < outer; ++o) {
    for (const auto& part : inputs_) {
      const auto run = static_cast<ptrdiff_t>(part->dims[axis] * inner);
      const ptrdiff_t from = static_cast<ptrdiff_t>(o) * run;
      if (out->is_float) {
        std::copy_n(part->floats.begin() + from, run, out->floats.begin() + to);
      } else {
        std::copy_n(part->integers.begin() + from, run, out->integers.begin() + to);
      }
      to += run;
    }
  }
  return out;
}

ConstantPtr Folder::slice() {
  const Constant& source = data();
  const auto axes = slice_axes(node_, source.dims, inputs_);
  Dims dims, strides = row_major(source.dims);
  int64_t offset = 0;
  for (size_t i = 0; i < axes.size(); ++i) {
    dims.push_back(axes[i].count);
    offset += axes[i].count > 0 ? axes[i].start * strides[i] : 0;
    strides[i] *= axes[i].step;
  }
  return strided(source, dims, strides, offset);
}

ConstantPtr Folder::transpose() {
  node_.allow({"perm"});
  const Constant& source = data();
  const Dims from = row_major(source.dims);
  Dims dims, strides;
  for (int64_t axis : permutation(node_, source.dims.size())) {
    dims.push_back(source.dims[static_cast<size_t>(axis)]);
    strides.push_back(from[static_cast<size_t>(axis)]);
  }
  return strided(source, dims, strides, 0);
}

Dims Folder::broadcast_dims(const Dims& a, const Dims& b) const {
  const size_t rank = std::max(a.size(), b.size());
  Dims out(rank);
  for (size_t i = 0; i < rank; ++i) {
    const int64_t p = i + a.size() < rank ? 1 : a[i + a.size() - rank];
    const int64_t q = i + b.size() < rank ? 1 : b[i + b.size() - rank];
    if (p != q && p != 1 && q != 1) {
      node_.malformed("cannot combine shapes " + to_string(a) + " and " + to_string(b));
    }
    out[i] = p == 1 ? q : p;
  }
  return out;
}

ConstantPtr Folder::expand(const Constant& source, const Dims& from, const Dims& dims) {
  if (dims.size() > kMaxRank)
    node_.unsupported("the new shape has more than " + std::to_string(kMaxRank) + " dimensions");
  const Dims out = broadcast_dims(from, dims);
  const Dims steps = row_major(from);
  Dims strides(out.size(), 0);
  const size_t lead = out.size() - from.size();
  for (size_t i = 0; i < from.size(); ++i) {
    if (from[i] != 1) strides[lead + i] = steps[i];
  }
  return strided(source, out, strides, 0);
}

ConstantPtr Folder::constant_of_shape() {
  node_.allow({"value"});
  const Dims& dims = integers_of(node_, input(0), "shape");
  ConstantPtr value;
  if (const auto* tensor = node_.tensor("value")) {
    value = decode_tensor(*tensor, "value of node " + common::quoted(node_.name()), files_);
    if (value->elements() != 1) node_.malformed("value should be one element");
  }
  if (checked_elements(dims) < 0) node_.malformed("asks for shape " + to_string(dims));
  auto out = make(dims, !value || value->is_float);
  if (value && value->is_float) std::fill(out->floats.begin(), out->floats.end(), value->floats[0]);
  if (value && !value->is_float) {
    std::fill(out->integers.begin(), out->integers.end(), value->integers[0]);
  }
  return out;
}

/// Wraps like the two's complement hardware; the unsigned detour keeps it defined.
int64_t wrapping(char op, int64_t a, int64_t b) {
  const auto x = static_cast<uint64_t>(a), y = static_cast<uint64_t>(b);
  return static_cast<int64_t>(op == '+' ? x + y : op == '-' ? x - y : x * y);
}

ConstantPtr Folder::binary() {
  if (!input(0) || !input(1)) node_.malformed("an input is missing");
  if (input(0)->is_float != input(1)->is_float) node_.malformed("its inputs have different types");
  const Dims placed = second_operand(node_, input(0)->dims, input(1)->dims);
  const Dims dims = broadcast_dims(input(0)->dims, placed);
  if (checked_elements(dims) < 0)
    node_.unsupported("a constant of shape " + to_string(dims) + " has more than " +
                      std::to_string(kMaxElements) + " elements");
  const ConstantPtr a = expand(*input(0), input(0)->dims, dims),
                    b = expand(*input(1), placed, dims);
  auto out = make(dims, a->is_float);
  const char op = node_.op() == "Add"   ? '+'
                  : node_.op() == "Sub" ? '-'
                  : node_.op() == "Mul" ? '*'
                  : node_.op() == "Pow" ? '^'
                                        : '/';
  if (op == '^' && !a->is_float) node_.unsupported("powers of integers");
  for (size_t i = 0; i < out->floats.size(); ++i) {
    const float p = a->floats[i], q = b->floats[i];
    if (op == '/' && q == 0) node_.malformed("divides by zero");
    out->floats[i] = op == '+'   ? p + q
                     : op == '-' ? p - q
                     : op == '*' ? p * q
                     : op == '^' ? std::pow(p, q)
                                 : p / q;
  }
  for (size_t i = 0; i < out->integers.size(); ++i) {
    const int64_t p = a->integers[i], q = b->integers[i];
    if (op != '/') {
      out->integers[i] = wrapping(op, p, q);
    } else if (q == 0 || (q == -1 && p == std::numeric_limits<int64_t>::min())) {
      node_.malformed("divides by zero or out of range");
    } else {
      out->integers[i] = p / q;
    }
  }
  return out;
}

ConstantPtr Folder::unary() {
  node_.allow({});
  const Constant& source = data();
  auto out = make(source.dims, source.is_float);
  const std::string& op = node_.op();
  if (!source.is_float && op != "Neg") node_.malformed("should get floats");
  for (size_t i = 0; i < source.floats.size(); ++i) {
    const float x = source.floats[i];
    out->floats[i] = op == "Neg"    ? -x
                     : op == "Sqrt" ? std::sqrt(x)
                                    : 1.0F / (x == 0 ? std::numeric_limits<float>::quiet_NaN() : x);
  }
  for (size_t i = 0; i < source.integers.size(); ++i) {
    out->integers[i] = wrapping('-', 0, source.integers[i]);
  }
  return out;
}

ConstantPtr Folder::same() {
  data();
  return inputs_[0];
}

ConstantPtr Folder::dropout() {
  inference_dropout(node_, input(2));
  return same();
}

ConstantPtr Folder::expanded() {
  return expand(data(), data().dims, integers_of(node_, input(1), "shape"));
}

ConstantPtr Folder::reshaped() {
  if (!input(1)) node_.malformed("shape is missing");
  return with_dims(reshaped_dims(node_, data().dims, *input(1)));
}

ConstantPtr Folder::run() {
  for (const Row& row : rows()) {
    if (node_.op() == row.name) return (this->*row.fold)();
  }
  return nullptr;
}

const std::vector<Folder::Row>& Folder::rows() {
  using F = Folder;
  static const std::vector<Row> kRows = {
      {"Constant", &F::constant, "a tensor, a number or a list of numbers"},
      {"ConstantOfShape", &F::constant_of_shape, "of floats or integers"},
      {"Gather", &F::gather, "along one axis"},
      {"Expand", &F::expanded, "any"},
      {"Sqrt", &F::unary, "of floats"},
      {"Reciprocal", &F::unary, "of floats"},
      {"Pow", &F::binary, "of floats"},
      {"Identity", &F::same},
      {"Dropout", &F::dropout},
      {"Cast", &F::cast},
      {"Concat", &F::concat},
      {"Slice", &F::slice},
      {"Transpose", &F::transpose},
      {"Flatten", &F::flattened},
      {"Squeeze", &F::squeezed},
      {"Unsqueeze", &F::unsqueezed},
      {"Reshape", &F::reshaped},
      {"Add", &F::binary},
      {"Sub", &F::binary},
      {"Mul", &F::binary},
      {"Div", &F::binary},
      {"Neg", &F::unary},
  };
  return kRows;
}

}  // namespace

ConstantPtr fold(const OnnxNode& node, const std::vector<ConstantPtr>& inputs, Budget& budget,
                 ExternalFiles& files) {
  return Folder(node, inputs, budget, files).run();
}

bool is_folded(const OnnxNode& node) {
  return std::any_of(Folder::rows().begin(), Folder::rows().end(),
                     [&](const Folder::Row& row) { return node.op() == row.name; });
}

std::vector<FoldedOperator> folded_operators() {
  std::vector<FoldedOperator> list;
  for (const Folder::Row& row : Folder::rows()) list.push_back({row.name, row.holds});
  return list;
}

}  // namespace keyway::graph::importing
