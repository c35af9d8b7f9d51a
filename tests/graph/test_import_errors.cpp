// SPDX-License-Identifier: Apache-2.0
// What the importer refuses, with which kind of error and which words: kUnsupported names node,
// operator and reason; kFile says what is wrong with the file.
#include <catch2/catch.hpp>
#include <functional>
#include <limits>

#include "common/error.hpp"
#include "graph/onnx_constant.hpp"
#include "graph/onnx_import.hpp"
#include "model_builder.hpp"
#include "thrown.hpp"

using keyway::Error;
using keyway::ErrorKind;
using keyway::graph::import_onnx;
using keyway::graph::import_onnx_bytes;
using namespace keyway::graph::importing;
using keyway::graph::testing::Dims;
using keyway::graph::testing::ModelBuilder;

namespace {

using Builder = ModelBuilder;

/// Message of the error; fails the test if there is none, or one of another kind.
std::string refusal(const Builder& m, ErrorKind kind) {
  try {
    m.import();
  } catch (const Error& e) {
    CHECK(keyway::name(e.kind()) == std::string(keyway::name(kind)));
    return e.what();
  }
  FAIL("the model was imported");
  return {};
}

/// A 1 x 2 x 4 x 4 input and weights "w" of a 3 x 3 convolution to 2 channels.
Builder image_model() {
  Builder m({1, 2, 4, 4});
  m.filled("w", {2, 2, 3, 3}, 1).filled("v", {2}, 1).floats("one", {}, {1});
  return m;
}

struct Case {
  const char* what;
  std::function<void(Builder&)> build;  ///< node "node_odd" is the one to be refused
  const char* op;
  const char* reason;
};

}  // namespace

TEST_CASE("An unsupported operator, attribute or shape is refused by node, operator and reason") {
  const std::vector<Case> cases = {
      {"operator", [](Builder& m) { m.node("Sin", {"x"}, {"odd"}); }, "Sin", "not supported"},
      {"domain",
       [](Builder& m) {
         m.node("Conv", {"x", "w"}, {"odd"}).set_domain("com.example");
       },
       "Conv", "the domain 'com.example' is not supported"},
      {"domain of an operator on constants",
       [](Builder& m) { m.node("Sqrt", {"v"}, {"odd"}).set_domain("com.microsoft"); }, "Sqrt",
       "not supported"},
      {"dilation",
       [](Builder& m) {
         Builder::set(m.node("Conv", {"x", "w"}, {"odd"}), "dilations", Dims{1, 2});
       },
       "Conv", "dilations"},
      {"groups",
       [](Builder& m) {
         Builder::set(m.filled("g", {4, 1, 1, 1}, 1).node("Conv", {"x", "g"}, {"odd"}), "group",
                      int64_t{2});
       },
       "Conv", "multiplier"},
      {"unknown attribute",
       [](Builder& m) { Builder::set(m.node("Relu", {"x"}, {"odd"}), "slope", int64_t{1}); },
       "Relu", "'slope'"},
      {"weights from the input",
       [](Builder& m) {
         m.node("Conv", {"x", "x"}, {"odd"});
       },
       "Conv", "constant"},
      {"product of tensors",
       [](Builder& m) {
         m.node("Mul", {"x", "x"}, {"odd"});
       },
       "Mul", "both inputs"},
      {"maximum of tensors",
       [](Builder& m) {
         m.node("Max", {"x", "x"}, {"odd"});
       },
       "Max", "two tensors"},
      {"different bounds",
       [](Builder& m) {
         m.floats("bounds", {2, 1, 1}, {1, 2}).node("Min", {"x", "bounds"}, {"odd"});
       },
       "Min", "differ"},
      {"a bound that widens",
       [](Builder& m) {
         m.filled("bounds", {2, 2, 4, 4}, 1).node("Max", {"x", "bounds"}, {"odd"});
       },
       "Max", "broadcast"},
      {"stack of matrices",
       [](Builder& m) {
         m.filled("stack", {2, 4, 3}, 1).node("MatMul", {"x", "stack"}, {"odd"});
       },
       "MatMul", "more than one matrix"},
      {"maximum over channels",
       [](Builder& m) {
         m.node("Conv", {"x", "w"}, {"c"});
         Builder::set(m.node("ReduceMax", {"c"}, {"odd"}), "axes", Dims{1});
       },
       "ReduceMax", "height or width"},
      {"constant by tensor",
       [](Builder& m) {
         m.node("Div", {"one", "x"}, {"odd"});
       },
       "Div", "divides a constant"},
      {"per pixel",
       [](Builder& m) {
         m.node("MaxPool", {"x"}, {"p"});
         Builder::set(*m.graph().mutable_node(0), "kernel_shape", Dims{2, 2});
         m.floats("row", {1, 3}, {1, 2, 3}).node("Add", {"p", "row"}, {"odd"});
       },
       "Add", "differs between pixels"},
      {"broadcast of tensors",
       [](Builder& m) {
         m.node("GlobalAveragePool", {"x"}, {"g"});
         m.node("Add", {"x", "g"}, {"odd"});
       },
       "Add", "different shapes"},
      {"softmax inside",
       [](Builder& m) {
         Builder::set(m.node("Softmax", {"x"}, {"odd"}), "axis", int64_t{1});
         m.node("Conv", {"odd", "w"}, {"z"});
       },
       "Softmax", "but node 'node_z', operator Conv, reads it"},
      {"an operator on constants",
       [](Builder& m) {
         m.ints("first", {0}).node("Gather", {"x", "first"}, {"odd"});
       },
       "Gather", "constants and shapes alone"},
      {"an operator behind further outputs",
       [](Builder& m) {
         Builder::set(m.node("MaxPool", {"x"}, {"p", "i"}), "kernel_shape", Dims{2, 2});
         m.node("MaxUnpool", {"p", "i"}, {"odd"});
       },
       "MaxUnpool", "the operator is not supported"},
      {"sigmoid inside",
       [](Builder& m) {
         m.node("Conv", {"x", "w"}, {"c"});
         m.node("Sigmoid", {"c"}, {"odd"});
         m.node("Conv", {"odd", "w"}, {"z"});
       },
       "Sigmoid", "but node 'node_z', operator Conv, reads it"},
      {"what follows a selection",
       [](Builder& m) {
         Builder::set(m.node("ArgMax", {"x"}, {"odd"}), "axis", int64_t{1});
         Builder::set(m.node("ArgMax", {"odd"}, {"z"}), "axis", int64_t{2});
       },
       "ArgMax", "but node 'node_z'"},
      {"indices of images", [](Builder& m) { m.node("ArgMax", {"x"}, {"odd"}); }, "ArgMax",
       "over the batch"},
      {"indices of rows",
       [](Builder& m) { Builder::set(m.node("ArgMax", {"x"}, {"odd"}), "axis", int64_t{2}); },
       "ArgMax", "all channels"},
      {"numbers of shuffled channels",
       [](Builder& m) {
         m.filled("k", {4, 2, 1, 1}, 1).ints("s", {1, 2, 2, 4, 4}).ints("j", {1, 4, 4, 4});
         m.node("Conv", {"x", "k"}, {"c"});
         m.node("Reshape", {"c", "s"}, {"r"});
         Builder::set(m.node("Transpose", {"r"}, {"t"}), "perm", Dims{0, 2, 1, 3, 4});
         m.node("Reshape", {"t", "j"}, {"q"});
         Builder::set(m.node("ArgMax", {"q"}, {"odd"}), "axis", int64_t{1});
       },
       "ArgMax", "shuffled channels"},
      {"none of the values",
       [](Builder& m) {
         Builder::set(m.ints("k", {0}).node("TopK", {"x", "k"}, {"odd"}), "axis", int64_t{1});
       },
       "TopK", "none"},
      {"softmax over pixels", [](Builder& m) { m.node("Softmax", {"x"}, {"odd"}); }, "Softmax",
       "channels"},
      {"channel slice",
       [](Builder& m) {
         m.ints("a", {0}).ints("b", {1}).ints("c", {1}).node("Slice", {"x", "a", "b", "c"},
                                                             {"odd"});
       },
       "Slice", "channels"},
      {"backward slice",
       [](Builder& m) {
         m.ints("a", {-1}).ints("b", {-9}).ints("c", {2}).ints("d", {-1}).node(
             "Slice", {"x", "a", "b", "c", "d"}, {"odd"});
       },
       "Slice", "backwards"},
      {"concat",
       [](Builder& m) {
         Builder::set(m.node("Concat", {"x", "x"}, {"odd"}), "axis", int64_t{1});
       },
       "Concat", "two tensors"},
      {"concat of ones",
       [](Builder& m) {
         Builder::set(m.filled("o", {1, 1, 4, 4}, 1).node("Concat", {"x", "o"}, {"odd"}), "axis",
                      int64_t{1});
       },
       "Concat", "other than zero"},
      {"pad mode",
       [](Builder& m) {
         Builder::set(m.ints("p", {0, 0, 1, 1, 0, 0, 1, 1}).node("Pad", {"x", "p"}, {"odd"}),
                      "mode", "reflect");
       },
       "Pad", "reflect"},
      {"pad value",
       [](Builder& m) {
         m.ints("p", {0, 0, 1, 1, 0, 0, 1, 1}).node("Pad", {"x", "p", "one"}, {"odd"});
       },
       "Pad", "other than zero"},
      {"pad of the batch",
       [](Builder& m) {
         m.ints("p", {1, 0, 0, 0, 0, 0, 0, 0}).node("Pad", {"x", "p"}, {"odd"});
       },
       "Pad", "batch"},
      {"crop of all rows",
       [](Builder& m) {
         m.ints("p", {0, 0, -4, 0, 0, 0, 1, 0}).node("Pad", {"x", "p"}, {"odd"});
       },
       "Pad", "crop the whole image"},
      {"crop of all columns",
       [](Builder& m) {
         m.ints("p", {0, 0, 0, 2, 0, 0, 0, -4}).node("Pad", {"x", "p"}, {"odd"});
       },
       "Pad", "crop the whole image"},
      {"wide pool pads",
       [](Builder& m) {
         auto& n = m.node("MaxPool", {"x"}, {"odd"});
         Builder::set(n, "kernel_shape", Dims{2, 2});
         Builder::set(n, "pads", Dims{2, 0, 0, 0});
       },
       "MaxPool", "pads"},
      {"indices of the maxima",
       [](Builder& m) {
         Builder::set(m.node("MaxPool", {"x"}, {"p", "i"}), "kernel_shape", Dims{2, 2});
         m.node("Relu", {"i"}, {"odd"});
       },
       "Relu", "'i'"},
      {"mean over channels",
       [](Builder& m) {
         m.node("Conv", {"x", "w"}, {"c"});
         Builder::set(m.node("ReduceMean", {"c"}, {"odd"}), "axes", Dims{1});
       },
       "ReduceMean", "height or width"},
      {"mean over everything", [](Builder& m) { m.node("ReduceMean", {"x"}, {"odd"}); },
       "ReduceMean", "batch"},
      {"training",
       [](Builder& m) {
         Builder::set(m.node("BatchNormalization", {"x", "v", "v", "v", "v"}, {"odd"}),
                      "training_mode", int64_t{1});
       },
       "BatchNormalization", "training"},
      {"training before opset 14",
       [](Builder& m) {
         m.node("BatchNormalization", {"x", "v", "v", "v", "v"}, {"odd", "mean", "var", "s", "t"});
       },
       "BatchNormalization", "training"},
      {"pixels among the channels",
       [](Builder& m) {
         m.filled("k", {1, 4, 1, 1}, 1).ints("s", {1, 4, 2, 1});
         m.node("Conv", {"x", "w"}, {"c"});
         m.node("Reshape", {"c", "s"}, {"odd"});
         m.node("Relu", {"odd"}, {"r"});
         m.node("Conv", {"r", "k"}, {"z"});
       },
       "Reshape", "so node 'node_z', operator Conv, cannot read it"},
      {"a batch among the channels",
       [](Builder& m) {
         Builder::set(m.node("Transpose", {"x"}, {"odd"}), "perm", Dims{1, 0, 2, 3});
         m.node("Conv", {"odd", "w"}, {"z"});
       },
       "Transpose", "node 'node_z'"},
      {"rows at the place of channels",
       [](Builder& m) {
         m.node("Conv", {"x", "w"}, {"c"});
         Builder::set(m.node("Transpose", {"c"}, {"odd"}), "perm", Dims{0, 3, 1, 2});
         m.node("Conv", {"odd", "w"}, {"z"});
       },
       "Transpose", "took for space"},
      {"a constant that a layer behind it would apply",
       [](Builder& m) {
         m.floats("row", {1, 4}, {1, 2, 3, 4}).node("Sub", {"x", "row"}, {"odd"});
         m.node("Conv", {"odd", "w"}, {"z"});
       },
       "Sub", "differs between pixels"},
      {"cast to integers",
       [](Builder& m) { Builder::set(m.node("Cast", {"x"}, {"odd"}), "to", int64_t{7}); }, "Cast",
       "7"},
      {"partial product",
       [](Builder& m) {
         m.filled("f", {4, 3}, 1).node("Conv", {"x", "w"}, {"c"});
         m.ints("t", {1, 2, 2, 2});
         m.filled("h", {2, 3}, 1).node("MatMul", {"c", "h"}, {"odd"});
       },
       "MatMul", "neither the channels"},
      {"constants alone, and a zero point from the input",
       [](Builder& m) {
         m.integers("byte", {}, onnx::TensorProto::UINT8, {1});
         m.node("QuantizeLinear", {"x", "one", "byte"}, {"q"});
         m.node("QLinearAdd", {"byte", "one", "byte", "byte", "one", "byte", "one", "q"}, {"odd"})
             .set_domain("com.microsoft");
       },
       "QLinearAdd", "input 1 is a constant"},
      {"matrix on the left",
       [](Builder& m) {
         m.filled("l", {4, 4}, 1).node("MatMul", {"l", "x"}, {"odd"});
       },
       "MatMul", "left"},
  };
  for (const Case& c : cases) {
    Builder m = image_model();
    c.build(m);
    const auto& nodes = m.graph().node();
    const std::string& last = nodes.empty() ? "" : nodes.rbegin()->output(0);
    m.node("Identity", {last == "z" ? "z" : "odd"}, {"y"});
    INFO(c.what);
    const std::string message = refusal(m, ErrorKind::kUnsupported);
    INFO(message);
    CHECK(message.find("test.onnx") != std::string::npos);
    CHECK(message.find("'node_odd'") != std::string::npos);
    CHECK(message.find(std::string("operator ") + c.op) != std::string::npos);
    CHECK(message.find(c.reason) != std::string::npos);
  }
}

TEST_CASE("Foreign names stand in messages as escapes, and not at any length") {
  Builder m = image_model();
  m.node("Sin\x1b[2J", {"x"}, {"y"}).set_name("a\nb\xff");
  const std::string message = refusal(m, ErrorKind::kUnsupported);
  CHECK_THAT(message, Catch::Contains("node 'a\\x0ab\\xff', operator Sin\\x1b[2J: "));
  Builder missing = image_model();
  missing.node("Relu", {std::string(100'000, 'n') + "\x1b"}, {"y"});
  const std::string cut = refusal(missing, ErrorKind::kFile);
  CHECK(cut.size() < 500);
  CHECK_THAT(cut, Catch::Contains("nnn...nnn") && Catch::Contains("nn\\x1b', which nothing"));
  Builder further = image_model();
  further.node("BatchNormalization", {"x", "v", "v", "v", "v"}, {"y", "mean\x1b[2J"});
  CHECK_THAT(refusal(further, ErrorKind::kUnsupported), Catch::Contains("output 'mean\\x1b[2J':"));
}

TEST_CASE("A node without a name is named by its output") {
  Builder m = image_model();
  m.node("Sin", {"x"}, {"y"}).clear_name();
  CHECK(refusal(m, ErrorKind::kUnsupported).find("node 'y', operator Sin") != std::string::npos);
}

TEST_CASE("Models of another form are refused") {
  const auto relu = [](Builder& m) { m.node("Relu", {"x"}, {"y"}); };
  SECTION("operator sets") {
    for (const int64_t opset : {5, 6, 23, 24}) {
      Builder m({1, 2, 4, 4}, opset);
      relu(m);
      INFO(opset);
      if (opset == 6 || opset == 23) {
        CHECK_NOTHROW(m.import());
      } else {
        CHECK(refusal(m, ErrorKind::kUnsupported).find("6 to 23") != std::string::npos);
      }
    }
  }
  SECTION("two inputs") {
    Builder m = image_model();
    m.add_input("z", {1, 2});
    relu(m);
    CHECK(refusal(m, ErrorKind::kUnsupported).find("more than one input") != std::string::npos);
  }
  SECTION("two outputs") {
    Builder m = image_model();
    relu(m);
    m.graph().add_output()->set_name("x");
    CHECK(refusal(m, ErrorKind::kUnsupported).find("2 outputs") != std::string::npos);
  }
  SECTION("values and indices of TopK") {
    Builder m({1, 6}, 13);
    m.ints("k", {2});
    m.node("TopK", {"x", "k"}, {"y", "places"});
    m.graph().add_output()->set_name("places");
    const std::string said = refusal(m, ErrorKind::kUnsupported);
    CHECK(said.find("leave out either 'y', the values") != std::string::npos);
    CHECK(said.find("or 'places', their indices") != std::string::npos);
  }
  SECTION("a free height") {
    Builder m({1, 2, -1, 4});
    relu(m);
    CHECK(refusal(m, ErrorKind::kUnsupported).find("dimension 2") != std::string::npos);
  }
  SECTION("an input of long integers") {
    Builder m({1, 2, 4, 4});
    m.graph().mutable_input(0)->mutable_type()->mutable_tensor_type()->set_elem_type(
        onnx::TensorProto::INT64);
    relu(m);
    CHECK(refusal(m, ErrorKind::kUnsupported).find("'x'") != std::string::npos);
  }
  SECTION("data in another file") {
    Builder m = image_model();
    m.tensor("e", {2, 2, 1, 1}, onnx::TensorProto::FLOAT)
        ->set_data_location(onnx::TensorProto::EXTERNAL);
    m.node("Conv", {"x", "e"}, {"y"});
    CHECK(refusal(m, ErrorKind::kFile).find("another file") != std::string::npos);
  }
  SECTION("an output in no image's order") {
    Builder m = image_model();
    m.ints("split", {1, 2, 2, 2, 4}).ints("flat", {1, -1});
    m.node("Relu", {"x"}, {"r"});
    m.node("Reshape", {"r", "split"}, {"s"});
    Builder::set(m.node("Transpose", {"s"}, {"t"}), "perm", Dims{0, 3, 1, 2, 4});
    m.node("Reshape", {"t", "flat"}, {"y"});
    CHECK_THAT(refusal(m, ErrorKind::kUnsupported),
               Catch::Contains("'node_y', operator Reshape") && Catch::Contains("not an image"));
  }
  SECTION("no layer") {
    Builder m = image_model();
    m.node("Identity", {"x"}, {"y"});
    CHECK(refusal(m, ErrorKind::kUnsupported).find("no layer") != std::string::npos);
  }
  SECTION("a constant output") {
    Builder m = image_model();
    m.node("Identity", {"w"}, {"y"});
    CHECK(refusal(m, ErrorKind::kUnsupported).find("does not depend") != std::string::npos);
  }
}

TEST_CASE("A file that contradicts itself is refused") {
  const float nan = std::numeric_limits<float>::quiet_NaN(),
              inf = std::numeric_limits<float>::infinity();
  const std::vector<Case> cases = {
      {"dangling",
       [](Builder& m) {
         m.node("Conv", {"x", "nowhere"}, {"y"});
       },
       "", "'nowhere'"},
      {"cycle",
       [](Builder& m) {
         m.node("Add", {"x", "b"}, {"a"});
         m.node("Relu", {"a"}, {"b"});
         m.node("Relu", {"b"}, {"y"});
       },
       "", "'b'"},
      {"given twice",
       [](Builder& m) {
         m.node("Relu", {"x"}, {"w"});
         m.node("Conv", {"x", "w"}, {"y"});
       },
       "", "'w'"},
      {"no output", [](Builder& m) { m.node("Relu", {"x"}, {"z"}); }, "", "'y'"},
      {"NaN",
       [=](Builder& m) {
         m.filled("n", {2, 2, 1, 1}, nan).node("Conv", {"x", "n"}, {"y"});
       },
       "", "NaN or infinity in the weights"},
      {"infinity",
       [=](Builder& m) {
         m.filled("n", {2, 2, 1, 1}, inf).node("Conv", {"x", "n"}, {"y"});
       },
       "", "infinity"},
      {"few elements",
       [](Builder& m) {
         m.floats("n", {2, 2, 1, 1}, {1, 2, 3}).node("Conv", {"x", "n"}, {"y"});
       },
       "", "'n'"},
      {"few bytes",
       [](Builder& m) {
         m.tensor("n", {2, 2, 1, 1}, onnx::TensorProto::FLOAT)->set_raw_data("123");
         m.node("Conv", {"x", "n"}, {"y"});
       },
       "", "'n'"},
      {"negative dimension",
       [](Builder& m) {
         m.tensor("n", {2, -2, 1, 1}, onnx::TensorProto::FLOAT);
         m.node("Conv", {"x", "n"}, {"y"});
       },
       "", "impossible"},
      {"integer weights",
       [](Builder& m) {
         m.tensor("n", {1, 1, 1, 1}, onnx::TensorProto::INT64)->add_int64_data(1);
         m.node("Conv", {"x", "n"}, {"y"});
       },
       "", "floats"},
      {"other channels",
       [](Builder& m) {
         m.filled("n", {2, 3, 1, 1}, 1).node("Conv", {"x", "n"}, {"y"});
       },
       "", "channels"},
      {"kernel_shape",
       [](Builder& m) {
         Builder::set(m.node("Conv", {"x", "w"}, {"y"}), "kernel_shape", Dims{3, 2});
       },
       "", "kernel_shape"},
      {"large kernel",
       [](Builder& m) {
         m.filled("n", {2, 2, 5, 1}, 1).node("Conv", {"x", "n"}, {"y"});
       },
       "", "kernel of 5"},
      {"bias",
       [](Builder& m) {
         m.filled("n", {3}, 1).node("Conv", {"x", "w", "n"}, {"y"});
       },
       "", "bias"},
      {"attribute type",
       [](Builder& m) {
         Builder::set(m.node("Conv", {"x", "w"}, {"y"}), "strides", int64_t{1});
       },
       "", "strides"},
      {"reshape",
       [](Builder& m) {
         m.ints("n", {1, 31}).node("Reshape", {"x", "n"}, {"y"});
       },
       "", "[1, 31]"},
      {"two open",
       [](Builder& m) {
         m.ints("n", {-1, -1}).node("Reshape", {"x", "n"}, {"y"});
       },
       "", "two"},
      {"axis",
       [](Builder& m) { Builder::set(m.node("Flatten", {"x"}, {"y"}), "axis", int64_t{5}); }, "",
       "axis 5"},
      {"perm",
       [](Builder& m) {
         Builder::set(m.node("Transpose", {"x"}, {"y"}), "perm", Dims{0, 1, 1, 3});
       },
       "", "permutation"},
      {"variance",
       [](Builder& m) {
         m.filled("n", {2}, -1).node("BatchNormalization", {"x", "v", "v", "v", "n"}, {"y"});
       },
       "", "not positive"},
      {"by zero",
       [](Builder& m) {
         m.floats("n", {}, {0}).node("Div", {"x", "n"}, {"y"});
       },
       "", "zero"},
      {"integers by zero",
       [](Builder& m) {
         m.ints("a", {1}).ints("n", {0}).node("Div", {"a", "n"}, {"d"});
         m.node("Reshape", {"x", "d"}, {"y"});
       },
       "", "zero"},
      {"more values than there are",
       [](Builder& m) {
         Builder::set(m.ints("k", {3}).node("TopK", {"x", "k"}, {"y"}), "axis", int64_t{1});
       },
       "", "3 of 2"},
      {"gather",
       [](Builder& m) {
         m.ints("a", {1, 2}).ints("n", {2}).node("Gather", {"a", "n"}, {"d"});
         m.node("Reshape", {"x", "d"}, {"y"});
       },
       "", "out of range"},
      {"overflow in folding",
       [](Builder& m) {
         m.filled("n", {2, 2, 1, 1}, 1e38F).floats("big", {}, {1e38F});
         m.node("Conv", {"x", "n"}, {"c"});
         m.node("Mul", {"c", "big"}, {"y"});
       },
       "", "overflow"},
      {"inputs missing", [](Builder& m) { m.node("Conv", {"x"}, {"y"}); }, "", "inputs"},
  };
  for (const Case& c : cases) {
    Builder m = image_model();
    c.build(m);
    INFO(c.what);
    const std::string message = refusal(m, ErrorKind::kFile);
    INFO(message);
    CHECK(message.find(c.reason) != std::string::npos);
  }
}

TEST_CASE("What a free batch may make right is not called malformed") {
  const std::vector<Case> cases = {
      {"a fixed number of inputs",
       [](Builder& m) {
         m.ints("s", {4, 32}).node("Reshape", {"x", "s"}, {"y"});
       },
       "", "one input at a time"},
      {"a multiple of inputs",
       [](Builder& m) {
         m.ints("s", {5, -1}).node("Reshape", {"x", "s"}, {"y"});
       },
       "", "one input at a time"},
      {"a row for every input",
       [](Builder& m) {
         m.filled("f", {32, 2}, 1).filled("c", {5, 2}, 1);
         m.node("Flatten", {"x"}, {"z"});
         m.node("Gemm", {"z", "f", "c"}, {"y"});
       },
       "", "fixes the free batch"},
      {"zeros for every input",
       [](Builder& m) {
         m.filled("zeros", {5, 2, 4, 4}, 0);
         Builder::set(m.node("Concat", {"x", "zeros"}, {"y"}), "axis", int64_t{1});
       },
       "", "fix the free batch"},
      {"a product along the batch",
       [](Builder& m) {
         m.filled("f", {5, 2}, 1);
         Builder::set(m.node("Transpose", {"x"}, {"t"}), "perm", Dims{1, 2, 3, 0});
         m.node("MatMul", {"t", "f"}, {"y"});
       },
       "", "along the batch"},
      {"a normalisation along the batch",
       [](Builder& m) {
         m.filled("f", {5}, 1);
         Builder::set(m.node("Transpose", {"x"}, {"t"}), "perm", Dims{1, 0, 2, 3});
         m.node("BatchNormalization", {"t", "f", "f", "f", "f"}, {"y"});
       },
       "", "along the batch"},
      {"a list longer than any shape",
       [](Builder& m) {
         Builder::set(m.node("Constant", {}, {"l"}), "value_ints", Dims(100, 1));
         m.node("Reshape", {"x", "l"}, {"y"});
       },
       "", "more than 8 dimensions"},
  };
  for (const Case& c : cases) {
    Builder m({-1, 2, 4, 4});
    c.build(m);
    INFO(c.what);
    CHECK_THAT(refusal(m, ErrorKind::kUnsupported), Catch::Contains(c.reason));
  }
}

TEST_CASE("Sizes that only folding would reach are refused before they are allocated") {
  Builder m = image_model();
  m.ints("n", {1 << 13, 1 << 13, 2});
  m.node("ConstantOfShape", {"n"}, {"c"});
  m.node("Conv", {"x", "c"}, {"y"});
  CHECK(refusal(m, ErrorKind::kFile).find("asks for shape") != std::string::npos);

  Builder many = image_model();  // each one is allowed, all of them are not
  many.ints("n", {1 << 24});
  std::vector<std::string> parts;
  for (int i = 0; i < 64; ++i) {
    parts.push_back("c" + std::to_string(i));
    many.node("ConstantOfShape", {"n"}, {parts.back()});
  }
  many.node("Concat", parts, {"all"});
  Builder::set(*many.graph().mutable_node(64), "axis", int64_t{0});
  many.node("Reshape", {"x", "all"}, {"y"});
  CHECK(refusal(many, ErrorKind::kUnsupported).find("memory") != std::string::npos);
}

TEST_CASE("A long list in an attribute is refused before it is worked off or copied") {
  SECTION("axes") {
    Builder m({1, 2, 4, 4}, 12);
    Builder::set(m.node("Unsqueeze", {"x"}, {"u"}), "axes", Dims(1'000'000, 0));
    m.node("Identity", {"u"}, {"y"});
    CHECK_THAT(refusal(m, ErrorKind::kUnsupported), Catch::Contains("more than 8 dimensions"));
  }
  SECTION("the elements of a constant") {
    onnx::NodeProto proto;
    proto.set_op_type("Constant");
    proto.set_name("odd");
    auto* values = proto.add_attribute();
    values->set_name("value_floats");
    values->set_type(onnx::AttributeProto::FLOATS);
    values->mutable_floats()->Resize(static_cast<int>(kMaxElements) + 1, 0.0F);
    ExternalFiles files(std::nullopt);
    const std::string file = "test.onnx";
    CHECK_THAT(
        keyway::test::message_of(ErrorKind::kUnsupported,
                                 [&] { decode_constant_node(OnnxNode(proto, 13, file), files); }),
        Catch::Contains("'odd'") && Catch::Contains("67108865 elements"));
  }
}

TEST_CASE(
    "Integers beyond what a file can dequantise are refused, also where arithmetic gave them") {
  Builder m = image_model();
  Builder::set(m.node("Constant", {}, {"least"}), "value_ints",
               Dims{std::numeric_limits<int64_t>::min(), 0});
  m.integers("zero", {}, onnx::TensorProto::INT8, {1});
  m.node("DequantizeLinear", {"least", "one", "zero"}, {"r"});
  m.node("BatchNormalization", {"x", "v", "r", "v", "v"}, {"y"});
  CHECK_THAT(refusal(m, ErrorKind::kUnsupported),
             Catch::Contains("'node_r'") && Catch::Contains("more than 32 bits"));
}

TEST_CASE("Bytes that are no model, or half of one, are refused") {
  const auto refuse = [](const std::string& bytes) {
    try {
      import_onnx_bytes(bytes.data(), bytes.size(), "bad.onnx");
    } catch (const Error& e) {
      return e.kind();
    }
    return ErrorKind::kUsage;
  };
  CHECK(refuse("") == ErrorKind::kFile);
  CHECK(refuse("this is no model\nthis is no model\n") == ErrorKind::kFile);
  CHECK(refuse(std::string(1000, '\0')) == ErrorKind::kFile);
  CHECK(refuse(std::string(1000, '\xff')) == ErrorKind::kFile);
  Builder m = image_model();
  m.node("Conv", {"x", "w"}, {"y"});
  const std::string whole = m.bytes();
  // The last field of this file is the version of the operator set, so every cut is noticed.
  for (size_t length = 0; length < whole.size(); ++length) {
    INFO("cut to " << length << " of " << whole.size());
    CHECK(refuse(whole.substr(0, length)) == ErrorKind::kFile);
  }
  CHECK_NOTHROW(import_onnx_bytes(whole.data(), whole.size(), "good.onnx"));
}

TEST_CASE("A pointer of Git LFS is called one") {
  const std::string pointer =
      "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n";
  CHECK_THROWS_WITH(import_onnx_bytes(pointer.data(), pointer.size(), "model.onnx"),
                    Catch::Contains("Git LFS"));
}

TEST_CASE("A file that is not there is named") {
  try {
    import_onnx("/nonexistent/model.onnx");
    FAIL("nothing was thrown");
  } catch (const Error& e) {
    CHECK(e.kind() == ErrorKind::kFile);
    CHECK(std::string(e.what()).find("/nonexistent/model.onnx") != std::string::npos);
  }
}
