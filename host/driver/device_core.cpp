// SPDX-License-Identifier: Apache-2.0
#include "driver/device_core.hpp"

#include <algorithm>
#include <optional>

#include "common/error.hpp"

namespace keyway::driver {

namespace {

constexpr char kOthers[] = " (cmake -DKEYWAY_CORES=... builds others)";

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::string smallest(const std::vector<std::string>& built, const program::CoreConfig& wanted) {
  std::optional<program::CoreConfig> best;
  for (const std::string& name : built) {
    const program::CoreConfig core = program::core_from_name(name);
    if (core.runs(wanted) && (!best || best->runs(core))) best = core;
  }
  if (best) return best->name();
  throw Error(ErrorKind::kFit,
              "this build simulates no " + wanted.array_name() + " core with " +
                  std::to_string(wanted.activation_bytes / 1024) + " KiB for activations and " +
                  std::to_string(wanted.weight_bytes / 1024) +
                  " KiB for weights, which the package needs; it has " + joined(built) + kOthers);
}

}  // namespace

void check_core(const lock::Device& device, const program::CoreConfig& wanted) {
  if (device.core.empty() || program::core_from_name(device.core).runs(wanted)) return;
  throw Error(ErrorKind::kRefused, "refused: the device is a " + device.core +
                                       " core, and the package is for " + wanted.name());
}

std::string choose_core(const std::vector<std::string>& built, const program::CoreConfig& wanted,
                        const std::string& device_file) {
  if (device_file.empty()) return smallest(built, wanted);
  const lock::Device device = lock::read_device(device_file);
  check_core(device, wanted);
  if (device.core.empty()) return smallest(built, wanted);
  if (std::find(built.begin(), built.end(), device.core) != built.end()) return device.core;
  throw Error(ErrorKind::kFit, "this build simulates no " + device.core +
                                   " core, which the device is; it has " + joined(built) + kOthers);
}

}  // namespace keyway::driver
