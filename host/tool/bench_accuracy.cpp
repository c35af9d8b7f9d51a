// SPDX-License-Identifier: Apache-2.0
#include "tool/bench_accuracy.hpp"

#include <algorithm>
#include <numeric>
#include <thread>

#include "common/error.hpp"
#include "driver/session_internals.hpp"
#include "tool/report.hpp"
#include "tool/tensors.hpp"

namespace keyway::tool {

namespace {

/// Mean squared difference of inputs and outputs, per clip.
std::vector<double> reconstruction_errors(const std::vector<float>& inputs,
                                          const std::vector<float>& outputs, size_t clips) {
  const size_t elements = inputs.size() / clips;
  std::vector<double> errors(clips);
  for (size_t i = 0; i < clips * elements; ++i) {
    const double difference = static_cast<double>(outputs[i]) - inputs[i];
    errors[i / elements] += difference * difference / static_cast<double>(elements);
  }
  return errors;
}

/// Area under the ROC curve: the probability that a positive scores above a negative, equal scores
/// counted half. 0.5 where one of the classes is empty.
double area_under_curve(const std::vector<double>& scores, const std::vector<int64_t>& labels) {
  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return scores[a] < scores[b]; });
  double below = 0, won = 0, positives = 0;  // negatives that score less; pairs in the right order
  for (size_t first = 0, end = 0; first < order.size(); first = end) {
    double ties = 0, positive_ties = 0;
    for (end = first; end < order.size() && scores[order[end]] == scores[order[first]]; ++end) {
      (labels[order[end]] == 1 ? positive_ties : ties) += 1;
    }
    won += positive_ties * (below + ties / 2);
    below += ties;
    positives += positive_ties;
  }
  return below == 0 || positives == 0 ? 0.5 : won / (below * positives);
}

}  // namespace

std::vector<int64_t> read_metric_labels(const BenchNetwork& network,
                                        const program::Program& program, size_t inputs) {
  if (network.metric == Metric::kTopOne) {
    return read_labels(network.labels, inputs, classes_of(program.output));
  }
  auto labels = common::read_npy_int(network.labels);
  if (labels.values.empty() || inputs % labels.values.size() != 0 ||
      program.output.shape.elements() != program.input.user_shape().elements()) {
    throw Error(ErrorKind::kFile, network.labels + ": " + std::to_string(labels.values.size()) +
                                      " clips do not share " + std::to_string(inputs) +
                                      " inputs of a network that reconstructs its input");
  }
  for (const int64_t label : labels.values) {
    if (label != 0 && label != 1) {
      throw Error(ErrorKind::kFile,
                  network.labels + ": label " + std::to_string(label) + " is neither 0 nor 1");
    }
  }
  return std::move(labels.values);
}

double judge(Metric metric, const program::Program& program, const std::vector<float>& inputs,
             const std::vector<float>& outputs, const std::vector<int64_t>& labels) {
  if (metric == Metric::kAuc) {
    return area_under_curve(reconstruction_errors(inputs, outputs, labels.size()), labels);
  }
  return static_cast<double>(count_correct(program.output, outputs, labels)) /
         static_cast<double>(labels.size());
}

driver::Outputs simulate(const driver::Package& package, const driver::Licence& licence,
                         const std::string& device_file, const std::vector<float>& inputs,
                         const driver::RunOptions& options) {
  driver::TargetOptions target;
  target.device = device_file;
  target.threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  return driver::Session(package, licence, target).run(inputs, options);
}

Accuracy measure_accuracy(const BenchNetwork& network, const driver::Package& package,
                          const common::NpyArray<float>& inputs) {
  const program::Program& program = driver::description(package);
  const auto count = static_cast<size_t>(inputs.rows());
  const auto labels = read_metric_labels(network, program, count);
  Progress progress(network.name + ": accuracy, inputs", count);
  driver::RunOptions options;
  options.progress = [&](size_t done) { progress.at(done); };
  const auto outputs = simulate(package, std::nullopt, "", inputs.values, options);
  return {judge(network.metric, program, inputs.values, outputs.values, labels), labels.size()};
}

}  // namespace keyway::tool
