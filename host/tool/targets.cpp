// SPDX-License-Identifier: Apache-2.0
#include "tool/targets.hpp"

#include <algorithm>
#include <optional>

#include "common/error.hpp"
#include "driver/func_accelerator.hpp"
#include "driver/kernel_accelerator.hpp"
#include "driver/xrt_shell.hpp"
#include "platform/identity.hpp"
#include "platform/kernel_model.hpp"
#include "platform/memory_options.hpp"
#include "platform/sim_shell.hpp"

namespace keyway::tool {

namespace {

using driver::Accelerator;
using Maker = std::unique_ptr<Accelerator> (*)(const TargetOptions&, const program::CoreConfig&);

/// The smallest simulated core of this build that runs a program for `wanted`.
std::string built_core(const program::CoreConfig& wanted) {
  std::string known;
  std::optional<program::CoreConfig> best;
  for (const std::string& name : platform::kernel_names()) {
    known += (known.empty() ? "" : ", ") + name;
    const program::CoreConfig core = program::core_from_name(name);
    if (core.runs(wanted) && (!best || best->runs(core))) best = core;
  }
  if (best) return best->name();
  throw Error(ErrorKind::kFit, "this build simulates no " + wanted.array_name() + " core with " +
                                   std::to_string(wanted.activation_bytes / 1024) +
                                   " KiB for activations and " +
                                   std::to_string(wanted.weight_bytes / 1024) +
                                   " KiB for weights, which the package needs; it has " + known +
                                   " (cmake -DKEYWAY_CORES=... builds others)");
}

std::unique_ptr<Accelerator> make_func(const TargetOptions& options, const program::CoreConfig&) {
  return std::make_unique<driver::FuncAccelerator>(options.device, options.threads);
}

std::unique_ptr<Accelerator> make_sim(const TargetOptions& options,
                                      const program::CoreConfig& core) {
  platform::SimOptions sim;
  sim.core = built_core(core);
  sim.device_file = options.device;
  sim.memory = platform::parse_memory_options(options.memory);
  sim.wave = options.wave;
  sim.trace = options.trace;
  return std::make_unique<driver::KernelAccelerator>(std::make_unique<platform::SimShell>(sim));
}

std::unique_ptr<Accelerator> make_hw_emu(const TargetOptions& options,
                                         const program::CoreConfig& core) {
  static_cast<void>(platform::load_identity(options.device));  // says now what is wrong with it
  driver::EmulationOptions emulation;
  emulation.core = built_core(core);
  emulation.device_file = options.device;
  emulation.memory = platform::to_string(platform::parse_memory_options(options.memory));
  emulation.wave = options.wave;
  emulation.trace = options.trace;
  return std::make_unique<driver::KernelAccelerator>(std::make_unique<driver::XrtShell>(emulation));
}

std::unique_ptr<Accelerator> make_hw(const TargetOptions& options, const program::CoreConfig&) {
  driver::CardOptions card;
  card.xclbin = options.xclbin;
  return std::make_unique<driver::KernelAccelerator>(std::make_unique<driver::XrtShell>(card));
}

struct Target {
  const char* name;
  Maker make;
  bool simulated;  ///< has a device file, a memory model, trace and wave
  bool device;     ///< has a device file
};

constexpr Target kTargets[] = {{"func", make_func, false, true},
                               {"sim", make_sim, true, true},
                               {"hw_emu", make_hw_emu, true, true},
                               {"hw", make_hw, false, false}};

void check_options(const Target& target, const TargetOptions& options) {
  const auto refuse = [&](const char* option, const std::string& why) {
    throw Error(ErrorKind::kUsage,
                std::string(option) + " is not for --target " + target.name + ": " + why);
  };
  if (!target.device && !options.device.empty()) {
    refuse("--device", "a card's secret is in the chip");
  }
  if (!target.simulated) {
    if (!options.memory.empty()) refuse("--memory", "it has no memory model");
    if (!options.trace.empty()) refuse("--trace", "it has no cycles to trace");
    if (!options.wave.empty()) refuse("--wave", "it has no signals");
  }
  const bool card = std::string(target.name) == "hw", func = std::string(target.name) == "func";
  if (func && options.batch != 1) refuse("--batch", "it has no starts that inputs could share");
  if (!func && options.threads != 1)
    refuse("--threads", "only func computes on the host's threads");
  if (card && options.xclbin.empty()) {
    throw Error(ErrorKind::kUsage, "--target hw needs --xclbin: the bitstream with the core");
  }
  if (!card && !options.xclbin.empty()) refuse("--xclbin", "only a card takes a bitstream");
}

}  // namespace

const std::vector<std::string>& target_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Target& target : kTargets) all.emplace_back(target.name);
    return all;
  }();
  return names;
}

std::unique_ptr<Accelerator> make_accelerator(const TargetOptions& options,
                                              const program::CoreConfig& core) {
  const auto* target = std::find_if(std::begin(kTargets), std::end(kTargets),
                                    [&](const Target& t) { return options.target == t.name; });
  if (target == std::end(kTargets)) {
    throw Error(ErrorKind::kUsage, "no target is called '" + options.target + "'");
  }
  check_options(*target, options);
  return target->make(options, core);
}

}  // namespace keyway::tool
