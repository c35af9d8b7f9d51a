// SPDX-License-Identifier: Apache-2.0
/// Constants of an ONNX model while it is imported, and the arithmetic that folds them.
///
/// A constant is a dense array of floats (float16, float32, float64 and bfloat16 all become
/// float32) or of integers (every integer type and bool become int64, as shape arithmetic needs).
/// Integer arithmetic wraps in two's complement, as the ONNX reference does; it is never undefined.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "graph/onnx_external.hpp"
#include "graph/onnx_node.hpp"

namespace keyway::graph::importing {

/// Bounds on what a model file can make the importer allocate.
inline constexpr int64_t kMaxDimension = int64_t{1} << 26;
inline constexpr int64_t kMaxElements = int64_t{1} << 26;
inline constexpr size_t kMaxRank = 8;

/// Element types that are younger than the ONNX headers need to be.
inline constexpr int32_t kUint4 = 21;
inline constexpr int32_t kInt4 = 22;

struct Constant {
  std::vector<int64_t> dims;
  bool is_float = false;
  int32_t element_type = 0;       ///< ONNX type of integers; 0: not known
  std::vector<float> floats;      ///< when is_float
  std::vector<int64_t> integers;  ///< otherwise

  int64_t elements() const {
    return static_cast<int64_t>(is_float ? floats.size() : integers.size());
  }
};

using ConstantPtr = std::shared_ptr<const Constant>;

/// A constant of no dimensions.
ConstantPtr scalar(float value);

/// Memory that folding may still take. take() throws kUnsupported when it is used up.
class Budget {
 public:
  explicit Budget(int64_t bytes) : whole_(bytes), left_(bytes) {}
  void take(int64_t bytes, const OnnxNode& node);

 private:
  int64_t whole_, left_;
};

/// Product of `dims`, or -1 if one is negative, there are more than kMaxRank of them or the product
/// passes kMaxElements.
int64_t checked_elements(const std::vector<int64_t>& dims);

/// Decodes an initialiser or an attribute's tensor. `where` stands in messages for the place.
ConstantPtr decode_tensor(const onnx::TensorProto& tensor, const std::string& where,
                          ExternalFiles& files);

/// The value of a Constant node.
ConstantPtr decode_constant_node(const OnnxNode& node, ExternalFiles& files);

/// What the node gives when all its inputs are constants (null: optional input left out); null if
/// the operator cannot be folded.
ConstantPtr fold(const OnnxNode& node, const std::vector<ConstantPtr>& inputs, Budget& budget,
                 ExternalFiles& files);

/// An operator that fold() knows.
struct FoldedOperator {
  const char* name;
  const char* holds;  ///< for users; null where it takes activations too, which has a text already
};
std::vector<FoldedOperator> folded_operators();
bool is_folded(const OnnxNode& node);

// Rules that constants and views of activations share. All of them throw through `node`; those that
// know an operator also check its attributes and the number of its inputs, as its set has them.

/// A Dropout that changes nothing, or an error; `training_mode`: null where it is left out.
void inference_dropout(const OnnxNode& node, const ConstantPtr& training_mode);
/// Before operator set 7 the default of `is_test` is training.
[[noreturn]] void refuse_training(const OnnxNode& node);
/// Attributes and inputs of Add, Sub, Mul and Div; the dimensions of its second input, which are
/// `b`, as today's rules of broadcasting take them against `a`. Before operator set 7 attributes
/// said how.
std::vector<int64_t> second_operand(const OnnxNode& node, const std::vector<int64_t>& a,
                                    const std::vector<int64_t>& b);
/// Maps a possibly negative axis to 0..rank-1.
int64_t checked_axis(const OnnxNode& node, int64_t axis, size_t rank);
/// Axes from the attribute (older opsets) or from input `input` (null: left out).
std::vector<int64_t> axes_of(const OnnxNode& node, const ConstantPtr& input, size_t rank);
/// Dimensions after Reshape, with 0 and -1 resolved. `free`: one of `dims` stands as 1 for any
/// size, so that shapes which do not fit may be right for another one.
std::vector<int64_t> reshaped_dims(const OnnxNode& node, const std::vector<int64_t>& dims,
                                   const Constant& target, bool free = false);
/// Where no axes are named, those of `free` (empty: none) stay: their 1 stands for any size.
std::vector<int64_t> squeezed_dims(const OnnxNode& node, const std::vector<int64_t>& dims,
                                   const ConstantPtr& axes, const std::vector<bool>& free = {});
std::vector<int64_t> unsqueezed_dims(const OnnxNode& node, const std::vector<int64_t>& dims,
                                     const ConstantPtr& axes);
std::vector<int64_t> flattened_dims(const OnnxNode& node, const std::vector<int64_t>& dims);
/// A permutation of 0..rank-1; reversed order where the attribute is absent.
std::vector<int64_t> permutation(const OnnxNode& node, size_t rank);

/// One axis of a Slice: elements start, start + step, ... (count of them).
struct SliceAxis {
  int64_t start = 0, step = 1, count = 0;
};
/// For every axis of `dims`; inputs as ONNX has them (entry 0, the data, is not looked at).
std::vector<SliceAxis> slice_axes(const OnnxNode& node, const std::vector<int64_t>& dims,
                                  const std::vector<ConstantPtr>& inputs);

/// A constant that must hold integers.
const std::vector<int64_t>& integers_of(const OnnxNode& node, const ConstantPtr& constant,
                                        const char* what);

}  // namespace keyway::graph::importing
