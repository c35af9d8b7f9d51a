// SPDX-License-Identifier: Apache-2.0
#include "tool/soft_lock.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <nlohmann/json.hpp>
#include <thread>

#include "common/file.hpp"
#include "common/interrupt.hpp"
#include "graph/onnx_export.hpp"
#include "lock/bytes.hpp"
#include "soft/decoys.hpp"
#include "soft/scales.hpp"
#include "tool/soft_attacks.hpp"

namespace keyway::tool {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kMostOctaves = 16;
constexpr int64_t kMostImages = 256;  ///< that tell which channels matter

/// `quant` stands for both.
bool asks_for(const SoftOptions& options, const char* lock) {
  return std::any_of(options.locks.begin(), options.locks.end(),
                     [lock](const std::string& one) { return one == lock || one == "quant"; });
}

Json add_decoys(LoadedModel& model, const program::CoreConfig& core, const SoftOptions& options) {
  soft::DecoyOptions settings;
  settings.octaves = options.decoy_octaves;
  settings.lanes = std::max(core.lanes, core.depth);
  settings.threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  const bool calibrated = !model.calibration_file.empty();
  const soft::DecoyReport done =
      soft::add_decoys(model.graph, calibrated ? model.calibration.values.data() : nullptr,
                       calibrated ? std::min<int64_t>(kMostImages, model.calibration.rows()) : 0,
                       settings, lock::fill_random);
  return {{"octaves", options.decoy_octaves},
          {"tensors", done.tensors},
          {"freed", done.tensors - done.added},
          {"added", done.added}};
}

/// The network's own answers, where it gives classes and inputs are at hand.
AttackData attack_data(const LoadedModel& model) {
  AttackData data;
  if (model.calibration_file.empty() || !has_classes(model.graph)) return data;
  data.known = data.judged = model.calibration.values.data();
  data.known_images = std::min(kMostImages, model.calibration.rows());
  data.labels = answers(model.graph, data.judged, data.known_images);
  return data;
}

Json attack(const graph::Graph& graph, const AttackData& data) {
  const std::vector<AttackResult> results = run_attacks(graph, data);
  const auto strongest = std::max_element(
      results.begin(), results.end(),
      [](const AttackResult& a, const AttackResult& b) { return a.accuracy < b.accuracy; });
  fmt::print(
      stderr,
      "soft lock: the strongest of {} attacks ({}) answers as the float model on {:.1f} % of "
      "{} calibration inputs\n",
      results.size(), strongest->attack->name, 100 * strongest->accuracy, data.labels.size());
  return to_json(results);
}

}  // namespace

void add_soft_options(CLI::App& command, SoftOptions& options) {
  auto* soft =
      command
          .add_option("--soft", options.locks,
                      "Lock the float network softly too, by a list of: scales (random ones of "
                      "channels), decoys (channels that are always zero, of large weights), quant "
                      "(both)")
          ->delimiter(',')
          ->check(CLI::IsMember({"scales", "decoys", "quant"}));
  command
      .add_option("--soft-octaves", options.octaves, "Random scales are 2^-OCTAVES to 2^OCTAVES")
      ->check(CLI::Range(0.0, kMostOctaves))
      ->needs(soft)
      ->capture_default_str();
  command
      .add_option("--decoy-octaves", options.decoy_octaves,
                  "Weights of decoys are 2^OCTAVES times the others")
      ->check(CLI::Range(0.0, kMostOctaves))
      ->needs(soft)
      ->capture_default_str();
  command
      .add_option("--emit-onnx", options.emit,
                  "Write the softly locked float model (.onnx), for other tools to try")
      ->needs(soft);
  command
      .add_option("--soft-report", options.report,
                  "Write what was done and what attacks on it reach (.json)")
      ->needs(soft);
}

Json lock_softly(LoadedModel& model, const program::CoreConfig& core, const SoftOptions& options) {
  Json report{{"soft", options.locks}};
  const common::InterruptGuard guard;
  AttackData data;
  if (!options.report.empty()) data = attack_data(model);
  if (asks_for(options, "decoys")) report["decoys"] = add_decoys(model, core, options);
  if (asks_for(options, "scales")) {
    const soft::ScaleReport done =
        soft::scale_channels(model.graph, options.octaves, lock::fill_random);
    report["scales"] = {
        {"octaves", options.octaves}, {"groups", done.groups}, {"scaled", done.scaled}};
  }
  if (!options.emit.empty()) {
    common::write_file(options.emit, graph::export_onnx(model.graph, model.file));
  }
  if (!data.labels.empty()) report["attacks"] = attack(model.graph, data);
  return report;
}

void write_soft_report(Json report, const quantise::Findings& findings,
                       const SoftOptions& options) {
  if (options.report.empty()) return;
  const auto& estimate = findings.estimate;
  report["agreement"] = estimate && estimate->agreement ? Json(*estimate->agreement) : Json();
  common::write_file(options.report, report.dump(2) + "\n");
}

}  // namespace keyway::tool
