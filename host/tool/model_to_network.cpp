// SPDX-License-Identifier: Apache-2.0
#include "tool/model_to_network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "common/error.hpp"
#include "common/integers.hpp"
#include "common/printable.hpp"
#include "compile/compile.hpp"
#include "graph/onnx_import.hpp"
#include "quantise/quantise.hpp"
#include "tool/report.hpp"
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
  command
      .add_option("model", options.model,
                  fmt::format("The trained model (.onnx, operator sets {} to {}; keyway operators)",
                              graph::kMinOpset, graph::kMaxOpset))
      ->required();
  command.add_option(
      "--calib", options.calibration,
      "Typical inputs (.npy of float32, N first; some hundred are plenty): activations "
      "are scaled by them. A quantised model whose file gives the ranges needs none");
  command
      .add_option("--format", options.format,
                  "Number system of the weights: " + arith::number_system_names())
      ->capture_default_str();
  command
      .add_option("--core", options.core,
                  "Core to compile for, lanes x depth: " + program::known_cores())
      ->capture_default_str();
  command.add_option("-o,--output", options.output, "The package (.kwp) to write")->required();
  command.add_flag("--json", options.json, "One JSON object on stdout: status, message, warnings");
}

namespace {

std::string summary(const program::Program& program,
                    const std::optional<quantise::Estimate>& estimate, const std::string& path) {
  std::string text = fmt::format(
      "{}: {} layers, {:.2f} million MACs, {} KiB of weights and program, core {}", path,
      program.layers.size(), static_cast<double>(program.macs) / 1e6,
      common::ceil_div(program.program_image.size() + program.weight_image.size(), 1024U),
      program.core.name());
  if (!estimate || !estimate->relative_error) return text;
  text += fmt::format(
      "; outputs {:.1f} % off float on the calibration inputs (root mean square of the "
      "differences, "
      "over the float outputs' deviation)",
      100 * *estimate->relative_error);
  if (estimate->agreement) {
    text += fmt::format(", the largest one the same on {:.1f} %", 100 * *estimate->agreement);
  }
  return text;
}

}  // namespace

LoadedModel load_model(const std::string& file, const std::string& calibration_file) {
  LoadedModel model{graph::import_onnx(file), {}, file, calibration_file};
  if (!calibration_file.empty()) {
    model.calibration = read_inputs(calibration_file, model.graph.input_layout.dims, -1);
  }
  return model;
}

BuiltNetwork build_network(const LoadedModel& model, const std::string& format,
                           const program::CoreConfig& core,
                           const std::function<void(uint8_t*, size_t)>& secret) {
  quantise::Options options;
  options.secret = secret;
  options.array_kind = core.array_kind;
  if (core.digit_passes()) options.digits_for = quantise::ArrayShape{core.lanes, core.depth};
  options.check_structure = [&core](const quantise::Network& structure) {
    compile::check_fit(structure, core);
  };
  std::optional<Progress> progress;
  std::string shown;
  options.progress = [&](const char* what, size_t done, size_t total) {
    if (!progress || shown != what) {
      progress.reset();
      progress.emplace(shown = what, total);
    }
    progress->at(done);
  };
  options.threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  BuiltNetwork built;
  const std::string& path = model.calibration_file;
  try {
    const bool calibrated = !path.empty();
    built.network =
        quantise::quantise(model.graph, calibrated ? model.calibration.values.data() : nullptr,
                           calibrated ? model.calibration.rows() : 0,
                           arith::number_system_from_name(format), options, &built.findings);
  } catch (const Error& e) {
    // What is wrong with values that the network computes comes from its inputs.
    if (e.kind() == ErrorKind::kUsage && path.empty())
      throw Error(e.kind(), "--calib is needed: " + model.file + " " + e.what());
    if (e.kind() != ErrorKind::kFile || path.empty()) throw;
    throw Error(e.kind(), path + ": " + e.what());
  }
  return built;
}

BuiltNetwork build_network(const std::string& model, const std::string& calibration,
                           const std::string& format, const program::CoreConfig& core,
                           const std::function<void(uint8_t*, size_t)>& secret) {
  arith::number_system_from_name(format);  // what it says of a wrong name goes first
  return build_network(load_model(model, calibration), format, core, secret);
}

void report(const program::Program& program, const quantise::Findings& findings,
            const ModelOptions& options) {
  const std::optional<quantise::Estimate>& estimate = findings.estimate;
  const std::string text = summary(program, estimate, options.output);
  fmt::print(stderr, "{}\n", common::printable(text, common::kAllShown));
  for (const std::string& warning : findings.warnings) warn(warning);
  if (!options.json) return;
  using Json = nlohmann::ordered_json;
  print_json(
      {{"status", kSuccess},
       {"message", text},
       {"warnings", findings.warnings},
       {"package", options.output},
       {"format", options.format},
       {"core", program.core.name()},
       {"layers", program.layers.size()},
       {"macs", program.macs},
       {"relative_error",
        estimate && estimate->relative_error ? Json(*estimate->relative_error) : Json(nullptr)},
       {"agreement",
        estimate && estimate->agreement ? Json(*estimate->agreement) : Json(nullptr)}});
}

}  // namespace keyway::tool
