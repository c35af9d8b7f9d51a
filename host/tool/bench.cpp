// SPDX-License-Identifier: Apache-2.0
#include "tool/bench.hpp"

#include <stdlib.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <thread>

#include "common/error.hpp"
#include "compile/compile.hpp"
#include "driver/func_accelerator.hpp"
#include "driver/kernel_accelerator.hpp"
#include "lock/licence.hpp"
#include "lock/lock_network.hpp"
#include "lock/package.hpp"
#include "lock/parties.hpp"
#include "platform/memory_options.hpp"
#include "platform/sim_shell.hpp"
#include "program/image.hpp"
#include "simulate/simulator.hpp"
#include "tool/bench_accuracy.hpp"
#include "tool/models.hpp"
#include "tool/report.hpp"
#include "tool/tensors.hpp"

namespace keyway::tool {

namespace {

using Bytes = std::vector<uint8_t>;

/// An owner and a device enrolled with him, which live as long as the measurement.
class Party {
 public:
  Party() : owner_(lock::new_owner()) {
    std::string pattern = (std::filesystem::temp_directory_path() / "keyway-bench-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) {
      throw Error(ErrorKind::kFile, pattern + ": " + std::strerror(errno));
    }
    folder_ = pattern;
    lock::write_device(lock::new_device(1, "bench"), device_file());
    enrolment_ = lock::enrol(device_file(), owner_, folder_ + "/device.kwe");
  }
  ~Party() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  Party(const Party&) = delete;
  Party& operator=(const Party&) = delete;

  std::string device_file() const { return folder_ + "/device.kwd"; }
  const lock::Owner& owner() const { return owner_; }
  Bytes licence(const Bytes& package) const {
    return lock::make_licence(lock::parse_package(package, "package"), owner_, enrolment_);
  }

 private:
  lock::Owner owner_;
  std::string folder_;
  lock::Enrolment enrolment_;
};

/// Opens the package on a fresh board and runs `image` twice, then in a batch.
PackageCycles run_package(const program::Program& program, const Bytes& package,
                          const std::optional<Bytes>& licence, const platform::SimOptions& sim,
                          const Bytes& image) {
  auto shell = std::make_unique<platform::SimShell>(sim);
  const platform::SimShell& board = *shell;
  driver::KernelAccelerator accelerator(std::move(shell));
  accelerator.open(package, licence);
  PackageCycles cycles;
  cycles.open = (*accelerator.open_counters())[static_cast<size_t>(contract::Counter::kTotal)];
  const Bytes expected =
      simulate::ProgramSimulator(program.core, program.program_image, program.weight_image)
          .run(image);
  /// Counters of the last start.
  const auto run = [&](size_t inputs, size_t batch) {
    driver::Counters last{};
    accelerator.run(
        std::vector<Bytes>(inputs, image), program.output_image.bytes(),
        [&](size_t, const Bytes& output, const driver::Counters* counters) {
          if (counters != nullptr) last = *counters;
          if (!std::equal(output.begin(), output.end(), expected.begin(), expected.end())) {
            throw Error(ErrorKind::kDevice,
                        program.name + ": the core's output is not the program simulator's");
          }
        },
        batch);
    return last;
  };
  for (Inference* inference : {&cycles.cold, &cycles.warm}) {
    // One input a call, so that the board's account is this inference's.
    inference->counters = run(1, 1);
    inference->layers = layer_cycles(program, board.account(), inference->counters);
  }
  if (program.resident) {
    const driver::Counters counters = run(1 + kBenchBatch, kBenchBatch);
    cycles.batch =
        static_cast<double>(counters[static_cast<size_t>(contract::Counter::kTotal)]) / kBenchBatch;
  }
  return cycles;
}

Bytes input_image(const program::Program& program, const float* input) {
  Bytes quantised(static_cast<size_t>(program.input.shape.elements()));
  program::quantise_input(program.input, input, quantised.data());
  return program::gather_input(program.input_image, program.input.shape, quantised.data());
}

/// Dequantised outputs of all inputs, by the program simulator.
std::vector<float> all_outputs(const std::string& name, const program::Program& program,
                               const Bytes& package, const common::NpyArray<float>& inputs) {
  driver::FuncAccelerator accelerator(
      "", static_cast<int>(std::max(1U, std::thread::hardware_concurrency())));
  accelerator.open(package, std::nullopt);
  const auto count = static_cast<size_t>(inputs.rows());
  const auto elements = static_cast<size_t>(program.input.user_shape().elements());
  const auto output_elements = static_cast<size_t>(program.output.shape.elements());
  std::vector<Bytes> images;
  for (size_t i = 0; i < count; ++i) {
    images.push_back(input_image(program, inputs.values.data() + i * elements));
  }
  std::vector<float> outputs(count * output_elements);
  Progress progress(name + ": accuracy, inputs", count);
  accelerator.run(images, program.output_image.bytes(),
                  [&](size_t i, const Bytes& image, const driver::Counters*) {
                    const auto tensor = program::scatter_output(program.output_image,
                                                                program.output.shape, image.data());
                    program::dequantise_output(program.output, tensor.data(),
                                               outputs.data() + i * output_elements);
                    progress.at(i + 1);
                  });
  return outputs;
}

double ratio(uint64_t value, uint64_t reference) {
  return static_cast<double>(value) / static_cast<double>(reference) - 1;
}

}  // namespace

double BenchResult::utilisation() const {
  return static_cast<double>(macs) /
         (static_cast<double>(core.lanes) * core.depth * static_cast<double>(sealed.warm.cycles()));
}
double BenchResult::overhead_warm() const {
  return ratio(sealed.warm.cycles(), plain.warm.cycles());
}
double BenchResult::overhead_cold() const {
  return ratio(sealed.cold.cycles(), plain.cold.cycles());
}

BenchResult measure(const BenchNetwork& network, const BenchOptions& options) {
  constexpr size_t kSteps = 3;
  BenchResult result;
  result.network = network;
  result.core = program::core_from_name(options.core);
  platform::SimOptions sim;
  sim.core = options.core;
  sim.memory = platform::parse_memory_options(options.memory);

  const Party party;
  program::Program plain;
  Bytes plain_package;
  const bool judged = options.accuracy && !network.labels.empty();
  const std::string& input_file = network.input.empty() ? network.calibration : network.input;
  common::NpyArray<float> inputs;
  {
    Progress progress(network.name + ": quantise, plain, sealed, step", kSteps);
    const quantise::Network quantised =
        build_network(network.model, network.calibration, options.format);
    plain = compile::compile(quantised, result.core);
    plain_package = lock::make_plain_package(plain);
    result.macs = plain.macs;
    inputs = read_inputs(input_file, plain.input.layout, judged ? -1 : 1);
    const Bytes image = input_image(plain, inputs.values.data());
    progress.at(1);
    result.plain = run_package(plain, plain_package, std::nullopt, sim, image);
    progress.at(2);
    const lock::LockedNetwork sealed = lock::lock_network(quantised, party.owner(), {result.core});
    sim.device_file = party.device_file();
    result.sealed =
        run_package(sealed.program, sealed.package, party.licence(sealed.package), sim, image);
  }
  if (judged) {
    const auto labels = read_metric_labels(network, plain, static_cast<size_t>(inputs.rows()));
    const auto outputs = all_outputs(network.name, plain, plain_package, inputs);
    result.accuracy = judge(network.metric, inputs.values, outputs, labels);
    result.accuracy_labels = labels.size();
  }
  return result;
}

}  // namespace keyway::tool
