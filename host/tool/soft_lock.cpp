// SPDX-License-Identifier: Apache-2.0
#include "tool/soft_lock.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <nlohmann/json.hpp>

#include "common/file.hpp"
#include "graph/onnx_export.hpp"
#include "lock/bytes.hpp"
#include "soft/scales.hpp"

namespace keyway::tool {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kMostOctaves = 16;

bool asks_for(const SoftOptions& options, const char* lock) {
  return std::find(options.locks.begin(), options.locks.end(), lock) != options.locks.end();
}

}  // namespace

void add_soft_options(CLI::App& command, SoftOptions& options) {
  auto* soft =
      command
          .add_option("--soft", options.locks,
                      "Lock the float network softly too: scales (a random scale for every "
                      "channel)")
          ->delimiter(',')
          ->check(CLI::IsMember({"scales"}));
  command
      .add_option("--soft-octaves", options.octaves, "Random scales are 2^-OCTAVES to 2^OCTAVES")
      ->check(CLI::Range(0.0, kMostOctaves))
      ->needs(soft)
      ->capture_default_str();
  command
      .add_option("--emit-onnx", options.emit,
                  "Write the softly locked float model (.onnx), for other tools to try")
      ->needs(soft);
  command.add_option("--soft-report", options.report, "Write what was done (.json)")->needs(soft);
}

void lock_softly(LoadedModel& model, const SoftOptions& options) {
  Json report{{"soft", options.locks}};
  if (asks_for(options, "scales")) {
    const soft::ScaleReport done =
        soft::scale_channels(model.graph, options.octaves, lock::fill_random);
    report["scales"] = {
        {"octaves", options.octaves}, {"groups", done.groups}, {"scaled", done.scaled}};
  }
  if (!options.emit.empty()) {
    common::write_file(options.emit, graph::export_onnx(model.graph, model.file));
  }
  if (!options.report.empty()) common::write_file(options.report, report.dump(2) + "\n");
}

}  // namespace keyway::tool
