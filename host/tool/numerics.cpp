// SPDX-License-Identifier: Apache-2.0
#include "tool/numerics.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>
#include <thread>

#include "arith/mit8.hpp"
#include "common/error.hpp"
#include "compile/compile.hpp"
#include "driver/companions.hpp"
#include "driver/session_internals.hpp"
#include "graph/execute.hpp"
#include "graph/onnx_import.hpp"
#include "lock/package.hpp"
#include "program/array_kind.hpp"
#include "tool/model_to_network.hpp"
#include "tool/normal_weights.hpp"
#include "tool/tensors.hpp"
#include "tool/tuner.hpp"

namespace keyway::tool {

namespace {

constexpr const char* kSize = "16x16";  ///< of the cores
constexpr int kSizes = 10'000;          ///< of weights that the worst error is sought among

double entropy(const std::vector<uint8_t>& codes) {
  std::array<size_t, 256> counts{};
  for (const uint8_t code : codes) ++counts[code];
  double bits = 0;
  for (const size_t count : counts) {
    const double share = static_cast<double>(count) / static_cast<double>(codes.size());
    if (count > 0) bits -= share * std::log2(share);
  }
  return bits;
}

std::vector<int32_t> every_activation() {
  std::vector<int32_t> all(arith::kMostActivation);
  std::iota(all.begin(), all.end(), 1);
  return all;
}

program::CoreConfig core_of(const Arithmetic& arithmetic) {
  const std::string suffix = arithmetic.kind.suffix;
  return program::core_from_name(kSize + (suffix.empty() ? "" : "-" + suffix));
}

/// A plain package's accuracy, of a network that is quantised.
Accuracy accuracy_of(const BenchNetwork& network, const quantise::Network& quantised,
                     const program::CoreConfig& core) {
  const driver::Package package(lock::make_plain_package(compile::compile(quantised, core)),
                                network.name);
  return measure_accuracy(network, package, read_inputs(network.input, package.input_dims(), -1));
}

/// STEM.ENDING beside STEM.onnx.
std::string beside(const std::string& model, const std::string& ending) {
  return std::filesystem::path(model).replace_extension(ending).string();
}

/// Those that may lie in files beside the model's too.
std::string weights_of(const graph::Graph& graph) {
  std::string bytes;
  for (const graph::Node& node : graph.nodes) {
    for (const auto* values : {&node.weights, &node.bias}) {
      bytes.append(reinterpret_cast<const char*>(values->data()), values->size() * sizeof(float));
    }
  }
  return bytes;
}

/// Of everything that figures of a network depend on.
Fingerprint files_of(const BenchNetwork& network, const graph::Graph& graph) {
  Fingerprint files;
  files.add_this_program().add(weights_of(graph));
  for (const std::string* path :
       {&network.model, &network.calibration, &network.input, &network.labels}) {
    files.add_file(*path);
  }
  return files;
}

}  // namespace

std::vector<Arithmetic> arithmetics(const std::vector<std::string>& systems) {
  std::set<arith::NumberSystem> wanted;
  for (const std::string& name : systems) wanted.insert(arith::number_system_from_name(name));
  std::vector<Arithmetic> all;
  for (const arith::NumberSystemInfo& system : arith::number_systems()) {
    if (!wanted.empty() && wanted.count(system.system) == 0) continue;
    for (const contract::ArrayKindInfo& kind : program::array_kinds()) {
      if (system.runs_on(kind.kind)) all.push_back({system, kind});
    }
  }
  return all;
}

ProductFigures measure_products(const Arithmetic& arithmetic) {
  const arith::NumberSystemInfo& system = arithmetic.system;
  arith::WeightProblem problem = normal_weights(arithmetic.kind.kind);
  if (system.has_corrections) problem.table = arith::mit8::best_corrections();
  const arith::Coding coding = system.encode(problem);
  const arith::Operands operands =
      system.operands(system.table_of(coding.operands), arithmetic.kind.kind);

  ProductFigures figures;
  std::map<double, uint8_t> values;
  double least = HUGE_VAL, most = 0;
  for (uint32_t code = 0; code < system.codes(); ++code) {
    const double value = coding.step[0] * operands[code];
    values.emplace(value, static_cast<uint8_t>(code));
    if (value == 0) continue;
    least = std::min(least, std::abs(value));
    most = std::max(most, std::abs(value));
  }
  figures.values = values.size();
  figures.octaves = std::log2(most / least);
  // The activation is a factor of product and error, unless products are corrected.
  const std::vector<int32_t> activations =
      system.has_corrections ? every_activation() : std::vector<int32_t>{1};
  const auto made = [&](uint8_t code, int32_t x) {
    const double product = system.has_corrections ? system.product(code, x, problem.table)
                                                  : static_cast<double>(operands[code]) * x;
    return coding.step[0] * product / x;
  };
  const auto error = [&](uint8_t code, double weight, int32_t x) {
    return std::abs(made(code, x) / weight - 1);
  };
  const auto worst = [&](uint8_t code, double weight) {
    double most_error = 0;
    for (const int32_t x : activations) most_error = std::max(most_error, error(code, weight, x));
    return most_error;
  };
  for (int k = 0; k <= kSizes; ++k) {
    const double size = kSmall * std::pow(kLarge / kSmall, static_cast<double>(k) / kSizes);
    for (const double weight : {-size, size}) {
      const auto above = values.lower_bound(weight);
      double nearest = HUGE_VAL;
      if (above != values.end()) nearest = worst(above->second, weight);
      if (above != values.begin()) {
        nearest = std::min(nearest, worst(std::prev(above)->second, weight));
      }
      figures.worst = std::max(figures.worst, nearest);
    }
  }
  for (size_t k = 0; k < coding.codes.size(); ++k) {
    for (const int32_t x : activations) {
      figures.mean += error(coding.codes[k], problem.weights[k], x) /
                      static_cast<double>(coding.codes.size() * activations.size());
    }
  }
  figures.code_entropy = entropy(coding.codes);
  return figures;
}

Accuracy NetworkMeter::in_float(const BenchNetwork& network) const {
  const graph::Graph graph = graph::import_onnx(network.model);
  const std::string name = files_of(network, graph).add("float").name();
  if (const auto found = kept_.find(name)) return {found->at("accuracy"), found->at("labels")};
  const auto inputs = read_inputs(network.input, graph.input_layout.dims, -1);
  graph::ExecuteOptions options;
  options.threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  const std::vector<float> outputs =
      graph::execute(graph, inputs.values.data(), inputs.rows(), options);
  // What judges looks at the output's shape alone, which is every package's of the network.
  const program::CoreConfig core = program::core_from_name(kSize);
  const program::Program program = compile::compile(
      build_network(network.model, network.calibration, default_format(false), core).network, core);
  const auto labels = read_metric_labels(network, program, static_cast<size_t>(inputs.rows()));
  const Accuracy accuracy{judge(network.metric, program, inputs.values, outputs, labels),
                          labels.size()};
  kept_.keep(
      name, {{"network", network.name}, {"accuracy", accuracy.value}, {"labels", accuracy.labels}});
  return accuracy;
}

std::string NetworkMeter::tuned(const BenchNetwork& network,
                                const arith::NumberSystemInfo& system) const {
  const std::string given = beside(network.model, std::string(system.name) + ".onnx");
  if (std::filesystem::exists(given)) return given;
  if (!tunes_) return "";
  TuneOptions options;
  options.model = network.model;
  options.format = system.name;
  options.inputs = beside(network.model, "train.npy");
  options.labels = beside(network.model, "train.labels.npy");
  if (!std::filesystem::exists(options.inputs)) options.inputs = network.calibration;
  if (!std::filesystem::exists(options.labels)) options.labels = "";
  const std::string name = Fingerprint()
                               .add(weights_of(graph::import_onnx(network.model)))
                               .add_file(network.model)
                               .add_file(options.inputs)
                               .add_file(options.labels)
                               .add_file(driver::tune_program())
                               .add(system.name)
                               .name();
  options.output = kept_.path(name + ".onnx");
  if (std::filesystem::exists(options.output)) return options.output;
  options.resume = std::filesystem::exists(options.checkpoint_file());
  run_tuner(options);
  return options.output;
}

NetworkFigures NetworkMeter::measure(const BenchNetwork& network,
                                     const Arithmetic& arithmetic) const {
  const std::string tuned_model = tuned(network, arithmetic.system);
  Fingerprint fingerprint = files_of(network, graph::import_onnx(network.model));
  fingerprint.add(arithmetic.system.name).add(arithmetic.kind.name).add(kSize);
  if (!tuned_model.empty()) {
    fingerprint.add(weights_of(graph::import_onnx(tuned_model))).add_file(tuned_model);
  }
  const std::string name = fingerprint.name();
  NetworkFigures figures;
  if (const auto found = kept_.find(name)) {
    figures.accuracy = found->at("accuracy");
    figures.code_entropy = found->at("code_entropy");
    if (!found->at("tuned").is_null()) figures.tuned = found->at("tuned").get<double>();
    return figures;
  }
  const program::CoreConfig core = core_of(arithmetic);
  const char* format = arithmetic.system.name;
  const auto quantised = [&](const std::string& model) {
    return build_network(model, network.calibration, format, core).network;
  };
  const quantise::Network calibrated = quantised(network.model);
  figures.accuracy = accuracy_of(network, calibrated, core).value;
  // A lock permutes codes, which leaves the entropy as it is.
  const auto largest = std::max_element(
      calibrated.layers.begin(), calibrated.layers.end(),
      [](const auto& a, const auto& b) { return a.codes.size() < b.codes.size(); });
  figures.code_entropy = entropy(largest->codes);
  if (!tuned_model.empty()) {
    figures.tuned = accuracy_of(network, quantised(tuned_model), core).value;
  }
  kept_.keep(name, {{"network", network.name},
                    {"system", format},
                    {"array_kind", arithmetic.kind.name},
                    {"accuracy", figures.accuracy},
                    {"tuned", figures.tuned ? nlohmann::ordered_json(*figures.tuned)
                                            : nlohmann::ordered_json(nullptr)},
                    {"code_entropy", figures.code_entropy}});
  return figures;
}

}  // namespace keyway::tool
