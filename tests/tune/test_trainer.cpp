// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "graph/execute.hpp"
#include "seed.hpp"
#include "thrown.hpp"
#include "tune/graphs.hpp"
#include "tune/trainer.hpp"

using namespace keyway;
using graph::OpKind;
using tune::Examples;
using tune::Options;
using tune::Projection;
using tune::Trainer;
using tune::testing::GraphBuilder;
using tune::testing::kRelu;

namespace {

/// The class that each input's outputs give it.
std::vector<int64_t> classes_of(const std::vector<float>& outputs, std::ptrdiff_t classes) {
  std::vector<int64_t> labels;
  for (auto at = outputs.begin(); at != outputs.end(); at += classes) {
    labels.push_back(std::max_element(at, at + classes) - at);
  }
  return labels;
}

/// A small network of three classes, and inputs with the classes that it gives them.
struct Problem {
  explicit Problem(uint64_t seed) {
    GraphBuilder b({2, 6, 6}, seed);
    b.add(OpKind::kConv, {3, 3, 1, 1, 1, 1, 1, 1}, 8, kRelu);
    b.add(OpKind::kDepthwiseConv, {3, 3, 2, 2, 1, 1, 1, 1}, 8, kRelu);
    b.add(OpKind::kConv, {3, 3}, 3);
    graph = b.graph();
    inputs = b.floats(kImages * 72);
    examples = {inputs.data(), kImages, 3,
                classes_of(graph::execute(graph, inputs.data(), kImages), 3)};
  }

  static constexpr int64_t kImages = 150;
  graph::Graph graph;
  std::vector<float> inputs;
  Examples examples;
};

Options small_options() {
  Options options;
  options.epochs = 3;
  options.batch = 40;  // the last one of an epoch has 30, in shards of 16 and 14
  options.learning_rate = 0.01;
  return options;
}

bool same(const graph::Graph& a, const graph::Graph& b) {
  for (size_t n = 0; n < a.nodes.size(); ++n) {
    if (a.nodes[n].weights != b.nodes[n].weights || a.nodes[n].bias != b.nodes[n].bias)
      return false;
  }
  return true;
}

graph::Graph trained(const Problem& problem, const Options& options) {
  Trainer trainer(problem.graph, Projection(4), problem.examples, options);
  while (!trainer.finished()) trainer.step();
  return trainer.tuned();
}

}  // namespace

TEST_CASE("Four codes lose much, and tuning finds a good part of it again") {
  const Problem problem(1);
  Options options = small_options();
  options.epochs = 30;
  options.learning_rate = 0.03;
  for (const auto& [has_labels, is_list] :
       {std::pair(true, true), std::pair(false, true), std::pair(false, false)}) {
    INFO("labels " << has_labels << ", classes " << is_list);
    Examples examples = problem.examples;
    if (!has_labels) examples.labels.clear();
    if (!is_list) examples.classes = 0;
    Trainer trainer(problem.graph, Projection(4), examples, options);
    const tune::Score before = trainer.score(), whole = trainer.float_score();
    while (!trainer.finished()) trainer.step();
    const tune::Score after = trainer.score();
    CHECK(trainer.epoch_scores().size() == 30);
    CHECK(after.loss - whole.loss < 0.7 * (before.loss - whole.loss));
    CHECK(after.accuracy.has_value() == is_list);
    if (is_list) CHECK(*whole.accuracy == 1);
  }
}

TEST_CASE("What the trainer scores is what the tuned graph computes, rounding aside") {
  const Problem problem(test::seed());
  Trainer trainer(problem.graph, Projection(16), problem.examples, small_options());
  trainer.step();
  const graph::Graph tuned = trainer.tuned();
  CHECK_FALSE(same(tuned, problem.graph));
  const std::vector<int64_t> got =
      classes_of(graph::execute(tuned, problem.inputs.data(), Problem::kImages), 3);
  double right = 0;
  for (size_t i = 0; i < got.size(); ++i) right += got[i] == problem.examples.labels[i] ? 1 : 0;
  CHECK(right / Problem::kImages == Approx(*trainer.score().accuracy).margin(0.04));
}

TEST_CASE("Threads do not change a bit, the seed does") {
  const Problem problem(test::seed());
  Options options = small_options();
  const graph::Graph one = trained(problem, options);
  options.threads = 3;
  CHECK(same(one, trained(problem, options)));
  options.seed = 2;
  CHECK_FALSE(same(one, trained(problem, options)));
}

TEST_CASE("A run that goes on from a checkpoint ends as though it had not stopped") {
  const Problem problem(test::seed());
  const Options options = small_options();
  Trainer whole(problem.graph, Projection(4), problem.examples, options);
  while (!whole.finished()) whole.step();
  for (const int stop : {0, 1, 4, 6, 11}) {  // an epoch has four steps
    INFO("stopped behind step " << stop);
    Trainer first(problem.graph, Projection(4), problem.examples, options);
    for (int i = 0; i < stop; ++i) first.step();
    Trainer second(problem.graph, Projection(4), problem.examples, options);
    second.restore(first.checkpoint());
    CHECK(second.epoch() == stop / 4);
    CHECK(second.batch() == stop % 4);
    while (!second.finished()) second.step();
    CHECK(same(second.tuned(), whole.tuned()));
    REQUIRE(second.epoch_scores().size() == 3);
    for (size_t e = 0; e < 3; ++e) {
      CHECK(second.epoch_scores()[e].loss == whole.epoch_scores()[e].loss);
      CHECK(second.epoch_scores()[e].accuracy == whole.epoch_scores()[e].accuracy);
    }
  }
}

TEST_CASE("A checkpoint of another run, or a damaged one, is refused and changes nothing") {
  const Problem problem(test::seed());
  const Options options = small_options();
  Trainer trainer(problem.graph, Projection(4), problem.examples, options);
  trainer.step();
  const std::string good = trainer.checkpoint();
  const graph::Graph before = trainer.tuned();
  const auto refused = [&](const std::string& checkpoint) {
    CHECK(test::error_of([&] { trainer.restore(checkpoint); }).kind() == ErrorKind::kFile);
    CHECK(same(trainer.tuned(), before));
  };
  refused("");
  refused("rubbish");
  refused(good.substr(0, good.size() / 2));

  Options other = options;
  other.learning_rate = 0.02;
  refused(Trainer(problem.graph, Projection(4), problem.examples, other).checkpoint());
  refused(Trainer(problem.graph, Projection(8), problem.examples, options).checkpoint());
  Examples examples = problem.examples;
  examples.labels[7] = (examples.labels[7] + 1) % 3;
  refused(Trainer(problem.graph, Projection(4), examples, options).checkpoint());
  trainer.restore(good);
}

TEST_CASE("Classes are numbered in the user's order") {
  GraphBuilder b({2, 2, 2}, test::seed());
  b.add(OpKind::kConv, {}, 3);
  graph::Graph graph = b.graph();
  graph.output_layout = {{12}, 1, 6, 3};  // channels last, flattened
  const std::vector<float> x = b.floats(40 * 8);
  const Examples examples{x.data(), 40, 12, classes_of(graph::execute(graph, x.data(), 40), 12)};
  CHECK(Trainer(graph, Projection(4), examples, {}).float_score().accuracy == 1.0);
}

TEST_CASE("What cannot be tuned is refused") {
  const Problem problem(test::seed());
  GraphBuilder pool({2, 6, 6}, test::seed());
  pool.add(OpKind::kMaxPool, {6, 6}, 2);
  Examples examples = problem.examples;
  examples.classes = 0;
  examples.labels.clear();
  const graph::Graph weightless = pool.graph();
  CHECK(test::error_of([&] { Trainer(weightless, Projection(4), examples, {}); }).kind() ==
        ErrorKind::kUnsupported);
  graph::Graph huge = problem.graph;
  for (float& w : huge.nodes.back().weights) w = 3e38F;
  CHECK(test::error_of([&] { Trainer(huge, Projection(4), examples, {}); }).kind() ==
        ErrorKind::kFile);
}
