// SPDX-License-Identifier: Apache-2.0
// Operators whose form or whose mode depends on the operator set: in every set the form of that set
// gives the right numbers, and the form of another one is refused with a sentence, not guessed.
#include <catch2/catch.hpp>
#include <functional>
#include <string>
#include <vector>

#include "graph/execute.hpp"
#include "model_builder.hpp"
#include "thrown.hpp"

using keyway::ErrorKind;
using keyway::graph::execute;
using keyway::graph::Graph;
using keyway::graph::kMaxOpset;
using keyway::graph::kMinOpset;
using keyway::graph::testing::Dims;
using keyway::graph::testing::ModelBuilder;
using keyway::test::message_of;

namespace {

using Builder = ModelBuilder;
using Values = std::vector<float>;

/// A node that reads "x", 1 x 2 x 2 x 2 of 1 to 8, and gives "z", or, where it ends the network,
/// "y" of "negative".
using Form = std::function<void(Builder&)>;

Builder model(int64_t opset, const Form& form) {
  Builder m({-1, 2, 2, 2}, opset);
  m.floats("one", {}, {1}).floats("four", {}, {4}).floats("half", {}, {0.5F}).ints("none", {});
  m.floats("two", {2}, {1, 3}).filled("ones", {8, 2}, 1);
  m.node("Neg", {"x"}, {"negative"});
  form(m);
  const auto& last = *m.graph().node().rbegin();
  if (last.output(0) != "y") m.node("Neg", {"z"}, {"y"});
  return m;
}

Values negated(const Builder& m) {
  const Graph g = m.import();
  const Values x = {1, 2, 3, 4, 5, 6, 7, 8};
  Values y = execute(g, x.data(), 1);
  for (float& v : y) v = -v;
  return y;
}

void refused(const Builder& m, const std::string& says) {
  const keyway::Error error = keyway::test::error_of([&] { m.import(); });
  INFO(error.what());
  CHECK((error.kind() == ErrorKind::kUnsupported || error.kind() == ErrorKind::kFile));
  CHECK_THAT(error.what(), Catch::Contains("operator set") && Catch::Contains(says));
}

struct Change {
  const char* what;
  Form old_form;
  int64_t since;  ///< the first operator set with the new form
  Form new_form;
  Values result;
};

Form with_axes(const std::string& op, const Dims& axes, const std::string& from = "x") {
  return [=](Builder& m) { Builder::set(m.node(op, {from}, {"z"}), "axes", axes); };
}
Form with_axes_input(const std::string& op, const Dims& axes, const std::string& from = "x") {
  return [=](Builder& m) { m.ints("axes", axes).node(op, {from, "axes"}, {"z"}); };
}
Form behind(const Form& first, const Form& second) {
  return [=](Builder& m) {
    first(m);
    second(m);
  };
}

const Values kAll = {1, 2, 3, 4, 5, 6, 7, 8};

}  // namespace

TEST_CASE("Every operator set has its own form of an operator, and only that") {
  const Form pooled = [](Builder& m) { m.node("GlobalMaxPool", {"x"}, {"g"}); };
  const std::vector<Change> changes = {
      {"Clip's bounds",
       [](Builder& m) {
         auto& n = m.node("Clip", {"x"}, {"z"});
         Builder::set_float(n, "min", 1);
         Builder::set_float(n, "max", 4);
       },
       11,
       [](Builder& m) {
         m.node("Clip", {"x", "one", "four"}, {"z"});
       },
       {1, 2, 3, 4, 4, 4, 4, 4}},
      {"Squeeze's axes",
       behind(pooled, with_axes("Squeeze", {2, 3}, "g")),
       13,
       behind(pooled, with_axes_input("Squeeze", {2, 3}, "g")),
       {4, 8}},
      {"Unsqueeze's axes", with_axes("Unsqueeze", {2}), 13, with_axes_input("Unsqueeze", {2}),
       kAll},
      {"ReduceMean's axes",
       with_axes("ReduceMean", {2, 3}),
       18,
       with_axes_input("ReduceMean", {2, 3}),
       {2.5F, 6.5F}},
      {"ReduceMax's axes",
       with_axes("ReduceMax", {2, 3}),
       18,
       with_axes_input("ReduceMax", {2, 3}),
       {4, 8}},
      {"Slice's positions",
       [](Builder& m) {
         auto& n = m.node("Slice", {"x"}, {"z"});
         Builder::set(n, "starts", Dims{1});
         Builder::set(n, "ends", Dims{2});
         Builder::set(n, "axes", Dims{2});
       },
       10,
       [](Builder& m) {
         m.ints("a", {1}).ints("b", {2}).ints("c", {2}).node("Slice", {"x", "a", "b", "c"}, {"z"});
       },
       {3, 4, 7, 8}},
      {"Pad's pads",
       [](Builder& m) {
         Builder::set(m.node("Pad", {"x"}, {"z"}), "pads", Dims{0, 0, 0, -1, 0, 0, 1, 0});
       },
       11,
       [](Builder& m) {
         m.ints("pads", {0, 0, 0, -1, 0, 0, 1, 0}).node("Pad", {"x", "pads"}, {"z"});
       },
       {2, 4, 0, 6, 8, 0}},
      {"TopK's k",
       [](Builder& m) {
         auto& n = m.node("TopK", {"negative"}, {"y", "i"});
         Builder::set(n, "k", int64_t{1});
         Builder::set(n, "axis", int64_t{1});
       },
       10,
       [](Builder& m) {
         Builder::set(m.ints("k", {1}).node("TopK", {"negative", "k"}, {"y", "i"}), "axis",
                      int64_t{1});
       },
       {1, 2, 3, 4}},
      {"Dropout's ratio",
       [](Builder& m) {
         auto& n = m.node("Dropout", {"x"}, {"z", "mask"});
         Builder::set_float(n, "ratio", 0.5F);
         if (m.model.opset_import(0).version() < 7) Builder::set(n, "is_test", int64_t{1});
       },
       12,
       [](Builder& m) {
         m.node("Dropout", {"x", "half"}, {"z"});
       },
       kAll},
  };
  for (const Change& change : changes) {
    for (int64_t opset = kMinOpset; opset <= kMaxOpset; ++opset) {
      INFO(change.what << ", operator set " << opset);
      const bool is_new = opset >= change.since;
      CHECK(negated(model(opset, is_new ? change.new_form : change.old_form)) == change.result);
      refused(model(opset, is_new ? change.old_form : change.new_form), "");
    }
  }
}

TEST_CASE("What only newer operator sets have is refused in older ones") {
  struct Case {
    const char* what;
    Form form;
    int64_t since;
    const char* says;
  };
  const auto pool = [](const std::string& op, const std::string& attribute, int64_t value) {
    return [=](Builder& m) {
      auto& n = m.node(op, {"x"}, {"z"});
      Builder::set(n, "kernel_shape", Dims{2, 2});
      Builder::set(n, attribute, value);
    };
  };
  const std::vector<Case> cases = {
      {"count_include_pad", pool("AveragePool", "count_include_pad", 1), 7, "'count_include_pad'"},
      {"ceil_mode of a mean", pool("AveragePool", "ceil_mode", 1), 10, "'ceil_mode'"},
      {"ceil_mode of a maximum", pool("MaxPool", "ceil_mode", 1), 10, "'ceil_mode'"},
      {"storage_order", pool("MaxPool", "storage_order", 0), 8, "'storage_order'"},
      {"Gemm without C",
       [](Builder& m) {
         m.node("Flatten", {"x"}, {"f"});
         m.node("Gemm", {"f", "ones"}, {"z"});
       },
       11, "takes 3"},
      {"Pad's axes",
       [](Builder& m) {
         m.ints("p", {1, 0})
             .floats("zero", {}, {0})
             .ints("a", {2})
             .node("Pad", {"x", "p", "zero", "a"}, {"z"});
       },
       18, "has 4 inputs"},
      {"Max with another shape",
       [](Builder& m) {
         m.node("Max", {"x", "one"}, {"z"});
       },
       8, ""},
      {"allowzero",
       [](Builder& m) {
         Builder::set(m.ints("s", {1, 8}).node("Reshape", {"x", "s"}, {"z"}), "allowzero",
                      int64_t{1});
       },
       14, "'allowzero'"},
      {"Shape's start",
       [](Builder& m) {
         Builder::set(m.node("Shape", {"x"}, {"s"}), "start", int64_t{0});
         m.node("Reshape", {"x", "s"}, {"z"});
       },
       15, "'start'"},
  };
  for (const Case& c : cases) {
    for (int64_t opset = kMinOpset; opset <= kMaxOpset; ++opset) {
      INFO(c.what << ", operator set " << opset);
      const Builder m = model(opset, c.form);
      if (opset >= c.since) {
        CHECK_NOTHROW(m.import());
      } else if (*c.says == '\0') {
        message_of(ErrorKind::kUnsupported, [&] { m.import(); });
      } else {
        refused(m, c.says);
      }
    }
  }
}

TEST_CASE("Dropout and BatchNormalization of operator set 6 train unless is_test says otherwise") {
  const auto normalised = [](bool is_test) {
    return [is_test](Builder& m) {
      auto& n = m.floats("zeros", {2}, {0, 0})
                    .node("BatchNormalization", {"x", "two", "zeros", "zeros", "two"}, {"z"});
      Builder::set_float(n, "epsilon", 0);
      if (is_test) Builder::set(n, "is_test", int64_t{1});
    };
  };
  const auto dropped = [](bool is_test) {
    return [is_test](Builder& m) {
      auto& n = m.node("Dropout", {"x"}, {"z"});
      if (is_test) Builder::set(n, "is_test", int64_t{1});
    };
  };
  for (const bool is_test : {false, true}) {
    for (int64_t opset = kMinOpset; opset <= kMaxOpset; ++opset) {
      INFO("is_test " << is_test << ", operator set " << opset);
      const Builder drop = model(opset, dropped(is_test)), norm = model(opset, normalised(is_test));
      if ((opset == 6) != is_test) {
        refused(drop, is_test ? "'is_test'" : "training mode");
        refused(norm, is_test ? "'is_test'" : "training mode");
        continue;
      }
      CHECK(negated(drop) == kAll);
      const Values y = negated(norm);
      for (size_t i = 0; i < y.size(); ++i) {
        CHECK(y[i] == Approx(kAll[i] * (i < 4 ? 1 : std::sqrt(3.0F))));
      }
    }
  }
}

TEST_CASE(
    "Softmax runs over all that follows its axis before operator set 13, over the axis since") {
  for (int64_t opset = kMinOpset; opset <= kMaxOpset; ++opset) {
    INFO("operator set " << opset);
    // 2 x 1 x 2 images: axis 1 is all channels alone, or channels and pixels.
    Builder m({-1, 2, 1, 2}, opset);
    m.node("Neg", {"x"}, {"n"});
    Builder::set(m.node("Softmax", {"n"}, {"y"}), "axis", int64_t{1});
    if (opset < 13) {
      message_of(ErrorKind::kUnsupported, [&] { m.import(); });
    } else {
      const Values x = {0, -1, 0, -1};
      CHECK(execute(m.import(), x.data(), 1) == Values{0.5F, 0.5F, 0.5F, 0.5F});
    }
    // The default is axis 1 of a matrix, and the last one: the same.
    Builder d({-1, 2}, opset);
    d.node("Neg", {"x"}, {"n"});
    d.node("Softmax", {"n"}, {"y"});
    const Values x = {3, 3};
    CHECK(execute(d.import(), x.data(), 1) == Values{0.5F, 0.5F});
    // An image's default is axis 1, with all that follows, or the last one: never the channels.
    Builder i({-1, 2, 1, 2}, opset);
    i.node("Neg", {"x"}, {"n"});
    i.node("Softmax", {"n"}, {"y"});
    message_of(ErrorKind::kUnsupported, [&] { i.import(); });
  }
}

TEST_CASE("Operator set 6 places the second operand by attributes") {
  const auto add = [](const std::string& op, const Dims& dims, const Values& values, int broadcast,
                      int axis) {
    return [=](Builder& m) {
      auto& n = m.floats("c", dims, values).node(op, {"x", "c"}, {"z"});
      if (broadcast >= 0) Builder::set(n, "broadcast", int64_t{broadcast});
      if (axis >= 0) Builder::set(n, "axis", int64_t{axis});
    };
  };
  // 2 x 2 x 2 x 2, so that only the axis tells the channels from the columns.
  CHECK(negated(model(6, add("Add", {2}, {10, 20}, 1, 1))) ==
        Values{11, 12, 13, 14, 25, 26, 27, 28});
  CHECK(negated(model(6, add("Sub", {2}, {10, 20}, 1, 1))) ==
        Values{-9, -8, -7, -6, -15, -14, -13, -12});
  CHECK(negated(model(6, add("Mul", {2}, {1, 2}, 1, 1))) == Values{1, 2, 3, 4, 10, 12, 14, 16});
  CHECK(negated(model(6, add("Div", {1, 1}, {2}, 1, -1))) ==
        Values{0.5F, 1, 1.5F, 2, 2.5F, 3, 3.5F, 4});
  const Values same = {7, 7, 7, 7, 9, 9, 9, 9};
  CHECK(negated(model(6, add("Add", {1, 2, 2, 2}, same, -1, -1))) ==
        Values{8, 9, 10, 11, 14, 15, 16, 17});
  // Without an axis it is the last ones, so here columns; without broadcast = 1 shapes are equal.
  message_of(ErrorKind::kUnsupported, [&] { model(6, add("Add", {2}, {10, 20}, 1, -1)).import(); });
  refused(model(6, add("Add", {2, 1, 1}, {10, 20}, 0, -1)), "broadcast = 1");
  refused(model(6, add("Add", {}, {10}, -1, -1)), "broadcast = 1");
  message_of(ErrorKind::kUnsupported, [&] { model(6, add("Add", {2}, {1, 2}, 1, 4)).import(); });
  refused(model(7, add("Add", {2, 1, 1}, {10, 20}, 1, 1)), "'broadcast'");
  // Constants among themselves.
  Builder folded({-1, 2, 2, 2}, 6);
  folded.floats("a", {1, 2, 1, 1}, {1, 2}).floats("b", {2}, {10, 20});
  auto& n = folded.node("Add", {"a", "b"}, {"c"});
  Builder::set(n, "broadcast", int64_t{1});
  Builder::set(n, "axis", int64_t{1});
  Builder::set(folded.node("Mul", {"x", "c"}, {"y"}), "broadcast", int64_t{1});
  const Values x(8, 1.0F);
  CHECK(execute(folded.import(), x.data(), 1) == Values{11, 11, 11, 11, 22, 22, 22, 22});
}

TEST_CASE("Operator set 6 broadcasts Gemm's C by an attribute") {
  const auto gemm = [](int64_t opset, const Dims& dims, int broadcast) {
    Builder m({1, 2}, opset);
    m.floats("w", {2, 2}, {1, 0, 0, 1}).floats("c", dims, {10, 20});
    auto& n = m.node("Gemm", {"x", "w", "c"}, {"y"});
    if (broadcast >= 0) Builder::set(n, "broadcast", int64_t{broadcast});
    return m;
  };
  const Values x = {1, 2};
  CHECK(execute(gemm(6, {2}, 1).import(), x.data(), 1) == Values{11, 22});
  CHECK(execute(gemm(6, {1, 2}, -1).import(), x.data(), 1) == Values{11, 22});
  CHECK(execute(gemm(7, {2}, -1).import(), x.data(), 1) == Values{11, 22});
  refused(gemm(6, {2}, -1), "broadcast = 1");
  refused(gemm(7, {2}, 1), "'broadcast'");
}
