// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/error.hpp"
#include "common/file.hpp"
#include "common/interrupt.hpp"
#include "driver/package_facts.hpp"
#include "driver/session_internals.hpp"
#include "driver/targets.hpp"
#include "program/boundary.hpp"
#include "program/program.hpp"
#include "tool/commands.hpp"
#include "tool/file_checks.hpp"
#include "tool/recording.hpp"
#include "tool/report.hpp"
#include "tool/tensors.hpp"

namespace keyway::tool {

namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::string package, licence, input, labels, output;
  int64_t limit = -1;
  driver::TargetOptions target;
  bool json = false;
};

/// Cycles from start to done: of the first input, of inputs one at a time, of batches.
struct Cycles {
  struct Mean {
    uint64_t sum = 0, inputs = 0;
    std::optional<double> value() const {
      if (inputs == 0) return std::nullopt;
      return static_cast<double>(sum) / static_cast<double>(inputs);
    }
  };
  bool measured = false;
  uint64_t cold = 0, open = 0;
  Mean warm, batch;

  void add(const driver::StartCounters& start) {
    const uint64_t total = driver::value(start.counters, contract::Counter::kTotal);
    if (!std::exchange(measured, true)) {
      cold = total;
      return;
    }
    Mean& mean = start.inputs == 1 ? warm : batch;
    mean.sum += total;
    mean.inputs += start.inputs;
  }
};

template <typename T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json counters_json(const driver::Counters& counters) {
  Json json;
  for (size_t i = 0; i < counters.size(); ++i) json[contract::kCounters[i].name] = counters[i];
  return json;
}

/// What the user should hear of inputs that do not lie where the calibration inputs did.
std::vector<std::string> remarks(const program::InputFit& fit) {
  constexpr double kManyBeyond = 0.01;
  constexpr uint64_t kFewValues = 64;
  constexpr int kNearlyOne = 2;
  std::vector<std::string> all;
  const auto values = static_cast<double>(fit.values);
  if (const auto beyond = static_cast<double>(fit.beyond); beyond > kManyBeyond * values) {
    all.push_back(fmt::format(
        "{} of {} input values ({:.1f} %) lie outside of the range that the package was calibrated "
        "for, and count as its ends: are they scaled as the calibration inputs were?",
        fit.beyond, fit.values, 100 * beyond / values));
  }
  if (fit.values >= kFewValues && fit.highest - fit.lowest <= kNearlyOne) {
    all.push_back(fmt::format(
        "all {} input values fall on {} of the {} steps of the range that the package was "
        "calibrated for: are they scaled as the calibration inputs were?",
        fit.values, fit.highest - fit.lowest + 1, fit.steps));
  }
  return all;
}

void print_summary(const Json& r) {
  std::string text = fmt::format("target       {}\ninputs       {}\n",
                                 r["target"].get<std::string>(), r["inputs"].get<size_t>());
  if (const auto values = r["saturated_values"].get<uint64_t>(); values > 0) {
    text += fmt::format("saturated    {} values of {} inputs, outside of the calibrated range\n",
                        values, r["saturated_inputs"].get<uint64_t>());
  }
  const auto line = [&](const char* name, const char* field, const char* format, double factor) {
    if (!r[field].is_null()) {
      text += fmt::format("{:<12} ", name) +
              fmt::format(fmt::runtime(format), r[field].get<double>() * factor) + "\n";
    }
  };
  line("accuracy", "accuracy", "{:.2f} %", 100);
  line("cold", "cycles_cold", "{:.0f} cycles, weights loaded and unsealed", 1);
  line("warm", "cycles_warm", "{:.0f} cycles an input", 1);
  line("batch", "cycles_batch", "{:.0f} cycles an input, inputs overlapping", 1);
  line("open", "cycles_open", "{:.0f} cycles, once: memories cleared, keys derived", 1);
  line("utilisation", "utilisation", "{:.1f} % of the multipliers", 100);
  line("time", "seconds", "{:.2f} s", 1);
  print_text(text);
}

void run(const Options& options) {
  check_files({{"the package", options.package},
               {"--device", options.target.device},
               {"--class", options.target.class_file},
               {"--licence", options.licence},
               {"--input", options.input},
               {"--labels", options.labels},
               {"--xclbin", options.target.xclbin}},
              {{"--output", options.output},
               {"--trace", options.target.trace},
               {"--wave", options.target.wave}});
  const driver::Package package(options.package);
  driver::Licence licence;
  if (!options.licence.empty()) licence = driver::read_licence(options.licence);
  if (package.locked() && options.target.device.empty() && options.target.target != "hw") {
    throw Error(ErrorKind::kRefused,
                "refused: the package is locked, and needs --device (the device) and --licence "
                "(its licence)");
  }

  const auto inputs = read_inputs(options.input, package.input_dims(), options.limit);
  const auto count = static_cast<size_t>(inputs.rows());
  std::vector<int64_t> labels;
  if (!options.labels.empty()) {
    labels = read_labels(options.labels, count, classes_of(driver::description(package).output));
  }

  const program::InputFit fit =
      program::fit(driver::description(package).input, inputs.values.data(), inputs.rows());
  const std::vector<std::string> warnings = remarks(fit);
  for (const std::string& warning : warnings) warn(warning);

  // Now, not after the run: what cannot be written is said before any work.
  std::optional<common::AtomicFile> output;
  if (!options.output.empty()) output.emplace(options.output);
  Recording trace(options.target.trace, common::FileMode::kPublic);
  Recording wave(options.target.wave, common::FileMode::kSecret);
  if (!options.target.wave.empty() && wave.aside() == options.target.wave) {
    throw Error(ErrorKind::kFile,
                options.target.wave + ": is no ordinary file, which a waveform needs");
  }
  driver::TargetOptions target = options.target;
  target.trace = trace.aside();
  target.wave = wave.aside();
  const common::InterruptGuard guard;
  const program::CoreConfig& core = driver::description(package).core;
  auto device = driver::make_accelerator(target, core);
  const auto before = std::chrono::steady_clock::now();
  driver::Session session = driver::open_session(package, licence, std::move(device));
  Progress progress("inputs", count);
  driver::Outputs outputs =
      session.run(inputs.values, {target.batch, [&](size_t done) { progress.at(done); }});
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - before;
  try {
    session.close();
  } catch (const Error& e) {
    throw Error(e.kind(), wave.named(trace.named(e.what())));
  }

  std::optional<double> accuracy;
  if (!labels.empty()) {
    accuracy = static_cast<double>(
                   count_correct(driver::description(package).output, outputs.values, labels)) /
               static_cast<double>(count);
  }
  if (output) {
    common::NpyArray<float> array;
    array.shape = {static_cast<int64_t>(count)};
    const auto& dims = package.output_dims();
    array.shape.insert(array.shape.end(), dims.begin(), dims.end());
    array.values = std::move(outputs.values);
    common::write_npy(*output, array);
  }
  trace.commit();
  wave.commit();
  if (output) output->commit();

  Cycles cycles;
  for (const driver::StartCounters& start : outputs.starts) cycles.add(start);
  if (const auto& open = session.open_counters()) {
    cycles.open = driver::value(*open, contract::Counter::kTotal);
  }
  const auto warm = cycles.warm.value();
  std::optional<double> utilisation;
  if (warm) {
    utilisation = static_cast<double>(package.macs()) /
                  (static_cast<double>(core.lanes) * core.depth * *warm);
  }
  const Json result{
      {"status", kSuccess},
      {"warnings", warnings},
      {"target", options.target.target},
      {"lanes", core.lanes},
      {"depth", core.depth},
      {"inputs", count},
      {"saturated_inputs", fit.inputs_beyond},
      {"saturated_values", fit.beyond},
      {"accuracy", or_null(accuracy)},
      {"macs", package.macs()},
      {"cycles_cold", cycles.measured ? Json(cycles.cold) : Json(nullptr)},
      {"cycles_warm", or_null(warm)},
      {"cycles_batch", or_null(cycles.batch.value())},
      {"cycles_open", cycles.measured ? Json(cycles.open) : Json(nullptr)},
      {"utilisation", or_null(utilisation)},
      {"cycles_total", cycles.measured
                           ? Json(cycles.open + cycles.cold + cycles.warm.sum + cycles.batch.sum)
                           : Json(nullptr)},
      {"seconds", seconds.count()},
      {"counters",
       outputs.starts.empty() ? Json(nullptr) : counters_json(outputs.starts.back().counters)}};
  if (options.json) {
    print_json(result);
  } else {
    print_summary(result);
  }
}

}  // namespace

void add_run_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  driver::TargetOptions& target = options->target;
  auto* command = app.add_subcommand("run", "Run a package on inputs");
  command->add_option("package", options->package, "The package (.kwp)")->required();
  command->add_option(
      "--device", target.device,
      "The simulated device (.kwd); locked packages need one on func, sim and hw_emu");
  command->add_option("--class", target.class_file,
                      "func: the class (.kwc) of the core that the device's secret is bound to");
  command->add_option("--licence", options->licence,
                      "The licence (.kwl) for this package and device");
  command
      ->add_option("--input", options->input,
                   "Inputs: .npy of float32, N first, in the shape of the model's input")
      ->required();
  command->add_option("--labels", options->labels, "Labels: .npy of int64; gives the accuracy");
  command->add_option("--output", options->output,
                      "Where to write the outputs: .npy of float32, N first");
  command->add_option("--limit", options->limit, "Only the first so many inputs")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 31));
  command->add_option("--target", target.target, "func, sim, hw_emu or hw (below)")
      ->check(CLI::IsMember(driver::target_names()))
      ->capture_default_str();
  command
      ->add_option("--batch", target.batch,
                   "sim, hw_emu and hw: inputs a start behind the first one; the next one's "
                   "transfer overlaps computation. 1 gives cycles_warm, more give cycles_batch")
      ->check(CLI::Range(1, 65535))
      ->capture_default_str();
  command->add_option("--threads", target.threads, "func: threads of the host")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  command
      ->add_option(
          "--max-cycles", target.max_cycles,
          fmt::format("Most cycles that one input may take (a core counts them in steps of "
                      "{}); a run ends earlier when it takes {} times what its package "
                      "expects, and {} more",
                      uint64_t{1} << contract::kCycleLimitBits, driver::kCycleFactor,
                      driver::kCycleMargin))
      ->check(CLI::Range(uint64_t{1}, uint64_t{1} << 47))
      ->capture_default_str();
  command->add_option("--memory", target.memory,
                      "Memory model of sim and hw_emu: latency=60,stall=0.0,seed=1");
  command->add_option("--trace", target.trace,
                      "sim and hw_emu: write a Chrome/Perfetto trace of queues and units; holds no "
                      "secret");
  command->add_option("--wave", target.wave,
                      "sim and hw_emu: write an FST waveform; it holds the device's secrets");
  command->add_option("--xclbin", target.xclbin, "hw: the card's bitstream (.xclbin)");
  command->add_flag("--json", options->json, "One JSON object on stdout, nothing else");
  command->footer(
      "Targets:\n"
      "  func    the program simulator: bit-exact, fast, no cycles\n"
      "  sim     the core's RTL, cycle by cycle, in this process\n"
      "  hw_emu  the same RTL behind the stock Xilinx Runtime's hardware emulation\n"
      "  hw      a card; its secret is in the chip, so there is no --device\n"
      "All give the same output bits. A refused or failed run leaves no output file. Ctrl-C stops\n"
      "the device and ends with exit status 8; a second one does not wait for it.");
  command->callback([options] { run(*options); });
}

}  // namespace keyway::tool
