// SPDX-License-Identifier: Apache-2.0
#include "tool/soft_attacks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "common/error.hpp"
#include "graph/execute.hpp"
#include "tool/graph_output.hpp"
#include "tool/report.hpp"
#include "tool/tensors.hpp"

namespace keyway::tool {
namespace {

int threads() { return static_cast<int>(std::max(1U, std::thread::hardware_concurrency())); }

std::vector<float> outputs_of(const graph::Graph& graph, const float* inputs, int64_t images) {
  graph::ExecuteOptions options;
  options.threads = threads();
  return graph::execute(graph, inputs, images, options);
}

}  // namespace

bool has_classes(const graph::Graph& graph) {
  try {
    return classes_of(output_of(graph)) > 0;
  } catch (const Error&) {
    return false;
  }
}

std::vector<int64_t> answers(const graph::Graph& graph, const float* inputs, int64_t images) {
  const program::OutputBoundary output = output_of(graph);
  const auto classes = static_cast<size_t>(classes_of(output));
  const std::vector<float> outputs = outputs_of(graph, inputs, images);
  const size_t each = outputs.size() / static_cast<size_t>(images);
  std::vector<int64_t> labels;
  for (size_t n = 0; n < static_cast<size_t>(images); ++n) {
    const auto first = outputs.begin() + static_cast<std::ptrdiff_t>(n * each);
    const bool is_list = each == classes;
    labels.push_back(is_list ? std::max_element(first, first + static_cast<std::ptrdiff_t>(each)) -
                                   first
                             : static_cast<int64_t>(*first));
  }
  return labels;
}

std::vector<AttackResult> run_attacks(const graph::Graph& graph, const AttackData& data) {
  const program::OutputBoundary output = output_of(graph);
  classes_of(output);
  std::vector<AttackResult> results;
  Progress progress("attacks", soft::attacks().size());
  for (const soft::Attack& attack : soft::attacks()) {
    progress.at(results.size());
    const auto start = std::chrono::steady_clock::now();
    const graph::Graph made =
        soft::attacked(graph, attack, data.known, data.known_images, threads());
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    const std::vector<float> outputs =
        outputs_of(made, data.judged, static_cast<int64_t>(data.labels.size()));
    results.push_back({&attack,
                       static_cast<double>(count_correct(output, outputs, data.labels)) /
                           static_cast<double>(data.labels.size()),
                       took.count()});
  }
  return results;
}

std::string attack_table(const std::vector<AttackResult>& results) {
  size_t width = 0;
  for (const AttackResult& result : results) {
    width = std::max(width, std::string(result.attack->name).size());
  }
  std::string text =
      fmt::format("| {:<{}} | accuracy | seconds |\n| {:-<{}} | -------: | ------: |\n", "attack",
                  width, "", width);
  for (const AttackResult& result : results) {
    text += fmt::format("| {:<{}} | {:>6.1f} % | {:>7.1f} |\n", result.attack->name, width,
                        100 * result.accuracy, result.seconds);
  }
  return text;
}

nlohmann::ordered_json to_json(const std::vector<AttackResult>& results) {
  auto all = nlohmann::ordered_json::array();
  for (const AttackResult& result : results) {
    all.push_back({{"attack", result.attack->name},
                   {"weight_bits", result.attack->weight_bits},
                   {"activation_bits", result.attack->activation_bits},
                   {"accuracy", result.accuracy},
                   {"seconds", result.seconds}});
  }
  return all;
}

}  // namespace keyway::tool
