// SPDX-License-Identifier: Apache-2.0
#include "driver/targets.hpp"

#include <algorithm>

#include "common/error.hpp"
#include "driver/companions.hpp"
#include "driver/device_core.hpp"
#include "driver/func_accelerator.hpp"
#include "driver/kernel_accelerator.hpp"
#include "driver/xrt_board.hpp"
#include "platform/memory_options.hpp"

namespace keyway::driver {

namespace {

std::unique_ptr<Accelerator> make_func(const TargetOptions& options, const program::CoreConfig&) {
  return std::make_unique<FuncAccelerator>(options.device, options.class_file, options.threads,
                                           options.max_cycles);
}

std::unique_ptr<Accelerator> make_hw_emu(const TargetOptions& options,
                                         const program::CoreConfig& core) {
  EmulationOptions emulation;
  emulation.core = choose_core(emulated_cores(), core, options.device);
  emulation.device_file = options.device;
  emulation.memory = platform::to_string(platform::parse_memory_options(options.memory));
  emulation.wave = options.wave;
  emulation.trace = options.trace;
  return std::make_unique<KernelAccelerator>(std::make_unique<XrtBoard>(emulation),
                                             options.max_cycles);
}

std::unique_ptr<Accelerator> make_hw(const TargetOptions& options, const program::CoreConfig&) {
  CardOptions card;
  card.xclbin = options.xclbin;
  return std::make_unique<KernelAccelerator>(std::make_unique<XrtBoard>(card), options.max_cycles);
}

std::vector<Target>& targets() {
  static std::vector<Target> all{{"func", make_func, true, false, false, false},
                                 {"hw_emu", make_hw_emu, true, true, true, false},
                                 {"hw", make_hw, false, false, true, true}};
  return all;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

void check_options(const Target& target, const TargetOptions& options) {
  const auto refuse = [&](const char* option, const std::string& why) {
    throw Error(ErrorKind::kUsage,
                std::string(option) + " is not for --target " + target.name + ": " + why);
  };
  if (!target.device && !options.device.empty()) {
    refuse("--device", "a card's secret is in the chip");
  }
  if (!options.class_file.empty() && options.target != "func") {
    refuse("--class", "a core measures its class itself");
  }
  if (!target.simulated) {
    if (!options.memory.empty()) refuse("--memory", "it has no memory model");
    if (!options.trace.empty()) refuse("--trace", "it has no cycles to trace");
    if (!options.wave.empty()) refuse("--wave", "it has no signals");
  }
  if (!target.starts && options.batch != 1) {
    refuse("--batch", "it has no starts that inputs could share");
  }
  if (target.starts && options.threads != 1) {
    refuse("--threads", "only func computes on the host's threads");
  }
  if (target.bitstream && options.xclbin.empty()) {
    throw Error(ErrorKind::kUsage, std::string("--target ") + target.name +
                                       " needs --xclbin: the bitstream with the core");
  }
  if (!target.bitstream && !options.xclbin.empty()) {
    refuse("--xclbin", "only a card takes a bitstream");
  }
}

}  // namespace

void add_target(const Target& target) { targets().push_back(target); }

std::vector<std::string> target_names() {
  std::vector<std::string> names;
  for (const Target& target : targets()) names.emplace_back(target.name);
  return names;
}

std::unique_ptr<Accelerator> make_accelerator(const TargetOptions& options,
                                              const program::CoreConfig& core) {
  const auto& all = targets();
  const auto target = std::find_if(all.begin(), all.end(),
                                   [&](const Target& t) { return options.target == t.name; });
  if (target == all.end()) {
    throw Error(ErrorKind::kUsage, "no target is called '" + options.target + "' here; there are " +
                                       joined(target_names()));
  }
  check_options(*target, options);
  return target->make(options, core);
}

}  // namespace keyway::driver
