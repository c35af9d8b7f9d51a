// SPDX-License-Identifier: Apache-2.0
/// The importer's state while it walks through the nodes of a model: what every ONNX value is, and
/// the graph that grows. Operators are methods, grouped by file:
///
///     import_layers.cpp       Conv, Gemm, MatMul, BatchNormalization
///     import_pool.cpp         pooling, means and maxima
///     import_elementwise.cpp  Relu, Clip, constant arithmetic, Add, Sub
///     import_output.cpp       what the host does at the end: Softmax, Sigmoid, ArgMax, TopK
///     import_layout.cpp       Reshape and its kin, Slice, Pad, Concat
///     import_quantised.cpp    quantised files: QuantizeLinear, QLinearConv, Quant and their kin
///
/// To add an operator: write its method, give it a row in the table of operators.cpp, a model in
/// tests/graph/test_operators.cpp, and a place in the generator of tests/graph.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "graph/graph.hpp"
#include "graph/onnx_constant.hpp"
#include "graph/onnx_node.hpp"
#include "graph/onnx_quantise.hpp"
#include "graph/operators.hpp"
#include "graph/view.hpp"
#include "graph/window.hpp"

namespace keyway::graph::importing {

/// y = min(max(scale x + offset, lo), hi) with constants that broadcast against the view;
/// arithmetic on the network's input waits in this form until a layer says how the input is laid
/// out.
struct Elementwise {
  ConstantPtr scale;   ///< null: 1
  ConstantPtr offset;  ///< null: 0
  Clamp clamp;
};

struct Pending {
  std::shared_ptr<Pending> before;
  std::optional<OnnxNode> node;  ///< none: the input's own type
  Elementwise step;
  View view;        ///< of the input, with kUser atoms
  int tensor = -1;  ///< once it has been emitted
};

/// How a view stands for integers: it holds scale * (integer - zero).
struct Grid {
  float scale = 1;
  Integers integers;
  bool operator==(const Grid& other) const {
    return scale == other.scale && integers == other.integers;
  }
};

/// One ONNX value: a constant or a view.
struct Value {
  ConstantPtr constant;
  View view;
  std::shared_ptr<const OnnxNode> arranged;  ///< what last reshaped or transposed it, if anything
  std::shared_ptr<Pending> pending;
  std::shared_ptr<const Grid> grid;  ///< of a view that the file has in integers
  /// What the host does at the end; nothing that computes may follow.
  OutputFunction function = OutputFunction::kNone;
  OutputSelection selection;
  std::shared_ptr<const OnnxNode> finished_by;
  bool withheld = false;  ///< a further output (mask, indices): an error to read

  bool selects() const { return selection.gives != OutputSelection::Gives::kAll; }
  bool is_finished() const { return function != OutputFunction::kNone || selects(); }
  bool is_constant() const { return constant != nullptr; }
};

class Importer {
 public:
  /// `file_bytes`: of the model and of what has been read from `files`.
  Importer(std::string file, int64_t opset, size_t file_bytes, ExternalFiles& files);

  void add_constant(const std::string& name, ConstantPtr constant);
  /// The network's input; dims with the batch first, 1 where it is free. `order` is what its other
  /// axes are, as far as the model tells (input_order.hpp).
  void add_input(const std::string& name, const std::vector<int64_t>& dims, bool free_batch,
                 std::optional<std::vector<Axis>> order);
  /// The network's input holds integers of this range.
  void set_input_range(const std::string& name, const Integers& integers);
  void run(const onnx::NodeProto& node);
  /// Ends with this value, which node `last` gave, as the network's output and gives the raw graph
  /// (simplify.hpp is next).
  Graph finish(const onnx::NodeProto& last, const std::string& output);

  /// See operators.hpp.
  static std::vector<Operator> operators();

 private:
  using Inputs = std::vector<const Value*>;
  using Handler = void (Importer::*)(const OnnxNode&, const Inputs&);
  enum Effect {
    kComputes,
    kMovesValues,   ///< or zeros, so it may read integers
    kMovesNothing,  ///< so it may also stand behind an operator that the host computes
    kQuantises,     ///< between reals and integers; may stand behind a function of the host, and
                    ///< folds constants
    kSelects,       ///< at the end; behind a function of the host, but not behind another selection
  };
  struct Row {
    const char* name;
    Handler handler;
    const char* holds;  ///< for users: forms and restrictions
    Effect effect = kComputes;
    const char* domain = "";
  };
  static const std::vector<Row>& rows();
  /// Null where there is none.
  static const Row* row_of(const std::string& domain, const std::string& name);
  static bool knows_domain(const std::string& domain);
  /// The domain that the table has for an operator of a model file's domain.
  static std::string table_domain(const std::string& domain, const std::string& name);
  static const char* why_unknown(const std::string& name);

  // Operators. inputs[i] is null where an optional input is left out.
  void conv(const OnnxNode& node, const Inputs& inputs);
  void gemm(const OnnxNode& node, const Inputs& inputs);
  void matmul(const OnnxNode& node, const Inputs& inputs);
  void batch_normalization(const OnnxNode& node, const Inputs& inputs);
  void pool(const OnnxNode& node, const Inputs& inputs);
  void global_pool(const OnnxNode& node, const Inputs& inputs);
  void reduction(const OnnxNode& node, const Inputs& inputs);
  void relu(const OnnxNode& node, const Inputs& inputs);
  void clip(const OnnxNode& node, const Inputs& inputs);
  void extremum(const OnnxNode& node, const Inputs& inputs);
  void hard_sigmoid(const OnnxNode& node, const Inputs& inputs);
  void add(const OnnxNode& node, const Inputs& inputs);
  void sum(const OnnxNode& node, const Inputs& inputs);
  void arithmetic(const OnnxNode& node, const Inputs& inputs);
  void softmax(const OnnxNode& node, const Inputs& inputs);
  void host_function(const OnnxNode& node, const Inputs& inputs);
  void arg_max(const OnnxNode& node, const Inputs& inputs);
  void top_k(const OnnxNode& node, const Inputs& inputs);
  void pass(const OnnxNode& node, const Inputs& inputs);
  void shape(const OnnxNode& node, const Inputs& inputs);
  void reshape(const OnnxNode& node, const Inputs& inputs);
  void transpose(const OnnxNode& node, const Inputs& inputs);
  void slice(const OnnxNode& node, const Inputs& inputs);
  void pad(const OnnxNode& node, const Inputs& inputs);
  void concat(const OnnxNode& node, const Inputs& inputs);
  void quantize_linear(const OnnxNode& node, const Inputs& inputs);
  void dequantize_linear(const OnnxNode& node, const Inputs& inputs);
  void quant(const OnnxNode& node, const Inputs& inputs);
  void quantised_operator(const OnnxNode& node, const Inputs& inputs);

  /// A view of the value, bound and settled, whose axes from `first` on, before `end`, are all
  /// channels and nothing else; or an error.
  View over_channels(const OnnxNode& node, const Value& value, size_t first, size_t end);
  /// The value with `count` of the channels that are its axis `axis`, in an order yet to be said.
  Value selected(const OnnxNode& node, const Value& value, size_t axis, int64_t count);

  // Values.
  /// Dimensions in words: a free batch is N.
  std::string shape_text(const View& view) const;
  /// Of every axis whether it holds the batch and the batch is free.
  std::vector<bool> free_axes(const View& view) const;
  const Value* find(const OnnxNode& node, const std::string& name) const;
  void give(const OnnxNode& node, Value value);
  void give_view(const OnnxNode& node, View view);
  void give_constant(const OnnxNode& node, ConstantPtr constant);
  /// Constants by position for fold() and friends; null for views and for what is left out.
  static std::vector<ConstantPtr> constants(const Inputs& inputs);
  const Value& view_input(const OnnxNode& node, const Inputs& inputs, size_t index) const;
  ConstantPtr constant_input(const OnnxNode& node, const Inputs& inputs, size_t index,
                             const char* what) const;
  ConstantPtr weights_input(const OnnxNode& node, const Inputs& inputs, size_t index,
                            const char* what) const;

  // The network's input.
  bool unbound(const Value& value) const { return !is_bound_ && value.view.tensor == graph_.input; }
  void bind(const OnnxNode& node, const Binding& binding);
  /// Binds an unbound input: as the image in the usual order of this value's rank (NHWC when
  /// `channels_last`), or as a vector.
  void bind_image(const OnnxNode& node, const Value& value, bool channels_last);
  void bind_vector(const OnnxNode& node);
  /// The value's view of a tensor that is there: emits what is pending. The input must be bound.
  View settled(const OnnxNode& node, const Value& value);
  /// Binds where the operator does not care: in the order that the model tells, or else in the
  /// usual one of an input of rank 4, or of this value.
  void bind_default(const OnnxNode& node, const Value& value);
  /// True if an axis of the view consists of several parts.
  static bool is_joined(const View& view);
  /// settled(), after binding an unbound input as an image: in the order that the operator knows,
  /// or by default.
  View settled_image(const OnnxNode& node, const Value& value, bool channels_last);
  View settled_image(const OnnxNode& node, const Value& value);

  // The graph.
  const Shape& shape_of(const View& view) const;
  Node make_node(const OnnxNode& node, OpKind kind, const View& input) const;
  /// Appends; checks the budget for its weights.
  int emit(const OnnxNode& node, Node graph_node, const Shape& shape);
  void count_macs(const OnnxNode& node, std::initializer_list<int64_t> factors);
  View emit_elementwise(const OnnxNode& node, const View& view, const Elementwise& step);
  Value affine(const OnnxNode& node, const Value& value, Elementwise step);
  void elementwise(const OnnxNode& node, const Value& value, Elementwise step) {
    give(node, affine(node, value, std::move(step)));
  }
  void clamped(const OnnxNode& node, const Value& value, Clamp clamp);
  /// The sum or the difference of two tensors of the same shape and order.
  View combined(const OnnxNode& node, const View& a, const View& b, bool subtract);
  /// A constant, broadcast against the view, as one number per channel of its tensor.
  std::vector<float> per_channel(const OnnxNode& node, const Constant& constant, const View& view);
  void dense(const OnnxNode& node, const Value& value, const Constant& weights,
             bool transposed_weights, float alpha, const std::vector<float>& bias);
  /// An image (view of roles NCHW, NHWC, ...) and its roles, or an error; `view` is the value's,
  /// settled.
  Roles image_roles(const OnnxNode& node, const Value& value, const View& view) const;
  /// kUnsupported where a value is laid out as `node` cannot read it: names what laid it out.
  [[noreturn]] void not_readable(const OnnxNode& node, const Value& value,
                                 const std::string& why) const;
  /// The view with the same roles of another tensor.
  View with_roles(int tensor, const Roles& roles) const;
  /// The roles of a view whose second axis is the channels and which has one or two axes of space.
  Roles channels_first(const OnnxNode& node, const Value& value, const View& view) const;
  /// Writes windows along the view's axes 2 and 3 where the graph wants them, and the sizes they
  /// give.
  static void place_windows(const Roles& roles, const std::vector<AxisWindow>& windows,
                            Window& window, Shape& shape);
  /// Mean or maximum over whole axes of the image; `axes` sorted.
  void reduce(const OnnxNode& node, const Value& value, const std::vector<int64_t>& axes, bool keep,
              OpKind kind);

  // Quantised files.
  /// What the clamps of the graph prove of a new node's result: bounds, and that values are
  /// multiples of a step.
  Clamp bounds_of(const Node& node) const;
  /// The value clamped, without a node where it is so already.
  Value bounded_by(const OnnxNode& node, const Value& value, const Clamp& clamp);
  /// Of an operator on integers: the scale at input `at` and the zero point behind it, if any.
  LinearQuantiser quantiser_input(const OnnxNode& node, const Inputs& inputs, size_t at,
                                  size_t rank, int64_t axis) const;
  /// Its data at input `at`, and their quantiser, with the type that the data have.
  Value real_input(const OnnxNode& node, const Inputs& inputs, size_t at, int64_t axis,
                   LinearQuantiser& quantiser);
  /// Integers of the unit that products of `a` and `b` have.
  Value real_bias(const OnnxNode& node, const Constant& bias, const LinearQuantiser& a,
                  const LinearQuantiser& b);
  /// A quantiser behind what the host computes is left out; kUnsupported if it rounds coarsely.
  void leave_out(const OnnxNode& node, const Value& finished, const Clamp& clamp) const;
  Value to_integers(const OnnxNode& node, const Value& value, const LinearQuantiser& quantiser);
  Value to_reals(const OnnxNode& node, const Value& value, const LinearQuantiser& quantiser);
  /// scale where the value is not negative, else -scale.
  Value sign(const OnnxNode& node, const Value& value, const ConstantPtr& scale);
  /// The integers themselves, as floats.
  Value in_units(const OnnxNode& node, const Value& value);
  /// An operator that reads integers: it takes them, or only moves values.
  void run_on_integers(const Row& row, const OnnxNode& node, const Inputs& inputs);

  /// True if the tensor is zero whatever the input is.
  bool is_zero(int tensor) const;

  std::string file_;
  int64_t opset_;
  Budget budget_;
  ExternalFiles& files_;
  Graph graph_;
  int64_t batch_ = 1;
  bool free_batch_ = false;
  std::optional<std::vector<Axis>> input_order_;
  Value input_;  ///< as it is before any operator
  bool is_bound_ = false;
  Binding binding_;
  std::vector<int64_t> input_dims_;  ///< without the batch
  std::map<std::string, Value> values_;
  std::vector<Clamp> bounds_;  ///< of every tensor, see bounds_of()
};

}  // namespace keyway::graph::importing
