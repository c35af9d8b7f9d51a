// SPDX-License-Identifier: Apache-2.0
/// One ONNX node as the importer's operators see it: attributes with types, defaults and bounds,
/// and errors that name node and operator.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <memory>
#include <string>
#include <vector>

namespace onnx {
class AttributeProto;
class NodeProto;
class TensorProto;
}  // namespace onnx

namespace keyway::graph::importing {

/// An attribute, and the operator sets in which an operator has it.
struct Attribute {
  Attribute(const char* attribute, int64_t since_set = 0,
            int64_t until_set = std::numeric_limits<int64_t>::max())
      : name(attribute), since(since_set), until(until_set) {}
  const char* name;
  int64_t since, until;
};

/// A copy may be kept as long as the model lives.
class OnnxNode {
 public:
  OnnxNode(const onnx::NodeProto& node, int64_t opset, const std::string& file)
      : node_(std::shared_ptr<void>(), &node), opset_(opset), file_(file) {}

  /// Part of another node, which messages call by its operator: `said` for node->op_type().
  OnnxNode(std::shared_ptr<const onnx::NodeProto> node, int64_t opset, const std::string& file,
           const std::string& said)
      : node_(std::move(node)), opset_(opset), file_(file), said_(&said) {}

  const onnx::NodeProto& proto() const { return *node_; }
  const std::string& file() const { return file_; }
  int64_t opset() const { return opset_; }
  const std::string& op() const;
  /// The node's name or, where it has none, its first output.
  std::string name() const;
  int input_count() const;
  int output_count() const;
  /// Empty for an optional input that is left out, also beyond the end.
  const std::string& input(int index) const;
  const std::string& output(int index) const;

  bool has(const char* attribute) const;
  int64_t integer(const char* attribute, int64_t otherwise) const;
  float number(const char* attribute, float otherwise) const;
  std::string text(const char* attribute, const std::string& otherwise) const;
  std::vector<int64_t> integers(const char* attribute) const;
  std::vector<float> numbers(const char* attribute) const;
  /// Null where the attribute is absent.
  const onnx::TensorProto* tensor(const char* attribute) const;

  /// kUnsupported for an attribute that is not in the list, or not in the model's operator set.
  void allow(std::initializer_list<Attribute> attributes) const;
  /// kFile unless the number of inputs is within the bounds and the first `least` are there.
  void expect_inputs(int least, int most) const;
  /// The same where any of the inputs may be optional: those left out are empty.
  void expect_input_count(int least, int most) const;

  [[noreturn]] void unsupported(const std::string& reason) const;
  [[noreturn]] void malformed(const std::string& reason) const;

 private:
  const onnx::AttributeProto* find(const char* attribute, int type) const;
  /// "FILE: node 'NAME', operator OP: "
  std::string where() const;

  std::shared_ptr<const onnx::NodeProto> node_;  ///< the model's own, or a part's
  int64_t opset_;
  const std::string& file_;
  const std::string* said_ = nullptr;
};

/// "[1, 3, 32, 32]"; of a long list its beginning and its length.
std::string to_string(const std::vector<int64_t>& dims);

}  // namespace keyway::graph::importing
