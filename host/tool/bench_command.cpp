// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "arith/number_system.hpp"
#include "common/error.hpp"
#include "common/interrupt.hpp"
#include "common/printable.hpp"
#include "platform/kernel_model.hpp"
#include "platform/memory_options.hpp"
#include "tool/bench.hpp"
#include "tool/bench_report.hpp"
#include "tool/bench_suites.hpp"
#include "tool/commands.hpp"
#include "tool/report.hpp"

namespace keyway::tool {

namespace {

struct Options {
  BenchNetwork network;
  BenchOptions bench;
  std::string suite, data;
  std::vector<std::string> beside;  ///< CORE:FORMAT
  bool layers = false, cycles_only = false, json = false;
};

Suite networks_of(const Options& options) {
  if (options.network.model.empty() == options.suite.empty()) {
    throw Error(ErrorKind::kUsage, "give either a model with --calib, or --suite");
  }
  if (!options.suite.empty()) {
    if (!options.network.calibration.empty() || !options.network.input.empty() ||
        !options.network.labels.empty()) {
      throw Error(ErrorKind::kUsage,
                  "--calib, --input and --labels go with a model, not with --suite");
    }
    return find_suite(options.suite, options.data);
  }
  if (!options.data.empty()) throw Error(ErrorKind::kUsage, "--data goes with --suite");
  if (options.network.calibration.empty()) {
    throw Error(ErrorKind::kUsage, "--calib is needed: typical inputs to scale activations by");
  }
  if (!options.network.labels.empty() && options.network.input.empty()) {
    throw Error(ErrorKind::kUsage, "--labels needs --input");
  }
  BenchNetwork network = options.network;
  network.name = std::filesystem::path(network.model).stem().string();
  return {"", {network}, {}};
}

/// The options for every core; the first one is that of --core and --format.
std::vector<BenchOptions> cores_of(const Options& options) {
  std::vector<BenchOptions> cores{options.bench};
  cores.front().accuracy = !options.cycles_only;
  for (const std::string& text : options.beside) {
    const size_t colon = text.find(':');
    if (colon == std::string::npos) {
      throw Error(ErrorKind::kUsage,
                  "--beside " + common::printable(text) + " is not CORE:FORMAT, as 16x16-log:lns8");
    }
    cores.push_back(cores.front());
    cores.back().core = text.substr(0, colon);
    cores.back().format = text.substr(colon + 1);
  }
  for (const BenchOptions& each : cores) {  // what is missing is said now
    const program::CoreConfig core = program::core_from_name(each.core);
    const auto& system = arith::info(arith::number_system_from_name(each.format));
    static_cast<void>(platform::kernel_factory(each.core));
    if (system.runs_on(core.array_kind)) continue;
    throw Error(ErrorKind::kFit,
                "weights in " + each.format + " do not run on a core " + core.name());
  }
  return cores;
}

void run(const Options& options) {
  const Suite suite = networks_of(options);
  const std::vector<BenchOptions> cores = cores_of(options);
  const BenchOptions& bench = cores.front();
  const common::InterruptGuard guard;
  const std::string memory = platform::to_string(platform::parse_memory_options(bench.memory));
  std::vector<BenchResult> results, all;  // of the first core; of every network on every core
  for (const BenchNetwork& network : suite.networks) {
    for (const BenchOptions& core : cores) {
      all.push_back(measure(network, core));
      if (&core == &cores.front()) results.push_back(all.back());
    }
  }

  if (options.json) {
    nlohmann::ordered_json networks = nlohmann::ordered_json::array();
    for (size_t i = 0; i < all.size(); ++i) {
      auto json = to_json(all[i], options.layers);
      if (i % cores.size() == 0) {
        networks.push_back(std::move(json));
        if (cores.size() > 1) networks.back()["beside"] = nlohmann::ordered_json::array();
      } else {
        networks.back()["beside"].push_back(std::move(json));
      }
    }
    print_json({{"status", kSuccess},
                {"suite", suite.name.empty() ? nlohmann::ordered_json(nullptr)
                                             : nlohmann::ordered_json(suite.name)},
                {"target", "sim"},
                {"core", bench.core},
                {"format", bench.format},
                {"memory", memory},
                {"networks", networks}});
    return;
  }
  std::string text = bench_table(results);
  for (const std::string& note : suite.notes) text += "\n" + note + "\n";
  if (cores.size() > 1) text += "\n" + area_table(all);
  if (options.layers) {
    for (const BenchResult& result : results) {
      text +=
          fmt::format("\n{}, warm, layer by layer:\n\n", common::printable(result.network.name)) +
          layer_table(result);
    }
  }
  print_text(text);
}

}  // namespace

void add_bench_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand(
      "bench", "Measure cycles, lock overhead, traffic and accuracy of networks on the RTL");
  command->add_option("model", options->network.model, "The trained model (.onnx)");
  command->add_option("--calib", options->network.calibration,
                      "Typical inputs (.npy of float32, N first), as for compile");
  command->add_option("--input", options->network.input,
                      "Inputs for the accuracy (.npy of float32, N first)");
  command->add_option("--labels", options->network.labels, "Their labels (.npy of int64)");
  command->add_option("--suite", options->suite, "A set of networks (below)")
      ->check(CLI::IsMember(suite_names()));
  command->add_option("--data", options->data, "Folder with the suite's files (below)");
  command->add_option("--format", options->bench.format, "Number system of the weights")
      ->capture_default_str();
  command
      ->add_option("--core", options->bench.core,
                   "Core, which this build must have, lanes x depth: " + program::known_cores())
      ->capture_default_str();
  command->add_option("--beside", options->beside,
                      "Another core and number system to compare with at equal area, CORE:FORMAT; "
                      "may be given more than once");
  command->add_option("--memory", options->bench.memory,
                      "Memory model: latency=60,stall=0.0,seed=1");
  command->add_flag("--layers", options->layers, "A table of layers for each network too");
  command->add_flag("--cycles-only", options->cycles_only, "Leave out the accuracy");
  command->add_flag("--json", options->json, "One JSON object on stdout, nothing else");
  command->footer(
      "Cycles are of the sealed package, from kernel start to done, one input at a time, input "
      "read\n"
      "and output written included. Warm: weights are on chip; cold: all are loaded and unsealed.\n"
      "'in batches': cycles an input where a start has eight, the next input arriving while one "
      "is\n"
      "computed. 'lock' compares with the plain package of the same network. Inputs that are not "
      "labelled\n"
      "cost no accuracy; without --input the first calibration input runs.\n"
      "\n"
      "Suites, and the files of network STEM in the folder --data: STEM.onnx, STEM.calib.npy and, "
      "for\n"
      "the accuracy, STEM.test.npy and STEM.labels.npy.\n"
      "  zoo          fashion_mnist; comes with this program, needs no --data\n"
      "  mlperf-tiny  resnet20_cifar10 ic_resnet8 kws_dscnn vww_mobilenet ad_autoencoder\n"
      "               (ad_autoencoder.labels.npy: one label, 0 or 1, a clip; clips have equally "
      "many\n"
      "               windows)\n"
      "\n"
      "Cores are compared by cycles x area, of the whole core without its lock on UltraScale+ "
      "(rtl/README.md).\n"
      "A DSP counts as nothing, and as 50 LUTs.\n"
      "\n"
      "Ctrl-C ends the measurement with exit status 8.\n"
      "\n"
      "--layers: busy cycles, and stalls by cause. A cycle counts for the layer that the array "
      "works\n"
      "for or waits for; all rows add up to the inference. --json has the cold inference too.\n"
      "  tile      the next weights, parameters or decode table were not there\n"
      "  bank      a residual took the memory bank\n"
      "  frames    weights still come over the bus (cold)\n"
      "  rows      the input still comes over the bus\n"
      "  products  results of an earlier layer were still under way\n"
      "  empty     no instruction at hand\n"
      "  limit     the largest loss against ideal (useful products / multipliers); shape: channels "
      "or\n"
      "            taps do not fill the array");
  command->callback([options] { run(*options); });
}

}  // namespace keyway::tool
