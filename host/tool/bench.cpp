// SPDX-License-Identifier: Apache-2.0
#include "tool/bench.hpp"

#include <stdlib.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "common/error.hpp"
#include "common/printable.hpp"
#include "compile/compile.hpp"
#include "driver/kernel_accelerator.hpp"
#include "driver/session_internals.hpp"
#include "driver/sim_board.hpp"
#include "lock/licence.hpp"
#include "lock/lock_network.hpp"
#include "lock/package.hpp"
#include "lock/parties.hpp"
#include "platform/kernel_model.hpp"
#include "platform/memory_options.hpp"
#include "tool/bench_accuracy.hpp"
#include "tool/model_to_network.hpp"
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

/// Opens the package on a fresh board and runs `input` twice, then in a batch.
PackageCycles run_package(const driver::Package& package, const driver::Licence& licence,
                          const driver::SimOptions& sim, const std::vector<float>& input) {
  const program::Program& program = driver::description(package);
  auto owned = std::make_unique<driver::SimBoard>(sim);
  const driver::SimBoard& board = *owned;
  driver::Session session = driver::open_session(
      package, licence, std::make_unique<driver::KernelAccelerator>(std::move(owned)));
  PackageCycles cycles;
  cycles.open = driver::value(session.open_counters().value(), contract::Counter::kTotal);
  const Bytes expected = simulate(package, licence, sim.device_file, input).bytes;
  /// Counters of a start.
  const auto run = [&](size_t inputs) {
    std::vector<float> many;
    for (size_t i = 0; i < inputs; ++i) many.insert(many.end(), input.begin(), input.end());
    const driver::Outputs outputs = session.run(many, {inputs, {}});
    for (size_t i = 0; i < inputs; ++i) {
      const auto first = outputs.bytes.begin() + static_cast<std::ptrdiff_t>(i * expected.size());
      if (!std::equal(expected.begin(), expected.end(), first)) {
        throw Error(ErrorKind::kDevice, common::printable(program.name) +
                                            ": the core's output is not the program simulator's");
      }
    }
    return outputs.starts.at(0).counters;
  };
  for (Inference* inference : {&cycles.cold, &cycles.warm}) {
    // One input a run, so that the board's account is this inference's.
    inference->counters = run(1);
    inference->layers = layer_cycles(program, board.account(), inference->counters);
  }
  if (program.resident) {
    const driver::Counters counters = run(kBenchBatch);
    cycles.batch =
        static_cast<double>(driver::value(counters, contract::Counter::kTotal)) / kBenchBatch;
  }
  return cycles;
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
  constexpr size_t kSteps = 2;
  BenchResult result;
  result.network = network;
  result.core = program::core_from_name(options.core);
  result.format = options.format;
  result.area = area_of(result.core);
  driver::SimOptions sim;
  sim.core = options.core;
  static_cast<void>(platform::kernel_factory(sim.core));  // what is missing is said now
  sim.memory = platform::parse_memory_options(options.memory);

  const Party party;
  const bool judged = options.accuracy && !network.labels.empty();
  const std::string& input_file = network.input.empty() ? network.calibration : network.input;
  common::NpyArray<float> inputs;
  std::optional<driver::Package> plain;
  {
    const quantise::Network quantised =
        build_network(network.model, network.calibration, options.format, result.core).network;
    Progress progress(network.name + ": plain, sealed, step", kSteps);
    plain.emplace(lock::make_plain_package(compile::compile(quantised, result.core)), "plain");
    result.macs = plain->macs();
    inputs = read_inputs(input_file, plain->input_dims(), judged ? -1 : 1);
    const std::vector<float> input(
        inputs.values.begin(),
        inputs.values.begin() + static_cast<std::ptrdiff_t>(plain->input_elements()));
    result.plain = run_package(*plain, std::nullopt, sim, input);
    progress.at(1);
    const driver::Package sealed(
        lock::lock_network(quantised, party.owner(), {result.core}).package, "sealed");
    sim.device_file = party.device_file();
    result.sealed = run_package(sealed, party.licence(sealed.bytes()), sim, input);
  }
  if (judged) {
    const Accuracy accuracy = measure_accuracy(network, *plain, inputs);
    result.accuracy = accuracy.value;
    result.accuracy_labels = accuracy.labels;
  }
  return result;
}

}  // namespace keyway::tool
