// SPDX-License-Identifier: Apache-2.0
#include "graph/onnx_node.hpp"

#include <onnx/onnx_pb.h>

#include <algorithm>
#include <cmath>

#include "common/error.hpp"
#include "common/printable.hpp"

namespace keyway::graph::importing {

namespace {
const std::string kEmpty;
}  // namespace

const std::string& OnnxNode::op() const { return node_->op_type(); }

std::string OnnxNode::name() const {
  if (!node_->name().empty()) return node_->name();
  return node_->output_size() > 0 ? node_->output(0) : std::string();
}

int OnnxNode::input_count() const { return node_->input_size(); }
int OnnxNode::output_count() const { return node_->output_size(); }

const std::string& OnnxNode::input(int index) const {
  return index < node_->input_size() ? node_->input(index) : kEmpty;
}

const std::string& OnnxNode::output(int index) const {
  return index < node_->output_size() ? node_->output(index) : kEmpty;
}

const onnx::AttributeProto* OnnxNode::find(const char* attribute, int type) const {
  for (const auto& a : node_->attribute()) {
    if (a.name() != attribute) continue;
    if (a.type() != type)
      malformed(std::string("attribute '") + attribute + "' has the wrong type");
    return &a;
  }
  return nullptr;
}

bool OnnxNode::has(const char* attribute) const {
  for (const auto& a : node_->attribute()) {
    if (a.name() == attribute) return true;
  }
  return false;
}

int64_t OnnxNode::integer(const char* attribute, int64_t otherwise) const {
  const auto* a = find(attribute, onnx::AttributeProto::INT);
  return a ? a->i() : otherwise;
}

float OnnxNode::number(const char* attribute, float otherwise) const {
  const auto* a = find(attribute, onnx::AttributeProto::FLOAT);
  if (a && std::isnan(a->f()))
    malformed(std::string("attribute '") + attribute + "' is not a number");
  return a ? a->f() : otherwise;
}

std::string OnnxNode::text(const char* attribute, const std::string& otherwise) const {
  const auto* a = find(attribute, onnx::AttributeProto::STRING);
  return a ? a->s() : otherwise;
}

std::vector<int64_t> OnnxNode::integers(const char* attribute) const {
  const auto* a = find(attribute, onnx::AttributeProto::INTS);
  if (!a) return {};
  return {a->ints().begin(), a->ints().end()};
}

std::vector<float> OnnxNode::numbers(const char* attribute) const {
  const auto* a = find(attribute, onnx::AttributeProto::FLOATS);
  if (!a) return {};
  return {a->floats().begin(), a->floats().end()};
}

const onnx::TensorProto* OnnxNode::tensor(const char* attribute) const {
  const auto* a = find(attribute, onnx::AttributeProto::TENSOR);
  return a ? &a->t() : nullptr;
}

void OnnxNode::allow(std::initializer_list<Attribute> attributes) const {
  for (const auto& a : node_->attribute()) {
    const auto* known = std::find_if(attributes.begin(), attributes.end(),
                                     [&](const Attribute& one) { return a.name() == one.name; });
    if (known == attributes.end()) {
      unsupported("attribute " + common::quoted(a.name()) + " is not supported");
    }
    if (opset_ < known->since || opset_ > known->until) {
      unsupported("has no attribute " + common::quoted(a.name()) + " in operator set " +
                  std::to_string(opset_));
    }
  }
}

void OnnxNode::expect_input_count(int least, int most) const {
  if (input_count() < least || input_count() > most) {
    malformed("has " + std::to_string(input_count()) + " inputs; in operator set " +
              std::to_string(opset_) + " it takes " + std::to_string(least) +
              (most > least ? " to " + std::to_string(most) : ""));
  }
}

void OnnxNode::expect_inputs(int least, int most) const {
  expect_input_count(least, most);
  for (int i = 0; i < least; ++i) {
    if (input(i).empty()) malformed("input " + std::to_string(i) + " is missing");
  }
}

std::string OnnxNode::where() const {
  return file_ + ": node " + common::quoted(name()) + ", operator " +
         common::printable(said_ ? *said_ : op()) + ": ";
}

void OnnxNode::unsupported(const std::string& reason) const {
  throw Error(ErrorKind::kUnsupported, where() + reason);
}

void OnnxNode::malformed(const std::string& reason) const {
  throw Error(ErrorKind::kFile, where() + reason);
}

std::string to_string(const std::vector<int64_t>& dims) {
  std::string text = "[";
  constexpr size_t kShown = 16;
  for (size_t i = 0; i < std::min(dims.size(), kShown); ++i) {
    text += (i ? ", " : "") + std::to_string(dims[i]);
  }
  if (dims.size() > kShown) text += ", ... (" + std::to_string(dims.size()) + " in all)";
  return text + "]";
}

}  // namespace keyway::graph::importing
