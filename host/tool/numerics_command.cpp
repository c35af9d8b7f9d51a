// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "common/error.hpp"
#include "common/interrupt.hpp"
#include "common/printable.hpp"
#include "tool/bench_suites.hpp"
#include "tool/commands.hpp"
#include "tool/numerics.hpp"
#include "tool/report.hpp"

namespace keyway::tool {

namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::string data, keep;
  std::vector<std::string> formats;
  bool products_only = false, tune = false, json = false;
};

std::string stem(const BenchNetwork& network) {
  return std::filesystem::path(network.model).stem().string();
}

std::string share(const BenchNetwork& network, double accuracy) {
  return network.metric == Metric::kAuc ? fmt::format("{:.3f}", accuracy)
                                        : fmt::format("{:.2f}", 100 * accuracy);
}

constexpr const char* kProductsHead =
    "| system | array       | values | octaves |   worst |    mean | entropy of codes |\n"
    "| ------ | ----------- | -----: | ------: | ------: | ------: | ---------------: |\n";

std::string products_row(const Arithmetic& arithmetic, const ProductFigures& figures) {
  return fmt::format(
      "| {:<6} | {:<11} | {:>6} | {:>7.1f} | {:>5.1f} % | {:>5.2f} % | {:>16} |\n",
      arithmetic.system.name, arithmetic.kind.name, figures.values, figures.octaves,
      100 * figures.worst, 100 * figures.mean,
      fmt::format("{:.2f} of {} bits", figures.code_entropy, arithmetic.system.code_bits));
}

std::string networks_row(const std::string& system, const std::string& kind,
                         const std::vector<BenchNetwork>& networks,
                         const std::vector<std::string>& cells) {
  std::string text = fmt::format("| {:<6} | {:<11} |", system, kind);
  for (size_t n = 0; n < networks.size(); ++n) {
    text += fmt::format(" {:>{}} |", cells[n], std::max<size_t>(stem(networks[n]).size(), 14));
  }
  return text + '\n';
}

Json to_json(const Arithmetic& arithmetic, const ProductFigures& figures) {
  return {{"system", arithmetic.system.name},
          {"array_kind", arithmetic.kind.name},
          {"values", figures.values},
          {"octaves", figures.octaves},
          {"relative_error", {{"worst", figures.worst}, {"mean", figures.mean}}},
          {"code_bits", arithmetic.system.code_bits},
          {"code_entropy", figures.code_entropy}};
}

void run(const Options& options) {
  const std::vector<Arithmetic> all = arithmetics(options.formats);
  if (!options.data.empty() && !std::filesystem::is_directory(options.data)) {
    throw Error(ErrorKind::kFile, options.data + ": is no folder");
  }
  const std::vector<BenchNetwork> networks = networks_at_hand(options.data);
  for (const BenchNetwork& network : networks) {
    if (network.labels.empty()) {
      throw Error(ErrorKind::kFile, network.model + ": there are no inputs with labels beside it");
    }
  }
  const KeptResults kept(options.keep);
  const NetworkMeter meter(kept, options.tune);
  const common::InterruptGuard guard;
  // Rows appear as they come: all of them take their time.
  const auto show = [&](const std::string& text) {
    if (!options.json) print_text(text);
  };
  Json systems = Json::array(), results = Json::array();
  show(kProductsHead);
  for (const Arithmetic& arithmetic : all) {
    const ProductFigures figures = measure_products(arithmetic);
    show(products_row(arithmetic, figures));
    systems.push_back(to_json(arithmetic, figures));
  }
  if (!options.products_only) {
    std::vector<std::string> names, rules, cells;
    for (const BenchNetwork& network : networks) {
      names.push_back(stem(network));
      rules.push_back(std::string(std::max<size_t>(names.back().size(), 14) - 1, '-') + ":");
    }
    show("\n" + networks_row("system", "array", networks, names) +
         networks_row("------", "-----------", networks, rules));
    for (const BenchNetwork& network : networks) {
      const Accuracy accuracy = meter.in_float(network);
      cells.push_back(share(network, accuracy.value));
      results.push_back({{"name", network.name},
                         {"stem", stem(network)},
                         {"metric", network.metric == Metric::kAuc ? "auc" : "top_1"},
                         {"labels", accuracy.labels},
                         {"float", accuracy.value},
                         {"systems", Json::array()}});
    }
    show(networks_row("float", "", networks, cells));
    for (const Arithmetic& arithmetic : all) {
      for (size_t n = 0; n < networks.size(); ++n) {
        const NetworkFigures figures = meter.measure(networks[n], arithmetic);
        cells[n] = share(networks[n], figures.accuracy);
        if (figures.tuned) cells[n] += ", " + share(networks[n], *figures.tuned);
        results[n]["systems"].push_back(
            {{"system", arithmetic.system.name},
             {"array_kind", arithmetic.kind.name},
             {"accuracy", figures.accuracy},
             {"tuned", figures.tuned ? Json(*figures.tuned) : Json(nullptr)},
             {"code_entropy", figures.code_entropy}});
      }
      show(networks_row(arithmetic.system.name, arithmetic.kind.name, networks, cells));
    }
  }
  if (options.json) {
    print_json({{"status", kSuccess}, {"systems", systems}, {"networks", results}});
  }
}

}  // namespace

void add_numerics_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand(
      "numerics", "Compare the number systems: errors of products, ranges, accuracy of networks");
  command->add_option("--data", options->data,
                      "Folder with networks, named as for bench; without it, the zoo's alone");
  command->add_option("--format", options->formats,
                      "Only this number system (may be given several times)");
  auto* keep = command->add_option(
      "--keep", options->keep,
      "Folder for the networks' figures: a run that was interrupted goes on where it was");
  command
      ->add_flag("--tune", options->tune,
                 "Tune models that are not in the folder, as keyway tune does, into that of --keep")
      ->needs(keep);
  command->add_flag("--products-only", options->products_only, "Leave out the networks");
  command->add_flag("--json", options->json, "One JSON object on stdout, nothing else");
  command->footer(
      "First table, of products with normally distributed weights, errors relative to weight "
      "times\n"
      "activation: the values that a weight may have in the array, octaves from the smallest\n"
      "magnitude to the largest, the worst error of a weight of 1/8 to 2 standard deviations with\n"
      "the nearest value, the mean error of all weights as they are coded, entropy of their "
      "codes.\n"
      "Second table: accuracy in percent (area under the curve where that is the metric) of float\n"
      "and of each system after calibration alone; behind a comma that of the model\n"
      "STEM.FORMAT.onnx in the folder, as keyway tune STEM.onnx --format FORMAT -o makes it.\n"
      "--tune makes them from STEM.train.npy and STEM.train.labels.npy there, or from the float\n"
      "network's answers to STEM.calib.npy. What --keep has is measured again where the model, "
      "the\n"
      "data or this program are others.\n"
      "Arrays are 16 x 16. --json has the entropy of the codes of each locked network's largest\n"
      "tensor too. Rows appear as they come; Ctrl-C ends with exit status 8.");
  command->callback([options] { run(*options); });
}

}  // namespace keyway::tool
