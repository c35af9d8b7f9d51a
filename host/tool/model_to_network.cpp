// SPDX-License-Identifier: Apache-2.0
#include "tool/model_to_network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <thread>

#include "common/error.hpp"
#include "common/integers.hpp"
#include "common/printable.hpp"
#include "compile/compile.hpp"
#include "graph/onnx_import.hpp"
#include "quantise/quantise.hpp"
#include "tool/tensors.hpp"

namespace keyway::tool {

std::string default_format(bool locked) {
  const auto& systems = arith::number_systems();
  const auto found = std::find_if(systems.begin(), systems.end(), [locked](const auto& system) {
    return system.equally_likely || !locked;
  });
  return (found == systems.end() ? systems.front() : *found).name;
}

void add_model_options(CLI::App& command, ModelOptions& options) {
  std::string formats;
  for (const auto& system : arith::number_systems()) {
    formats += std::string(formats.empty() ? "" : ", ") + system.name;
  }
  command
      .add_option("model", options.model,
                  fmt::format("The trained model (.onnx, operator sets {} to {}; keyway operators)",
                              graph::kMinOpset, graph::kMaxOpset))
      ->required();
  command.add_option(
      "--calib", options.calibration,
      "Typical inputs (.npy of float32, N first; some hundred are plenty): activations "
      "are scaled by them. A quantised model whose file gives the ranges needs none");
  command.add_option("--format", options.format, "Number system of the weights: " + formats)
      ->capture_default_str();
  command
      .add_option("--core", options.core,
                  "Core to compile for, lanes x depth: " + program::known_cores())
      ->capture_default_str();
  command.add_option("-o,--output", options.output, "The package (.kwp) to write")->required();
}

namespace {

/// What is wrong with values that the network computes comes from its inputs.
quantise::Network quantised(const graph::Graph& graph, const common::NpyArray<float>& calibration,
                            arith::NumberSystem system, const program::CoreConfig& core,
                            const std::string& model, const std::string& path) {
  quantise::Options options;
  options.check_structure = [&core](const quantise::Network& structure) {
    compile::check_fit(structure, core);
  };
  options.threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  try {
    if (path.empty()) return quantise::quantise(graph, nullptr, 0, system, options);
    return quantise::quantise(graph, calibration.values.data(), calibration.rows(), system,
                              options);
  } catch (const Error& e) {
    if (e.kind() == ErrorKind::kUsage)
      throw Error(e.kind(), "--calib is needed: " + model + " " + e.what());
    if (e.kind() != ErrorKind::kFile || path.empty()) throw;
    throw Error(e.kind(), path + ": " + e.what());
  }
}

}  // namespace

quantise::Network build_network(const std::string& model, const std::string& calibration_file,
                                const std::string& format, const program::CoreConfig& core) {
  const auto system = arith::number_system_from_name(format);
  const graph::Graph graph = graph::import_onnx(model);
  common::NpyArray<float> calibration;
  if (!calibration_file.empty()) {
    calibration = read_inputs(calibration_file, graph.input_layout.dims, -1);
  }
  return quantised(graph, calibration, system, core, model, calibration_file);
}

void describe(const program::Program& program, const std::string& path) {
  fmt::print(stderr, "{}: {} layers, {:.2f} million MACs, {} KiB of weights and program, core {}\n",
             common::printable(path), program.layers.size(),
             static_cast<double>(program.macs) / 1e6,
             common::ceil_div(program.program_image.size() + program.weight_image.size(), 1024U),
             program.core.name());
}

}  // namespace keyway::tool
