// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "common/interrupt.hpp"
#include "lock/cipher.hpp"
#include "lock/puf.hpp"
#include "tool/commands.hpp"
#include "tool/puf_options.hpp"
#include "tool/report.hpp"

namespace keyway::tool {

namespace {

using Json = nlohmann::ordered_json;
using lock::PufQuality;

constexpr double kDesignError = 0.10;  // that the code is made for
constexpr double kBiases[] = {0.45, 0.50, 0.55};
constexpr double kReliabilityBar = 0.98, kEvenBar = 0.5;

struct Options {
  std::string kind = default_puf_kind();
  double bias = 0.5;
  size_t devices = 1000, boots = 10;
  uint64_t seed = 1;
  lock::Environment environment;
  bool json = false;
};

struct Row {
  const char* name;
  const PufQuality::Measure& measure;
  double bar;
  const char* over;
};

std::vector<Row> rows(const PufQuality& quality) {
  return {{"uniqueness", quality.uniqueness, kEvenBar, "pairs of devices"},
          {"reliability", quality.reliability, kReliabilityBar, "boots"},
          {"uniformity", quality.uniformity, kEvenBar, "devices"},
          {"bit_aliasing", quality.bit_aliasing, kEvenBar, "cells"}};
}

Json to_json(const PufQuality& quality, const Options& options) {
  Json measures;
  for (const Row& row : rows(quality)) {
    measures[row.name] = {{"mean", row.measure.mean}, {"least", row.measure.least},
                          {"most", row.measure.most}, {"bar", row.bar},
                          {"over", row.over},         {"histogram", row.measure.histogram}};
  }
  Json entropy = Json::array();
  for (const double bias : kBiases)
    entropy.push_back({{"bias", bias}, {"bits", lock::entropy_left(bias)}});
  return {{"status", kSuccess},
          {"puf", options.kind},
          {"bias", options.bias},
          {"celsius", options.environment.celsius},
          {"volts", options.environment.volts},
          {"years", options.environment.years},
          {"devices", options.devices},
          {"cells", lock::kPufCells},
          {"measures", measures},
          {"boots", quality.boots},
          {"key_failures", quality.failures},
          {"design_bit_error", kDesignError},
          {"design_failure", lock::extraction_failure(kDesignError)},
          {"entropy_left", entropy}};
}

std::string to_text(const PufQuality& quality, const Options& options) {
  std::string text = fmt::format(
      "{} devices with {} cells ({}), read at {} degrees, {} of the supply, after {} years\n\n"
      "{:<14}{:>8}{:>8}{:>8}{:>8}   over\n",
      options.devices, lock::kPufCells, options.kind, options.environment.celsius,
      options.environment.volts, options.environment.years, "", "mean", "least", "most", "bar");
  for (const Row& row : rows(quality)) {
    text += fmt::format("{:<14}{:>8.4f}{:>8.4f}{:>8.4f}{:>8.2f}   {}\n", row.name, row.measure.mean,
                        row.measure.least, row.measure.most, row.bar, row.over);
  }
  text += fmt::format(
      "\nkeys: {} of {} boots failed; at {:.0f} % wrong cells a boot fails with probability "
      "{:.1e}\nentropy that helper data leave, at least, if cells are independent (average "
      "min-entropy, "
      "chain rule):",
      quality.failures, quality.boots, 100 * kDesignError, lock::extraction_failure(kDesignError));
  for (const double bias : kBiases)
    text += fmt::format(" {:.0f} bits at {:.0f} % ones,", lock::entropy_left(bias), 100 * bias);
  text.back() = '\n';
  return text;
}

void run(const Options& options) {
  const common::InterruptGuard guard;
  Progress progress("reading devices", options.devices);
  const lock::Key seed = lock::kdf(
      "quality",
      {lock::ByteView(reinterpret_cast<const uint8_t*>(&options.seed), sizeof(options.seed))});
  const PufQuality quality =
      lock::measure_quality(puf_kind(options.kind), options.bias, options.devices, options.boots,
                            options.environment, seed, [&](size_t done) { progress.at(done); });
  if (options.json)
    print_json(to_json(quality, options));
  else
    print_text(to_text(quality, options));
}

}  // namespace

void add_device_quality_command(CLI::App& device) {
  auto options = std::make_shared<Options>();
  auto* command = device.add_subcommand(
      "quality", "Measure the cells of many simulated devices: uniqueness, reliability, and so on");
  command->add_option("--devices", options->devices, "Number of devices")
      ->check(CLI::Range(size_t{2}, size_t{20'000}))
      ->capture_default_str();
  command->add_option("--boots", options->boots, "Boots of each after its enrolment")
      ->check(CLI::Range(size_t{1}, size_t{10'000}))
      ->capture_default_str();
  add_puf_option(*command, options->kind);
  command->add_option("--bias", options->bias, "Share of cells that read 1")->capture_default_str();
  add_environment_options(*command, options->environment);
  command->add_option("--seed", options->seed, "Another seed, other silicon")
      ->capture_default_str();
  command->add_flag("--json", options->json, "Print one JSON object, with histograms");
  command->footer(
      "Bars: devices differ in half of their cells, a boot reads 98 % of them as the enrolment "
      "did,\n"
      "half of a device's cells and half of the devices in a cell read 1. scripts/plots/puf.py\n"
      "draws what --json prints.");
  command->callback([options] { run(*options); });
}

}  // namespace keyway::tool
